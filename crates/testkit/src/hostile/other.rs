//! Files that are not archives.

use super::{Base, Group};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("other");
    let tar = [b"name".as_slice(), &[0; 253], b"ustar", &[0; 762]].concat();
    for (what, bytes) in [
        ("nothing", b"".as_slice()),
        ("a byte", b"P"),
        ("a text", b"hello\n"),
        ("zeros", &[0; 4096]),
        ("noise", b"\x8f\x02\xff\x91\x00\x17"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("tar", &tar),
        ("a PDF", b"%PDF-1.7\n"),
        ("an age file", b"age-encryption.org/v1\n-> X25519 x\n"),
        ("an age file in armour", b"-----BEGIN AGE ENCRYPTED FILE-----\nx\n"),
        ("a database", &base.database),
        ("a header alone", b"PK\x03\x04"),
        ("a header, then zeros", &[b"PK\x03\x04".as_slice(), &[0; 4096]].concat()),
        ("a header, then ends", &[b"PK\x03\x04".as_slice(), &b"PK\x05\x06".repeat(200)].concat()),
    ] {
        group.add(what, bytes);
    }
    group
}
