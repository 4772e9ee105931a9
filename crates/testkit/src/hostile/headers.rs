//! The header before the data, the directory and the descriptor behind the data, each contradicting
//! the others.

use super::zip::{DESCRIPTOR, Entry, Header, UTF8, extra};
use super::{Base, Change, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("headers");
    let (legacy, v3) = (base.legacy(), base.v3().zip());
    for (name, lie) in LIES {
        let zip = |change: &dyn Fn(&mut Entry)| legacy.clone().changing(&base.image, change);
        group.zip(format!("{name} before the data"), &zip(&|entry| lie(&mut entry.local)));
        group.zip(format!("{name} in the directory"), &zip(&|entry| lie(&mut entry.central)));
        group.zip(format!("{name} in both"), &zip(&|entry| entry.both(lie)));
    }
    group.change(&legacy, &base.image, FORMAT_2);
    group.change(&v3, &base.image, FORMAT_3);
    let hidden = Entry::stored("images/hidden.png", b"hidden").described().with(|entry| entry.listed = false);
    group.zip("a header that nothing lists, format 3", &v3.and(hidden));
    group
}

const LIES: Table<fn(&mut Header)> = &[
    ("another name", |header| header.name = b"images/nested/other.png".to_vec()),
    ("a name that leads out", |header| header.name = b"../../escaped.png".to_vec()),
    ("a longer name", |header| header.name_length = Some(header.name.len() as u16 + 9)),
    ("a shorter name", |header| header.name_length = Some(5)),
    ("another method", |header| header.method = 8 - header.method),
    ("the flag for UTF-8", |header| header.flags ^= UTF8),
    ("the flag for a descriptor", |header| header.flags ^= DESCRIPTOR),
    ("another checksum", |header| header.crc ^= 1),
    ("another packed size", |header| header.packed -= 1),
    ("another size", |header| header.size += 1),
    ("more extra fields", |header| header.extra_length = Some(40)),
];

/// Changes of descriptors, which hold a signature, the CRC-32, the packed size and the size.
const FORMAT_3: Table<Change> = &[
    ("another checksum in the descriptor", |entry| entry.descriptor[4] ^= 1),
    ("another packed size in the descriptor", |entry| entry.descriptor[8] ^= 1),
    ("another size in the descriptor", |entry| entry.descriptor[12] ^= 1),
    ("no descriptor", |entry| entry.descriptor.clear()),
    ("half a descriptor", |entry| entry.descriptor.truncate(8)),
    ("a descriptor without its signature", |entry| drop(entry.descriptor.drain(..4))),
    ("a descriptor with another signature", |entry| entry.descriptor[0] ^= 1),
    ("a descriptor of zip64", |entry| {
        let Header { crc, packed, size, .. } = entry.central;
        entry.descriptor =
            [0x0807_4b50, crc, packed, 0, size, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    }),
    ("the truth before the data, and a descriptor", |entry| {
        let Header { crc, packed, size, .. } = entry.central;
        (entry.local.crc, entry.local.packed, entry.local.size) = (crc, packed, size);
    }),
    ("a lie before the data, and a descriptor", |entry| entry.local.size = 7),
];

const FORMAT_2: Table<Change> = &[
    ("no signature before the data", |entry| {
        // The directory's record lies where the header of the entry should be.
        entry.written = false;
        entry.central.packed = 30 + entry.local.name.len() as u32;
    }),
    ("an offset into the data of another", |entry| entry.central.offset = Some(100)),
    ("an offset behind the end", |entry| entry.central.offset = Some(0x7fff_ffff)),
    ("a header that nothing lists", |entry| entry.listed = false),
    ("a broken extra field", |entry| {
        entry.central.extra = vec![1, 2, 3];
        entry.local.extra = extra(0x5455, b"x")[..3].to_vec();
    }),
    ("an extra field longer than it is", |entry| entry.central.extra = vec![1, 0, 0xff, 0xff, 0]),
    ("extra fields of 64 KiB", |entry| entry.both(|header| header.extra = extra(0x7777, &vec![7; 65_000]))),
    ("a version from the future", |entry| entry.both(|header| header.needed = 9999)),
    ("a date that does not exist", |entry| {
        (entry.central.date, entry.central.time) = (0xffff, 0xffff);
    }),
];
