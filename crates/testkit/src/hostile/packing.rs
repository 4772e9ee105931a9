//! Data that cannot be unpacked: wrong checksums, unknown methods, broken deflate, encryption.

use super::zip::{Entry, deflate, extra};
use super::{Base, Build, Change, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("packing");
    group.build(base, BUILDS);
    group.change(&base.legacy(), &base.image, CHANGES);
    for (method, name) in METHODS {
        let zip = base.legacy().changing(&base.image, |entry| entry.both(|header| header.method = method));
        group.zip(format!("method {name}"), &zip);
    }
    for (name, data, content) in DEFLATED {
        let entry = Entry::packed(b"images/x.png", &content(), 8, data());
        group.zip(*name, &base.legacy().and(entry));
    }
    for (name, flags) in FLAGS {
        let zip = base.legacy().changing(&base.image, |entry| entry.both(|header| header.flags |= flags));
        group.zip(name, &zip);
    }
    for (name, field, length) in AES_FIELDS {
        let zip = base.legacy().changing(&base.image, |entry| encrypt(entry, 99, *field, *length));
        group.zip(*name, &zip);
    }
    for length in [0, 11, 12, 13] {
        let zip = base.legacy().changing(&base.image, |entry| {
            let method = entry.central.method;
            encrypt(entry, method, None, length);
        });
        group.zip(format!("ZipCrypto of {length} bytes"), &zip);
    }
    group
}

const METHODS: [(u16, &str); 11] = [
    (1, "shrunk"),
    (2, "reduced"),
    (6, "imploded"),
    (9, "deflate64"),
    (10, "DCL implode"),
    (12, "bzip2"),
    (14, "LZMA"),
    (93, "Zstandard"),
    (95, "XZ"),
    (98, "PPMd"),
    (0xffff, "65535"),
];

const FLAGS: [(&str, u16); 7] = [
    ("the flag of ZipCrypto", 1),
    ("the flags of strong encryption", 1 | 1 << 6),
    ("only the second flag of strong encryption", 1 << 6),
    ("masked headers", 1 << 13),
    ("compressed patched data", 1 << 5),
    ("an encrypted directory", 1 | 1 << 6 | 1 << 13),
    ("flags that nobody uses", 1 << 7 | 1 << 15),
];

/// The packed data, and the content whose size and checksum the headers announce.
type Deflated = (&'static str, fn() -> Vec<u8>, fn() -> Vec<u8>);

const DEFLATED: &[Deflated] = &[
    ("deflate that is noise", || vec![0xff; 50], || b"x".to_vec()),
    ("deflate that never ends", || vec![0, 1, 0, 0xfe, 0xff, b'x'], || b"x".to_vec()),
    ("deflate that is nothing", Vec::new, || b"x".to_vec()),
    ("deflate cut short", || without_end(deflate(&[7; 5000])), || vec![7; 5000]),
    ("bytes behind the end of deflate", || [deflate(b"x"), vec![0; 9]].concat(), || b"x".to_vec()),
    ("two deflate streams", || [deflate(b"x"), deflate(b"y")].concat(), || b"xy".to_vec()),
    ("deflate with a distance too far", || vec![0x63, 0x00, 0x02, 0x80, 0x00], || vec![0; 100]),
    ("more than announced", || deflate(&[7; 5000]), || vec![7; 4999]),
    ("less than announced", || deflate(&[7; 5000]), || vec![7; 5001]),
];

fn without_end(mut data: Vec<u8>) -> Vec<u8> {
    data.truncate(data.len() - 3);
    data
}

/// The extra field of WinZip AES: version 2, 256 bits, around deflate.
const AES: [u8; 7] = [2, 0, b'A', b'E', 3, 8, 0];

/// The content of the extra field, and the length of the encrypted data.
const AES_FIELDS: &[(&str, Option<&[u8]>, usize)] = &[
    ("WinZip AES of no known strength", Some(&[2, 0, b'A', b'E', 4, 8, 0]), 5000),
    ("WinZip AES of no known version", Some(&[3, 0, b'A', b'E', 3, 8, 0]), 5000),
    ("WinZip AES of no known vendor", Some(&[2, 0, b'X', b'E', 3, 8, 0]), 5000),
    ("WinZip AES around WinZip AES", Some(&[2, 0, b'A', b'E', 3, 99, 0]), 5000),
    ("WinZip AES around bzip2", Some(&[2, 0, b'A', b'E', 3, 12, 0]), 5000),
    ("WinZip AES with another password", Some(&AES), 5000),
    ("WinZip AES without its extra field", None, 5000),
    ("WinZip AES with an extra field cut short", Some(&[2, 0, b'A']), 5000),
    ("WinZip AES shorter than what it begins with", Some(&AES), 27),
];

/// Makes an entry claim to be encrypted, with data that no key opens.
fn encrypt(entry: &mut Entry, method: u16, field: Option<&[u8]>, length: usize) {
    entry.data = vec![7; length];
    entry.both(|header| {
        (header.method, header.packed) = (method, length as u32);
        header.flags |= 1;
        if method == 99 {
            header.extra = field.map(|field| extra(0x9901, field)).unwrap_or_default();
        }
    });
}

const CHANGES: Table<Change> = &[
    ("a wrong checksum everywhere", |entry| entry.both(|header| header.crc ^= 1)),
    ("changed data", |entry| entry.data[5] ^= 1),
    ("WinZip AES", |entry| {
        entry.both(|header| {
            header.method = 99;
            header.flags |= 1;
            header.extra = extra(0x9901, &AES);
        });
    }),
    ("WinZip AES, of another strength in the other header", |entry| {
        encrypt(entry, 99, Some(&AES), 5000);
        entry.local.extra = extra(0x9901, &[2, 0, b'A', b'E', 1, 8, 0]);
    }),
    ("the extra field of WinZip AES alone", |entry| entry.both(|header| header.extra = extra(0x9901, &AES))),
    ("the extra field of strong encryption alone", |entry| {
        entry.central.extra = extra(0x0017, &[2, 0, 1, 0x66, 0, 1, 3, 0]);
    }),
];

const BUILDS: Table<Build> = &[
    ("changed data with its checksum, format 3", |base| {
        base.v3().zip().changing(&base.image, |entry| {
            let mut data = entry.data.clone();
            data[5] ^= 1;
            *entry = Entry::stored("images/nested/noise.png", &data).described();
        })
    }),
    ("a changed database, format 3", |base| {
        base.v3().zip().changing("makers_matrix.db", |entry| {
            let mut database = base.database.clone();
            *database.last_mut().expect("it has pages") ^= 1;
            *entry = Entry::deflated("makers_matrix.db", &database).described();
        })
    }),
    ("stored, with two sizes", |base| {
        base.legacy().and(Entry::packed(b"images/x.png", b"xyz", 0, b"xyzabc".to_vec()))
    }),
    ("deflate in a stored entry", |base| {
        base.legacy().changing("makers_matrix.db", |entry| entry.both(|header| header.method = 0))
    }),
    ("everything encrypted", |base| {
        base.legacy()
            .with(|zip| zip.entries.iter_mut().for_each(|entry| entry.both(|header| header.flags |= 1)))
    }),
];
