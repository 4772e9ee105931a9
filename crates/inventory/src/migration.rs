//! Brings a database up to date: an empty file, one of the original of whatever age, or one of an earlier version.
//!
//! All pending migrations are applied in one transaction, so a database is never between two versions. The table
//! `mm_migrations` records what has been applied. The original ignores that table and every other `mm_…`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use durable::printable;
use snapshot::sql::{self, Connection, OpenFlags, Transaction, TransactionBehavior};
use snapshot::{open_live_reader, sqlite_error};

use crate::Error;
use crate::census::Census;
use crate::legacy::{self, Adjustment, MigrationError};

pub use crate::legacy::ORIGINAL_SCHEMA;

/// Databases without this migration come from the original, or from a version that left passwords in free pages.
pub(crate) const PASSWORDS: &str = "m0004_passwords";

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The table in which databases have recorded their migrations from the first version on.
const CREATE_RECORD: &str = "CREATE TABLE IF NOT EXISTS \"mm_migrations\" \
                             ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL )";

/// All migrations, oldest first. Names are for good: databases and archives record them.
const MIGRATIONS: [Migration; 5] = [
    Migration {
        name: "m0001_original_schema",
        change: Change::Code(legacy::complete_schema),
        is_missing: legacy::is_schema_incomplete,
        tables: Tables::All,
    },
    Migration {
        name: "m0002_category_tree",
        change: Change::Sql(include_str!("migration/m0002_category_tree.sql")),
        is_missing: |connection| lacks_table(connection, "mm_category_parent"),
        tables: Tables::These(&["mm_category_parent"]),
    },
    Migration {
        name: "m0003_restore_marker",
        change: Change::Sql(include_str!("migration/m0003_restore_marker.sql")),
        is_missing: |connection| lacks_table(connection, "mm_restore"),
        tables: Tables::These(&["mm_restore"]),
    },
    Migration {
        name: PASSWORDS,
        change: Change::Sql(include_str!("migration/m0004_passwords.sql")),
        is_missing: |_| Ok(false),
        tables: Tables::These(&[]),
    },
    Migration {
        name: "m0005_stock_by_location",
        change: Change::Code(legacy::move_old_columns),
        is_missing: legacy::has_old_columns_with_values,
        tables: Tables::These(&[
            "partmodel",
            "categorymodel",
            "locationmodel",
            "part_location_allocations",
            "mm_category_parent",
        ]),
    },
];

struct Migration {
    name: &'static str,
    change: Change,
    /// Whether the effect of the migration is absent, whatever the record says.
    is_missing: fn(&Connection) -> sql::Result<bool>,
    tables: Tables,
}

enum Change {
    /// Statements that are the same for every database.
    Sql(&'static str),
    /// A change that depends on the columns that are there.
    Code(fn(&Transaction<'_>, &mut Vec<Adjustment>) -> Result<(), MigrationError>),
}

/// The tables whose rows or columns a migration may change.
enum Tables {
    All,
    These(&'static [&'static str]),
}

/// Where a database stands among the migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All migrations have been applied.
    Current,
    /// These have not, in the order in which they have to be.
    Behind(Vec<String>),
    /// These have been applied but are not known: a newer version wrote the database.
    Newer(Vec<String>),
}

/// What migrating a database did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The migrations that were applied, oldest first; none when the database was up to date.
    pub applied: Vec<String>,
    /// What had to be changed so that the data fits the tables of today.
    pub adjustments: Vec<Adjustment>,
    /// The totals before the first migration.
    pub before: Census,
    /// The totals after the last one.
    pub after: Census,
}

/// Returns the names of all migrations, oldest first.
pub fn names() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.name).collect()
}

/// Tells whether one of the named migrations may change rows or columns of `table`.
pub fn may_change(names: &[String], table: &str) -> bool {
    let applied = MIGRATIONS.iter().filter(|migration| names.iter().any(|name| name == migration.name));
    // Each one writes its name.
    (table == "mm_migrations" && !names.is_empty())
        || applied.into_iter().any(|migration| match migration.tables {
            Tables::All => true,
            Tables::These(tables) => tables.contains(&table),
        })
}

/// Tells whether one of the named migrations may add rows to `table` where there were none, or fewer.
pub fn may_add_rows(names: &[String], table: &str) -> bool {
    table.starts_with("mm_")
        || (names.iter().any(|name| name == "m0005_stock_by_location")
            && ["part_location_allocations", "locationmodel"].contains(&table))
}

