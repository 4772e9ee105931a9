//! The vectors that do no harm, and what restoring each leads to.

use std::collections::BTreeMap;

use testkit::State;

/// How the state differs after restoring from that of the backup that the vector was made from.
pub(super) enum Effect {
    /// Not at all.
    None,
    /// So many files more.
    More(usize),
    /// One file fewer.
    Fewer,
    /// One file has another name.
    Renamed,
    /// This table came with it, has other columns, or is empty.
    #[expect(dead_code, reason = "the vectors of databases follow")]
    Table(&'static str),
}

use Effect::{Fewer, More, None, Renamed, Table};

impl Effect {
    pub(super) fn check(&self, name: &str, archived: &State, restored: &State) {
        let fewer = differences(&archived.files, &restored.files).len();
        let more = differences(&restored.files, &archived.files).len();
        let expected = match self {
            None | Table(_) => (0, 0),
            More(more) => (*more, 0),
            Fewer => (0, 1),
            Renamed => (1, 1),
        };
        assert_eq!((more, fewer), expected, "{name}: files more and fewer");
        let mut tables = differences(&restored.tables, &archived.tables);
        tables.extend(differences(&archived.tables, &restored.tables));
        tables.dedup();
        let expected: &[&str] = if let Table(table) = self { &[table] } else { &[] };
        assert_eq!(tables, expected, "{name}: tables");
    }
}

/// What one has and the other has not, or has otherwise.
fn differences<V: PartialEq>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> Vec<String> {
    one.iter().filter(|(key, value)| other.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}

/// Accepted, each for a reason: it is only odd, or what is wrong with it is ignored or taken out.
pub(super) const ACCEPTED: &[(&str, Effect)] = &[
    ("headers/a broken extra field", None),
    ("headers/a date that does not exist", None),
    ("headers/a descriptor without its signature", None),
    ("headers/a header that nothing lists", Fewer),
    ("headers/a version from the future", None),
    ("headers/an extra field longer than it is", None),
    ("headers/another name in both", Renamed),
    ("headers/extra fields of 64 KiB", None),
    ("headers/the flag for UTF-8 in both", None),
    ("headers/the truth before the data, and a descriptor", None),
    ("kinds/an empty folder", None),
    ("kinds/an empty folder elsewhere", None),
    ("kinds/an empty folder, deflated", None),
    ("kinds/set-user-id", More(1)),
    ("layout/a comment of 64 KiB, format 2", None),
    ("layout/a comment of 64 KiB, format 3", None),
    ("layout/a comment on an entry, format 2", None),
    ("layout/a comment on an entry, format 3", None),
    ("layout/a comment shorter than it is", None),
    ("layout/a comment, format 2", None),
    ("layout/a comment, format 3", None),
    ("layout/a header in front, format 2", None),
    ("layout/a signature of the directory, format 2", None),
    ("layout/bytes before the directory, format 2", None),
    ("layout/bytes behind the end, format 2", None),
    // Of older formats, what does not belong to a backup is ignored, and said to be.
    ("names/a rollback journal for the database", None),
    ("names/a text file", None),
    ("names/a write-ahead log for the database", None),
    ("names/something beside the folders", None),
    ("names/the database in another case", None),
    // File systems hold such names, so inventories may have them, and backups must come back.
    ("names/dots and spaces at the end", More(4)),
    ("names/folders that differ in case", More(2)),
    ("names/forbidden on Windows", More(3)),
    ("names/hidden files", More(2)),
    ("names/hyphens and tildes", More(4)),
    ("names/invisible characters", More(2)),
    ("names/names that differ in case", More(2)),
    ("names/names that differ in their Unicode form", More(2)),
    ("names/reserved on Windows", More(4)),
    ("names/text that runs backwards", More(2)),
    ("packing/flags that nobody uses", None),
    ("packing/the extra field of WinZip AES alone", None),
    ("packing/the extra field of strong encryption alone", None),
    ("zip64/an offset in the extra field, true", None),
    ("zip64/needless but true", None),
    ("zip64/sizes before the data in an extra field", None),
    ("zip64/sizes in the extra field, ignored", None),
    ("zip64/sizes in the extra field, true", None),
    ("zip64/true, the ordinary end defers", None),
];
