//! The kinds of things that users know, and the tables that hold them.

use std::collections::BTreeMap;

use durable::plural;

/// A kind of thing, such as a part.
#[derive(Debug)]
pub(crate) struct EntityKind {
    /// The name of the kind in the singular.
    pub(crate) noun: &'static str,
    /// The table with one row for each thing.
    pub(crate) table: &'static str,
}

const KINDS: [EntityKind; 11] = [
    EntityKind { noun: "part", table: "partmodel" },
    EntityKind { noun: "allocation", table: "part_location_allocations" },
    EntityKind { noun: "location", table: "locationmodel" },
    EntityKind { noun: "category", table: "categorymodel" },
    EntityKind { noun: "datasheet", table: "datasheets" },
    EntityKind { noun: "tag", table: "tagmodel" },
    EntityKind { noun: "project", table: "projectmodel" },
    EntityKind { noun: "tool", table: "toolmodel" },
    EntityKind { noun: "user", table: "usermodel" },
    EntityKind { noun: "role", table: "rolemodel" },
    EntityKind { noun: "API key", table: "api_keys" },
];

impl EntityKind {
    pub(crate) fn plural(&self) -> String {
        plural(self.noun)
    }

    /// Returns the name of the kind in JSON.
    pub(crate) fn key(&self) -> String {
        self.plural().to_lowercase().replace(' ', "_")
    }
}

/// Returns all kinds.
pub(crate) fn all() -> impl Iterator<Item = &'static EntityKind> {
    KINDS.iter()
}

/// Returns the number of things of each kind, from the row count of each table.
pub(crate) fn counts(rows: &BTreeMap<String, u64>) -> impl Iterator<Item = (&'static EntityKind, u64)> {
    all().map(|kind| (kind, rows.get(kind.table).copied().unwrap_or(0)))
}

/// Returns whether a table holds one of the kinds.
pub(crate) fn is_counted(table: &str) -> bool {
    KINDS.iter().any(|kind| kind.table == table)
}