/// Applies what is pending to the database in `path`, which must exist but may be empty. Either everything is applied or
/// nothing. The journal mode of the file stays as it is. Blocks.
///
/// # Errors
/// [`Error::Newer`] when the database is of a newer version, [`Error::NotADatabase`], [`Error::Io`] when there is no such
/// file, [`Error::Sqlite`] when a statement fails, [`Error::MissingColumn`].
pub fn migrate(path: &Path) -> Result<MigrationReport, Error> {
    // Asked on a connection that cannot write: a database that is up to date is left alone.
    match pending(path)? {
        SchemaState::Newer(found) => return Err(Error::Newer { found }),
        SchemaState::Behind(_) | SchemaState::Current => {}
    }
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| {
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            Ok(connection)
        })
        .map_err(|error| sqlite_error(path, error))?;
    apply(&mut connection, path)
}

/// Applies what is pending to an open database. `path` is for messages.
pub(crate) fn apply(connection: &mut Connection, path: &Path) -> Result<MigrationReport, Error> {
    let failed = |error| sqlite_error(path, error);
    // Tables are made anew: that must neither delete what refers to them nor rewrite the references. Neither setting can
    // be changed within a transaction.
    connection.pragma_update(None, "foreign_keys", false).map_err(failed)?;
    connection.pragma_update(None, "legacy_alter_table", true).map_err(failed)?;
    let applied = apply_pending(connection);
    connection.pragma_update(None, "legacy_alter_table", false).map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
    applied.map_err(|error| match error {
        MigrationError::Sqlite(error) => sqlite_error(path, error).into(),
        MigrationError::MissingColumn { table, column } => {
            Error::MissingColumn { path: path.to_owned(), table, column }
        }
    })
}

fn apply_pending(connection: &mut Connection) -> Result<MigrationReport, MigrationError> {
    // Takes the write lock at once: what is pending must still be so when it is applied.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before = Census::take(&transaction)?;
    let mut report = MigrationReport { before, after: before, ..MigrationReport::default() };
    let SchemaState::Behind(pending) = state(&transaction)? else { return Ok(report) };
    transaction.execute_batch(CREATE_RECORD)?;
    for migration in MIGRATIONS.iter().filter(|migration| pending.iter().any(|name| name == migration.name)) {
        match migration.change {
            Change::Sql(statements) => transaction.execute_batch(statements)?,
            Change::Code(change) => change(&transaction, &mut report.adjustments)?,
        }
        // The clock of SQLite: the time is a note for people, and nothing depends on it.
        let record = "INSERT INTO mm_migrations (version, applied_at) VALUES (?1, unixepoch())";
        transaction.execute(record, [migration.name])?;
    }
    report.after = Census::take(&transaction)?;
    report.applied = pending;
    transaction.commit()?;
    Ok(report)
}

/// Tells where the database in `path` stands. Reads only, and leaves no `-wal` behind. A database without a record of
/// migrations, such as one of the original, has all of them pending. That it is one of MakerMatrix is not checked.
///
/// # Errors
/// [`Error::Io`] when there is no such file, [`Error::NotADatabase`], [`Error::Busy`], [`Error::Sqlite`].
pub fn pending(path: &Path) -> Result<SchemaState, Error> {
    fs::metadata(path).map_err(|error| Error::io(path, error))?;
    // Through SQLite alone: to open and close the file otherwise would drop this process's locks on it, see
    // <https://sqlite.org/howtocorrupt.html>.
    let connection = open_live_reader(path)?;
    Ok(state(&connection).map_err(|error| sqlite_error(path, error))?)
}

/// As [`pending`], for a database that is open.
pub(crate) fn state(connection: &Connection) -> sql::Result<SchemaState> {
    let recorded = recorded(connection)?;
    let known = names();
    let newer: Vec<String> =
        recorded.iter().filter(|name| !known.contains(&name.as_str())).map(|name| printable(name)).collect();
    if !newer.is_empty() {
        return Ok(SchemaState::Newer(newer));
    }
    let behind: Vec<String> = known
        .iter()
        .filter(|name| !recorded.iter().any(|have| have == *name))
        .map(|&name| name.to_owned())
        .collect();
    Ok(if behind.is_empty() { SchemaState::Current } else { SchemaState::Behind(behind) })
}

/// Returns the migrations on record.
fn recorded(connection: &Connection) -> sql::Result<Vec<String>> {
    // Among more than these some are unknown, and that is all there is to know.
    const SHOWN: usize = 5;
    let most = MIGRATIONS.len() + SHOWN;
    let sql = format!("SELECT substr(version, 1, 100) FROM mm_migrations ORDER BY version LIMIT {most}");
    if lacks_table(connection, "mm_migrations")? {
        return Ok(Vec::new());
    }
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Returns the migrations whose effect is absent, whatever the record says.
pub(crate) fn incomplete(connection: &Connection) -> sql::Result<Vec<&'static str>> {
    let mut incomplete = Vec::new();
    for migration in &MIGRATIONS {
        if (migration.is_missing)(connection)? {
            incomplete.push(migration.name);
        }
    }
    Ok(incomplete)
}

fn lacks_table(connection: &Connection, table: &str) -> sql::Result<bool> {
    Ok(!connection.table_exists(None, table)?)
}
