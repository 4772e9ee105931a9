//! Data that cannot be unpacked: wrong checksums, methods nobody has, broken deflate, encryption.

use super::zip::{Entry, deflate, extra};
use super::{Base, Group};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("packing");
    let legacy = |change: fn(&mut Entry)| base.legacy().changing(&base.image, change);
    group.zip(
        "a wrong checksum everywhere",
        &legacy(|entry| {
            entry.local.crc ^= 1;
            entry.central.crc ^= 1;
        }),
    );
    group.zip("changed data", &legacy(|entry| entry.data[5] ^= 1));
    group.zip(
        "changed data with its checksum, format 3",
        &base.v3().zip().changing(&base.image, |entry| {
            let mut data = entry.data.clone();
            data[5] ^= 1;
            *entry = Entry::stored("images/nested/noise.png", &data).described();
        }),
    );
    group.zip(
        "a changed database, format 3",
        &base.v3().zip().changing("makers_matrix.db", |entry| {
            let mut database = base.database.clone();
            let last = database.len() - 1;
            database[last] ^= 1;
            *entry = Entry::deflated("makers_matrix.db", &database).described();
        }),
    );
    for (method, name) in [
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
    ] {
        let zip = base.legacy().changing(&base.image, |entry| {
            entry.local.method = method;
            entry.central.method = method;
        });
        group.zip(format!("method {name}"), &zip);
    }

    let deflated =
        |data: Vec<u8>, content: &[u8]| base.legacy().and(Entry::packed(b"images/x.png", content, 8, data));
    group.zip("deflate that is noise", &deflated(vec![0xff; 50], b"x"));
    group.zip("deflate that never ends", &deflated(vec![0, 1, 0, 0xfe, 0xff, b'x'], b"x"));
    group.zip("deflate that is nothing", &deflated(Vec::new(), b"x"));
    let cut = deflate(&[7; 5000]);
    group.zip("deflate cut short", &deflated(cut[..cut.len() - 3].to_vec(), &[7; 5000]));
    group.zip("bytes behind the end of deflate", &deflated([deflate(b"x"), vec![0; 9]].concat(), b"x"));
    group.zip("two deflate streams", &deflated([deflate(b"x"), deflate(b"y")].concat(), b"xy"));
    group.zip("deflate with a distance too far", &deflated(vec![0x63, 0x00, 0x02, 0x80, 0x00], &[0; 100]));
    group.zip("more than announced", &deflated(deflate(&[7; 5000]), &[7; 4999]));
    group.zip("less than announced", &deflated(deflate(&[7; 5000]), &[7; 5001]));
    let stored = Entry::packed(b"images/x.png", b"xyz", 0, b"xyzabc".to_vec());
    group.zip("stored, with two sizes", &base.legacy().and(stored));
    group.zip(
        "deflate in a stored entry",
        &base.legacy().changing("makers_matrix.db", |entry| {
            entry.local.method = 0;
            entry.central.method = 0;
        }),
    );

    for (what, flags) in [
        ("the flag of ZipCrypto", 1),
        ("the flags of strong encryption", 1 | 1 << 6),
        ("only the second flag of strong encryption", 1 << 6),
        ("masked headers", 1 << 13),
        ("compressed patched data", 1 << 5),
        ("an encrypted directory", 1 | 1 << 6 | 1 << 13),
    ] {
        let zip = base.legacy().changing(&base.image, |entry| {
            entry.local.flags |= flags;
            entry.central.flags |= flags;
        });
        group.zip(what, &zip);
    }
    group.zip(
        "flags that nobody uses",
        &legacy(|entry| {
            entry.local.flags |= 1 << 7 | 1 << 15;
            entry.central.flags |= 1 << 7 | 1 << 15;
        }),
    );
    let aes = extra(0x9901, &[2, 0, b'A', b'E', 3, 8, 0]);
    group.zip(
        "WinZip AES",
        &base.legacy().changing(&base.image, |entry| {
            for header in [&mut entry.local, &mut entry.central] {
                header.method = 99;
                header.flags |= 1;
                header.extra = aes.clone();
            }
        }),
    );
    let locked = |extra: &[u8], data: Vec<u8>| {
        base.legacy().changing(&base.image, |entry| {
            entry.data = data;
            let packed = entry.data.len() as u32;
            for header in [&mut entry.local, &mut entry.central] {
                (header.method, header.packed) = (99, packed);
                header.flags |= 1;
                header.extra = extra.to_vec();
            }
        })
    };
    for (what, field) in [
        ("of no known strength", [2, 0, b'A', b'E', 4, 8, 0]),
        ("of no known version", [3, 0, b'A', b'E', 3, 8, 0]),
        ("of no known vendor", [2, 0, b'X', b'E', 3, 8, 0]),
        ("around WinZip AES", [2, 0, b'A', b'E', 3, 99, 0]),
        ("around bzip2", [2, 0, b'A', b'E', 3, 12, 0]),
        ("with another password", [2, 0, b'A', b'E', 3, 8, 0]),
    ] {
        group.zip(format!("WinZip AES {what}"), &locked(&extra(0x9901, &field), vec![7; 5000]));
    }
    group.zip("WinZip AES without its extra field", &locked(&[], vec![7; 5000]));
    group.zip(
        "WinZip AES with an extra field cut short",
        &locked(&extra(0x9901, &[2, 0, b'A']), vec![7; 5000]),
    );
    group.zip("WinZip AES shorter than what it begins with", &locked(&aes, vec![7; 27]));
    group.zip(
        "WinZip AES, of another strength in the other header",
        &locked(&aes, vec![7; 5000]).changing(&base.image, |entry| {
            entry.local.extra = extra(0x9901, &[2, 0, b'A', b'E', 1, 8, 0]);
        }),
    );
    for length in [0, 11, 12, 13] {
        group.zip(
            format!("ZipCrypto of {length} bytes"),
            &base.legacy().changing(&base.image, |entry| {
                entry.data = vec![7; length];
                for header in [&mut entry.local, &mut entry.central] {
                    header.packed = length as u32;
                    header.flags |= 1;
                }
            }),
        );
    }
    group.zip(
        "the extra field of WinZip AES alone",
        &base.legacy().changing(&base.image, |entry| {
            entry.local.extra = aes.clone();
            entry.central.extra = aes.clone();
        }),
    );
    group.zip(
        "the extra field of strong encryption alone",
        &base.legacy().changing(&base.image, |entry| {
            entry.central.extra = extra(0x0017, &[2, 0, 1, 0x66, 0, 1, 3, 0]);
        }),
    );
    group.zip(
        "everything encrypted",
        &base.legacy().with(|zip| {
            for entry in &mut zip.entries {
                entry.local.flags |= 1;
                entry.central.flags |= 1;
            }
        }),
    );
    group
}
