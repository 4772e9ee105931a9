//! Names the parts that differ between the live database and the copy that would replace it, in bounded memory.

use std::cmp::Ordering;
use std::path::Path;

use snapshot::sql::types::ValueRef;
use snapshot::sql::{Connection, Result, Rows};
use snapshot::{open_copy, open_live_reader, sqlite_error};

use crate::Error;
use crate::legacy::units_of;

/// The largest number of parts that are named in each list.
const MAX_NAMED: usize = 100;

/// The parts and their stock, in the order of the merge.
const PARTS: &str = "SELECT id, part_name, (SELECT coalesce(sum(quantity_at_location), 0) \
                     FROM part_location_allocations WHERE part_id = partmodel.id) \
                     FROM partmodel ORDER BY id COLLATE BINARY";

/// The parts that replacing the database takes away, brings back, or gives another stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartChanges {
    /// Parts that only the live database has.
    pub removed: ChangedParts,
    /// Parts that only the copy has.
    pub added: ChangedParts,
    /// Parts that both have, with different stock.
    pub restocked: ChangedParts,
}

/// Some parts: all are counted, the first hundred are named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedParts {
    /// The number of parts.
    pub count: u64,
    /// The parts, by name.
    pub named: Vec<ChangedPart>,
}

/// A part that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedPart {
    /// The name.
    pub name: String,
    /// The units of stock now; 0 if the part does not exist.
    pub now: u64,
    /// The units of stock afterwards.
    pub after: u64,
}

impl ChangedParts {
    fn add(&mut self, name: String, now: u64, after: u64) {
        self.count += 1;
        if self.named.len() < MAX_NAMED {
            self.named.push(ChangedPart { name, now, after });
        }
    }
}

/// Compares the parts of two databases with the current schema. Both must have the encoding UTF-8, in which SQLite orders text by
/// its bytes.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`], [`Error::Sqlite`].
pub(crate) fn part_changes(live: &Path, copy: &Path) -> std::result::Result<PartChanges, Error> {
    let (live_db, copy_db) = (open_live_reader(live)?, open_copy(copy)?);
    Ok(compare(&live_db, &copy_db).map_err(|error| sqlite_error(copy, error))?)
}

struct Part {
    id: String,
    name: String,
    units: u64,
}

fn next(rows: &mut Rows<'_>) -> Result<Option<Part>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let units: ValueRef<'_> = row.get_ref(2)?;
    Ok(Some(Part { id: row.get(0)?, name: row.get(1)?, units: units_of(units).unsigned_abs() }))
}

fn compare(live: &Connection, copy: &Connection) -> Result<PartChanges> {
    let (mut live, mut copy) = (live.prepare(PARTS)?, copy.prepare(PARTS)?);
    let (mut live, mut copy) = (live.query([])?, copy.query([])?);
    let (mut old, mut new) = (next(&mut live)?, next(&mut copy)?);
    let mut changes = PartChanges::default();
    loop {
        let order = match (&old, &new) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.id.cmp(&new.id),
        };
        let was =
            if order == Ordering::Greater { None } else { std::mem::replace(&mut old, next(&mut live)?) };
        let is = if order == Ordering::Less { None } else { std::mem::replace(&mut new, next(&mut copy)?) };
        match (was, is) {
            (Some(was), None) => changes.removed.add(was.name, was.units, 0),
            (None, Some(is)) => changes.added.add(is.name, 0, is.units),
            (Some(was), Some(is)) if was.units != is.units => {
                changes.restocked.add(is.name, was.units, is.units);
            }
            _ => {}
        }
    }
    for parts in [&mut changes.removed, &mut changes.added, &mut changes.restocked] {
        parts.named.sort();
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use testkit::TestFolder;

    use super::*;

    #[test]
    fn parts_that_go_come_back_or_change_stock_are_named() {
        let folder = TestFolder::new();
        let make = |name: &str, rows: &str| {
            let path = folder.path().join(name);
            let schema = "CREATE TABLE partmodel (id TEXT PRIMARY KEY, part_name TEXT);
                 CREATE TABLE part_location_allocations (part_id TEXT, quantity_at_location);";
            Connection::open(&path).unwrap().execute_batch(&format!("{schema}{rows}")).unwrap();
            path
        };
        let live = make(
            "live.db",
            "INSERT INTO partmodel VALUES ('a', 'Same'), ('b', 'Gone'), ('d', 'Less'), ('e', 'Last');
             INSERT INTO part_location_allocations VALUES ('a', 1), ('b', 2), ('b', 3), ('d', 9);",
        );
        let copy = make(
            "copy.db",
            "INSERT INTO partmodel VALUES ('a', 'Same'), ('c', 'Back'), ('d', 'Less');
             INSERT INTO part_location_allocations VALUES ('a', 1), ('c', 7), ('d', 4);",
        );
        let part = |name: &str, now, after| ChangedPart { name: name.to_owned(), now, after };
        let changes = part_changes(&live, &copy).unwrap();
        assert_eq!(changes.removed.named, [part("Gone", 5, 0), part("Last", 0, 0)]);
        assert_eq!(changes.added.named, [part("Back", 0, 7)]);
        assert_eq!(changes.restocked, ChangedParts { count: 1, named: vec![part("Less", 9, 4)] });
        assert_eq!(part_changes(&copy, &copy).unwrap(), PartChanges::default());
    }
}
