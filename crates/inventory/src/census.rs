//! Totals that a migration, a restore and an import must not change. Comparing the totals before and after shows whether
//! anything was lost, whatever the cause.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use snapshot::sql::types::ValueRef;
use snapshot::sql::{Connection, Result, Row};
use snapshot::{open_copy, sqlite_error};

use crate::Error;
use crate::legacy::units_of;

/// The totals of an inventory, counted from the columns that its database has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// The number of parts.
    pub parts: u64,
    /// The units of stock. A negative quantity counts as 0.
    pub units: u64,
    /// The number of parts with a location.
    pub parts_with_location: u64,
    /// The number of users.
    pub users: u64,
    /// The number of static files. The caller sets it, since the database does not hold it.
    pub files: u64,
}

/// A total that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The total.
    pub total: Total,
    /// The value before.
    pub before: u64,
    /// The value after.
    pub after: u64,
}

/// The totals of a [`Census`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of `Census` say it")]
pub enum Total {
    Parts,
    Units,
    PartsWithLocation,
    Users,
    Files,
}

impl Census {
    /// Counts the totals of the database at `path`, which no other program may have open.
    ///
    /// # Errors
    /// [`Error::NotADatabase`], [`Error::Damaged`], [`Error::Sqlite`].
    pub fn of_copy(path: &Path) -> std::result::Result<Self, Error> {
        let connection = open_copy(path)?;
        Ok(Self::take(&connection).map_err(|error| sqlite_error(path, error))?)
    }

    /// Counts the totals of a database with any historical schema of the original. The stock of a part is the sum of its
    /// allocations or, if there are none, the quantity in the row of the part.
    pub(crate) fn take(connection: &Connection) -> Result<Self> {
        let has = |table: &str, column: &str| connection.column_exists(None, table, column);
        let mut census = Self::default();
        if !has("partmodel", "id")? {
            return Ok(census);
        }
        census.parts = count(connection, "SELECT count(*) FROM partmodel")?;
        if has("usermodel", "id")? {
            census.users = count(connection, "SELECT count(*) FROM usermodel")?;
        }
        let mut allocated = "SELECT NULL WHERE 0";
        if has("part_location_allocations", "part_id")? {
            allocated = "SELECT part_id FROM part_location_allocations WHERE part_id IS NOT NULL";
            let units = "SELECT quantity_at_location FROM part_location_allocations";
            census.units = sum(connection, units)?;
            census.parts_with_location = count(
                connection,
                "SELECT count(DISTINCT part_id) FROM part_location_allocations WHERE location_id IS NOT NULL",
            )?;
        }
        if has("partmodel", "quantity")? {
            let units = format!("SELECT quantity FROM partmodel WHERE id NOT IN ({allocated})");
            census.units = census.units.saturating_add(sum(connection, &units)?);
        }
        if has("partmodel", "location_id")? {
            census.parts_with_location += count(
                connection,
                &format!(
                    "SELECT count(*) FROM partmodel \
                     WHERE id NOT IN ({allocated}) AND location_id IN (SELECT id FROM locationmodel)"
                ),
            )?;
        }
        Ok(census)
    }

    /// Returns the totals that differ afterwards.
    pub fn differences(&self, after: &Self) -> Vec<Difference> {
        [
            (Total::Parts, self.parts, after.parts),
            (Total::Units, self.units, after.units),
            (Total::PartsWithLocation, self.parts_with_location, after.parts_with_location),
            (Total::Users, self.users, after.users),
            (Total::Files, self.files, after.files),
        ]
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(total, before, after)| Difference { total, before, after })
        .collect()
    }
}

impl Difference {
    /// Returns whether the difference is an error: something was lost or counted twice. Parts may gain a location, since a
    /// migration gives one to stock without a location.
    pub fn is_wrong(&self) -> bool {
        self.after < self.before || self.total != Total::PartsWithLocation
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} before, {} after", self.total, self.before, self.after)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parts => "parts",
            Self::Units => "units of stock",
            Self::PartsWithLocation => "parts with a location",
            Self::Users => "users",
            Self::Files => "files",
        })
    }
}

fn count(connection: &Connection, sql: &str) -> Result<u64> {
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
}

/// Adds up the quantities in the first column. SQLite's `sum` fails if the result exceeds 64 bits.
fn sum(connection: &Connection, sql: &str) -> Result<u64> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut total = 0_u64;
    while let Some(row) = rows.next()? {
        total = total.saturating_add(units(row)?);
    }
    Ok(total)
}

fn units(row: &Row<'_>) -> Result<u64> {
    let value: ValueRef<'_> = row.get_ref(0)?;
    Ok(units_of(value).unsigned_abs())
}
