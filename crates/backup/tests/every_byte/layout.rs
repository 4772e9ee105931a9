//! The layout of an archive, found without the code of the product.

use std::ops::Range;

/// The ranges of an archive that we wrote.
pub(super) struct Parts {
    /// Name, then header with data and descriptor, then record in the directory of each entry.
    pub(super) entries: Vec<(String, Range<usize>, Range<usize>)>,
    pub(super) directory: Range<usize>,
}

/// A field, and its length in bytes.
type Field = (&'static str, usize);

const LOCAL: [Field; 7] = [
    ("local: signature", 4),
    ("local: version needed", 2),
    ("local: flags", 2),
    ("local: method", 2),
    ("local: time and date", 4),
    ("local: checksum and sizes", 12),
    ("local: lengths", 4),
];
const DIRECTORY: [Field; 12] = [
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
const END: [Field; 6] = [
    ("end: signature", 4),
    ("end: disks", 4),
    ("end: numbers of entries", 4),
    ("end: size of the directory", 4),
    ("end: offset of the directory", 4),
    ("end: length of the comment", 2),
];

fn number(bytes: &[u8], at: usize, length: usize) -> usize {
    bytes[at..at + length].iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
}

/// Finds the parts of an archive without zip64 and comments, with descriptors of 16 bytes.
pub(super) fn parts(archive: &[u8]) -> Parts {
    let end = archive.len() - 22;
    let directory = number(archive, end + 16, 4)..end;
    let (mut entries, mut at) = (Vec::new(), directory.start);
    while at < end {
        let (packed, local) = (number(archive, at + 20, 4), number(archive, at + 42, 4));
        let (name, extra) = (number(archive, at + 28, 2), number(archive, at + 30, 2));
        let record = at..at + 46 + name + extra;
        let header = 30 + number(archive, local + 26, 2) + number(archive, local + 28, 2);
        let name = String::from_utf8(archive[at + 46..at + 46 + name].to_vec()).unwrap();
        at = record.end;
        entries.push((name, local..local + header + packed + 16, record));
    }
    Parts { entries, directory }
}

/// Returns the field that each byte belongs to, or `None` for the packed data of entries.
pub(super) fn fields(archive: &[u8]) -> Vec<Option<&'static str>> {
    let mut fields = vec![None; archive.len()];
    let mut mark = |from: usize, layout: &[Field]| {
        layout.iter().fold(from, |at, (field, length)| {
            fields[at..at + length].fill(Some(*field));
            at + length
        })
    };
    for (name, bytes, record) in parts(archive).entries {
        let extra = number(archive, bytes.start + 28, 2);
        let at = mark(bytes.start, &LOCAL);
        mark(at, &[("local: name", name.len()), ("local: extra field", extra)]);
        mark(bytes.end - 16, &[("descriptor", 16)]);
        let at = mark(record.start, &DIRECTORY);
        mark(
            at,
            &[("directory: name", name.len()), ("directory: extra field", record.end - at - name.len())],
        );
    }
    assert_eq!(mark(archive.len() - 22, &END), archive.len());
    fields
}
