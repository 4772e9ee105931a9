//! The header before the data, the directory and the descriptor behind the data, each saying
//! something else than the others.

use super::zip::{DESCRIPTOR, Entry, Header, UTF8, extra};
use super::{Base, Group};

/// A way to make one header lie.
type Lie = (&'static str, fn(&mut Header));

const LIES: [Lie; 11] = [
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

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("headers");
    for (what, lie) in LIES {
        group.zip(
            format!("{what} before the data"),
            &base.legacy().changing(&base.image, |e| lie(&mut e.local)),
        );
        group.zip(
            format!("{what} in the directory"),
            &base.legacy().changing(&base.image, |e| lie(&mut e.central)),
        );
        group.zip(
            format!("{what} in both"),
            &base.legacy().changing(&base.image, |entry| {
                lie(&mut entry.local);
                lie(&mut entry.central);
            }),
        );
    }
    // The descriptor: signature, CRC-32, packed size, size.
    for (what, at) in [("another checksum", 4), ("another packed size", 8), ("another size", 12)] {
        let zip = base.v3().zip().changing(&base.image, |entry| entry.descriptor[at] ^= 1);
        group.zip(format!("{what} in the descriptor"), &zip);
    }
    let change = |change: fn(&mut Entry)| base.v3().zip().changing(&base.image, change);
    group.zip("no descriptor", &change(|entry| entry.descriptor.clear()));
    group.zip("half a descriptor", &change(|entry| entry.descriptor.truncate(8)));
    group.zip("a descriptor without its signature", &change(|entry| drop(entry.descriptor.drain(..4))));
    group.zip("a descriptor with another signature", &change(|entry| entry.descriptor[0] ^= 1));
    let wide = change(|entry| {
        let Header { crc, packed, size, .. } = entry.central;
        entry.descriptor =
            [0x0807_4b50, crc, packed, 0, size, 0].iter().flat_map(|n| n.to_le_bytes()).collect();
    });
    group.zip("a descriptor of zip64", &wide);
    group.zip(
        "the truth before the data, and a descriptor",
        &change(|entry| {
            let Header { crc, packed, size, .. } = entry.central;
            (entry.local.crc, entry.local.packed, entry.local.size) = (crc, packed, size);
        }),
    );
    group.zip("a lie before the data, and a descriptor", &change(|entry| entry.local.size = 7));
    group.zip(
        "no signature before the data",
        &base.legacy().changing(&base.image, |entry| {
            // Its local header is overwritten by data of the same length.
            let length = 30 + entry.local.name.len() as u32;
            entry.central.offset = None;
            entry.written = false;
            entry.central.packed = length;
        }),
    );
    group.zip(
        "an offset into the data of another",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.offset = Some(100);
        }),
    );
    group.zip(
        "an offset behind the end",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.offset = Some(0x7fff_ffff);
        }),
    );
    group.zip(
        "a header that nothing lists",
        &base.legacy().changing(&base.image, |entry| entry.listed = false),
    );
    group.zip(
        "a header that nothing lists, format 3",
        &base.v3().zip().and(
            Entry::stored("images/hidden.png", b"hidden").described().with(|entry| entry.listed = false),
        ),
    );
    group.zip(
        "a broken extra field",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.extra = vec![1, 2, 3];
            entry.local.extra = extra(0x5455, b"x")[..3].to_vec();
        }),
    );
    group.zip(
        "an extra field longer than it is",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.extra = vec![1, 0, 0xff, 0xff, 0];
        }),
    );
    group.zip(
        "extra fields of 64 KiB",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.extra = extra(0x7777, &vec![7; 65_000]);
            entry.local.extra = extra(0x7777, &vec![7; 65_000]);
        }),
    );
    group.zip(
        "a version from the future",
        &base.legacy().changing(&base.image, |entry| {
            (entry.central.needed, entry.local.needed) = (9999, 9999);
        }),
    );
    group.zip(
        "a date that does not exist",
        &base.legacy().changing(&base.image, |entry| {
            (entry.central.date, entry.central.time) = (0xffff, 0xffff);
        }),
    );
    group
}
