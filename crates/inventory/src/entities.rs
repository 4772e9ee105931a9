//! The kinds of things that users know, and the tables that hold them: for lists of what a backup holds and a restore changes.

use std::collections::BTreeMap;

use durable::plural;

/// A kind of thing, such as a part.
#[derive(Debug)]
pub struct EntityKind {
    /// The name of the kind in the singular.
    pub noun: &'static str,
    /// The table with one row for each thing.
    pub table: &'static str,
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
    /// Returns the name of the kind in the plural.
    pub fn plural(&self) -> String {
        plural(self.noun)
    }

    /// Returns the name of the kind in JSON.
    pub fn key(&self) -> String {
        self.plural().to_lowercase().replace(' ', "_")
    }
}

/// Returns all kinds.
pub fn all() -> impl Iterator<Item = &'static EntityKind> {
    KINDS.iter()
}

/// Returns the number of things of each kind, from the row count of each table.
pub fn counts(rows: &BTreeMap<String, u64>) -> impl Iterator<Item = (&'static EntityKind, u64)> {
    all().map(|kind| (kind, rows.get(kind.table).copied().unwrap_or(0)))
}

/// The tables whose changes go without saying: every restore changes some, and the ledger follows the stock.
const OWN_TABLES: [&str; 5] =
    ["mm_idempotency", "mm_migrations", "mm_restore", "mm_schema_objects", "mm_stock_movement"];

/// Returns whether a table has no line of its own in a list: it holds a kind of thing, or what goes without saying.
pub fn is_known(table: &str) -> bool {
    OWN_TABLES.contains(&table) || KINDS.iter().any(|kind| kind.table == table)
}
