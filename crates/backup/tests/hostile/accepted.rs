//! The vectors that are harmless, and the effect of restoring each.

use std::collections::BTreeMap;

use testkit::State;

/// The difference between the restored state and that of the archive from which the vector was built.
pub(super) enum Effect {
    /// No difference.
    None,
    /// So many additional files.
    More(usize),
    /// One missing file.
    Fewer,
    /// One renamed file.
    Renamed,
    /// These tables are new, or have other rows or columns.
    Tables(&'static [&'static str]),
}

use Effect::{Fewer, More, None, Renamed, Tables};

/// What a full-text index stores, which comes over as ordinary tables.
const NOTES: [&str; 5] = ["notes_config", "notes_content", "notes_data", "notes_docsize", "notes_idx"];

impl Effect {
    pub(super) fn check(&self, name: &str, archived: &State, restored: &State) {
        let fewer = differences(&archived.files, &restored.files).len();
        let more = differences(&restored.files, &archived.files).len();
        let expected = match self {
            None | Tables(_) => (0, 0),
            More(more) => (*more, 0),
            Fewer => (0, 1),
            Renamed => (1, 1),
        };
        assert_eq!((more, fewer), expected, "{name}: files more and fewer");
        let mut tables = differences(&restored.tables, &archived.tables);
        tables.extend(differences(&archived.tables, &restored.tables));
        tables.sort_unstable();
        tables.dedup();
        let expected: &[&str] = if let Tables(tables) = self { tables } else { &[] };
        assert_eq!(tables, expected, "{name}: tables");
    }
}

/// Returns the keys that `other` lacks or has with another value.
fn differences<V: PartialEq>(one: &BTreeMap<String, V>, other: &BTreeMap<String, V>) -> Vec<String> {
    one.iter().filter(|(key, value)| other.get(*key) != Some(value)).map(|(key, _)| key.clone()).collect()
}

/// The accepted vectors: those that are only unusual, and those whose defect is ignored or removed.
pub(super) const ACCEPTED: &[(&str, Effect)] = &[
    // Expressions of a schema are never evaluated: they are removed or skipped.
    ("bombs/a constraint that allocates", None),
    ("bombs/a generated column that allocates", None),
    ("bombs/a pattern that backtracks", None),
    ("bombs/a view without end", None),
    ("bombs/a view without end as the record of migrations", Tables(&["mm_migrations"])),
    ("bombs/an index that allocates", None),
    ("bombs/an index that allocates in its condition", None),
    ("hashes/another order", None),
    // Other programs read these in the same way.
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
    ("layout/bytes behind a folder, format 2", None),
    ("layout/bytes behind the end, format 2", None),
    // Additions of newer minor versions, and fields that nothing relies on.
    ("manifest/a field nobody knows", None),
    ("manifest/a field nobody knows, 100000 deep", None),
    ("manifest/a field nobody knows, twice", None),
    ("manifest/a minor version from the future", None),
    ("manifest/files in another order", None),
    ("manifest/format 2, a folder left out that is there", None),
    ("manifest/format 2, an object of nothing", None),
    ("manifest/format 2, said to be encrypted", None),
    ("manifest/a control character in a text", None),
    ("manifest/other names, times and sizes", None),
    ("manifest/said to be encrypted", None),
    ("manifest/thousands of fields nobody knows", None),
    // File systems accept such names, so inventories may have them, and must be restorable. Foreign entries
    // of older formats are ignored and reported.
    ("names/a rollback journal for the database", None),
    ("names/a text file", None),
    ("names/a write-ahead log for the database", None),
    ("names/something beside the folders", None),
    ("names/the database in another case", None),
    ("packing/flags that nobody uses", None),
    ("packing/the extra field of WinZip AES alone", None),
    ("packing/the extra field of strong encryption alone", None),
    // SQLite accepts these.
    ("pages/a cache as large as can be said", None),
    ("pages/a page behind the last", None),
    ("pages/a schema format of nothing", None),
    ("pages/an encoding that does not exist", None),
    ("pages/another change counter", None),
    ("pages/no encoding", None),
    ("pages/no pages", None),
    ("pages/said to have a write-ahead log", None),
    // Code is removed, and missing tables and columns are added (by a migration: a row of mm_migrations).
    ("schema/UTF-16, big-endian", None),
    ("schema/UTF-16, little-endian", None),
    ("schema/a column of ours missing", Tables(&["mm_migrations", "partmodel"])),
    ("schema/a constraint of no function", None),
    ("schema/a constraint on the mark of a restore", None),
    ("schema/a constraint that no row fulfils", None),
    ("schema/a default that loads code", Tables(&["extra"])),
    ("schema/a full-text index", Tables(&NOTES)),
    ("schema/a full-text index with broken settings", Tables(&NOTES)),
    ("schema/a full-text index with broken tables", Tables(&NOTES)),
    ("schema/a generated column", None),
    ("schema/a megabyte of comment", Tables(&["chatty"])),
    ("schema/a table more", Tables(&["extra"])),
    ("schema/a table more, strict", Tables(&["extra"])),
    ("schema/a table more, without row ids", Tables(&["extra"])),
    ("schema/a table of ours missing", Tables(&["mm_migrations"])),
    ("schema/a table with a NUL in a value", Tables(&["extra"])),
    ("schema/a table with a name to inject", Tables(&["x\"; DROP TABLE partmodel; --"])),
    ("schema/a table with an empty name", Tables(&[""])),
    ("schema/a trigger on deletes of marks", None),
    ("schema/a trigger on the mark of a restore", None),
    ("schema/a trigger on the record of migrations", None),
    ("schema/a trigger that calls itself", None),
    ("schema/a trigger with a name that a terminal obeys", None),
    ("schema/a trigger with a name to inject", None),
    ("schema/a view", None),
    ("schema/a view in place of the marks", Tables(&["mm_migrations"])),
    ("schema/a view in place of the tasks", Tables(&["mm_migrations"])),
    ("schema/a view of a function that loads code", None),
    ("schema/a view with a trigger", None),
    ("schema/a virtual table of a built-in function", None),
    ("schema/a virtual table of no module", None),
    ("schema/a write-ahead log that is not there", None),
    ("schema/an auto-vacuum", None),
    ("schema/an expression 5000 deep", Tables(&["deep"])),
    ("schema/an index of places with broken nodes", Tables(&["spots_node", "spots_parent", "spots_rowid"])),
    ("schema/an index on an expression", None),
    ("schema/another user_version", None),
    ("schema/large pages", None),
    ("schema/reserved bytes on each page", None),
    ("schema/small pages", None),
    ("schema/statistics that lie", None),
    ("schema/text that is not UTF-8", Tables(&["partmodel"])),
    ("schema/the categories' tree missing", Tables(&["mm_category_parent", "mm_migrations"])),
    ("schema/the marks missing", Tables(&["mm_migrations"])),
    ("schema/the record of migrations empty", Tables(&["mm_migrations"])),
    ("schema/the record of migrations missing", Tables(&["mm_migrations"])),
    ("schema/the tasks missing", Tables(&["mm_migrations"])),
    ("schema/triggers on every table", None),
    ("zip64/an offset in the extra field, true", None),
    ("zip64/needless but true", None),
    ("zip64/sizes before the data in an extra field", None),
    ("zip64/sizes in the extra field, ignored", None),
    ("zip64/sizes in the extra field, true", None),
    ("zip64/true, the ordinary end defers", None),
];
