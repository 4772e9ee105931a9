//! The totals that a migration, a restore and an import must not change: taken before and after, they show at once that
//! something was lost, whatever the cause.

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
    /// Parts.
    pub parts: u64,
    /// Units of stock. A negative quantity counts as none.
    pub units: u64,
    /// Parts that have a location.
    pub parts_with_location: u64,
    /// Users.
    pub users: u64,
    /// Static files. A database does not tell; whoever knows fills it in.
    pub files: u64,
}

/// One total that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which total.
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
    /// Counts what the database in `path` holds: a copy, or one that nobody else has open.
    ///
    /// # Errors
    /// [`Error::NotADatabase`], [`Error::Damaged`], [`Error::Sqlite`].
    pub fn of_copy(path: &Path) -> std::result::Result<Self, Error> {
        let connection = open_copy(path)?;
        Ok(Self::take(&connection).map_err(|error| sqlite_error(path, error))?)
    }

    /// Counts what a database holds. Works for every age of the original's tables: the stock of a part is what its
    /// allocations say or, where there are none, the quantity in the part itself.
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

    /// Returns the totals that are not the same afterwards.
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
    /// Tells whether something is missing afterwards, or was counted twice. Parts may gain a location: stock that lay
    /// nowhere is put somewhere.
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

/// Adds up the quantities in the first column. SQLite's own `sum` fails where they exceed 64 bits.
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
