//! Which field each byte of an archive belongs to, found without the code of the product.

/// What a byte is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Content, packed.
    Data,
    /// A field of this name.
    Named(&'static str),
}

/// The fields of which some bits may change, and nobody relies on what they say.
pub(super) const HARMLESS: &[&str] = &[
    "directory: attributes",
    "directory: extra field",
    "directory: internal attributes",
    "directory: time and date",
    "directory: version made by",
    "directory: version needed",
    "local: time and date",
    "local: version needed",
];

const LOCAL: &[(&str, usize)] = &[
    ("local: signature", 4),
    ("local: version needed", 2),
    ("local: flags", 2),
    ("local: method", 2),
    ("local: time and date", 4),
    ("local: checksum and sizes", 12),
    ("local: lengths", 4),
];
const DIRECTORY: &[(&str, usize)] = &[
    ("directory: signature", 4),
    ("directory: version made by", 2),
    ("directory: version needed", 2),
    ("directory: flags", 2),
    ("directory: method", 2),
    ("directory: time and date", 4),
    ("directory: checksum and sizes", 12),
    ("directory: lengths", 6),
    ("directory: disk", 2),
    ("directory: internal attributes", 2),
    ("directory: attributes", 4),
    ("directory: offset", 4),
];
const END: &[(&str, usize)] = &[
    ("end: signature", 4),
    ("end: disks", 4),
    ("end: numbers of entries", 4),
    ("end: size of the directory", 4),
    ("end: offset of the directory", 4),
    ("end: length of the comment", 2),
];

/// The field of each byte. The archive is one of ours: no zip64, no comment, descriptors of 16 bytes.
pub(super) fn fields(archive: &[u8]) -> Vec<Field> {
    let mut fields = vec![Field::Data; archive.len()];
    let mut name = |at: usize, layout: &[(&'static str, usize)]| {
        layout.iter().fold(at, |at, &(name, length)| {
            fields[at..at + length].fill(Field::Named(name));
            at + length
        })
    };
    let number = |at: usize, length: usize| {
        archive[at..at + length].iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    };
    let end = archive.len() - 22;
    assert_eq!(name(end, END), archive.len());
    let mut at = number(end + 16, 4);
    while at < end {
        let (packed, local) = (number(at + 20, 4), number(at + 42, 4));
        let (name_length, extra) = (number(at + 28, 2), number(at + 30, 2));
        let fixed = name(at, DIRECTORY);
        at = name(fixed, &[("directory: name", name_length), ("directory: extra field", extra)]);
        let (name_length, extra) = (number(local + 26, 2), number(local + 28, 2));
        let fixed = name(local, LOCAL);
        let data = name(fixed, &[("local: name", name_length), ("local: extra field", extra)]);
        name(data + packed, &[("descriptor", 16)]);
    }
    fields
}
