//! Brings a database up to date: an empty file, a database of any version of the original, or of an earlier version of this
//! program.
//!
//! All pending migrations are applied in one transaction, so a database is never between two versions. The table
//! `mm_migrations` records the applied migrations. The original ignores all tables named `mm_…`.

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

/// A database without this migration comes from the original, or from a version that left passwords in free pages.
pub(crate) const PASSWORDS: &str = "m0004_passwords";

const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The statement that creates the table of applied migrations, unchanged since the first version.
const CREATE_RECORD: &str = "CREATE TABLE IF NOT EXISTS \"mm_migrations\" \
                             ( \"version\" varchar NOT NULL PRIMARY KEY, \"applied_at\" bigint NOT NULL )";

/// All migrations, oldest first. Names must never change, since databases and archives record them.
const MIGRATIONS: [Migration; 9] = [
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
    Migration {
        name: "m0006_stock_movements",
        change: Change::Sql(include_str!("migration/m0006_stock_movements.sql")),
        is_missing: |connection| lacks_table(connection, "mm_stock_movement"),
        tables: Tables::These(&["mm_stock_movement"]),
    },
    Migration {
        name: "m0007_idempotency",
        change: Change::Sql(include_str!("migration/m0007_idempotency.sql")),
        is_missing: |connection| lacks_table(connection, "mm_idempotency"),
        tables: Tables::These(&["mm_idempotency"]),
    },
    Migration {
        name: "m0009_low_stock_limits",
        change: Change::Sql(include_str!("migration/m0009_low_stock_limits.sql")),
        is_missing: |connection| lacks_table(connection, "mm_low_stock_limit"),
        tables: Tables::These(&["mm_low_stock_limit"]),
    },
    Migration {
        name: "m0010_saved_views",
        change: Change::Sql(include_str!("migration/m0010_saved_views.sql")),
        is_missing: |connection| lacks_table(connection, "mm_saved_view"),
        tables: Tables::These(&["mm_saved_view"]),
    },
];

struct Migration {
    name: &'static str,
    change: Change,
    /// Returns whether the effect of the migration is missing, whatever is recorded.
    is_missing: fn(&Connection) -> sql::Result<bool>,
    tables: Tables,
}

enum Change {
    /// SQL statements, the same for every database.
    Sql(&'static str),
    /// A change that depends on the existing columns.
    Code(fn(&Transaction<'_>, &mut Vec<Adjustment>) -> Result<(), MigrationError>),
}

/// The tables whose rows or columns a migration may change.
enum Tables {
    All,
    These(&'static [&'static str]),
}

/// The migration state of a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// All migrations have been applied.
    Current,
    /// These migrations are pending, in the order in which they must be applied.
    Behind(Vec<String>),
    /// These applied migrations are unknown: a newer version wrote the database.
    Newer(Vec<String>),
}

/// The result of migrating a database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MigrationReport {
    /// The applied migrations, oldest first. Empty if the database was up to date.
    pub applied: Vec<String>,
    /// The changes that were necessary to fit the data into the current schema.
    pub adjustments: Vec<Adjustment>,
    /// The totals before the first migration.
    pub before: Census,
    /// The totals after the last migration.
    pub after: Census,
}

/// Returns the names of all migrations, oldest first.
pub fn names() -> Vec<&'static str> {
    MIGRATIONS.iter().map(|migration| migration.name).collect()
}

/// Returns whether one of the named migrations may change rows or columns of `table`.
pub fn may_change(names: &[String], table: &str) -> bool {
    let applied = MIGRATIONS.iter().filter(|migration| names.iter().any(|name| name == migration.name));
    // Each migration records its name.
    (table == "mm_migrations" && !names.is_empty())
        || applied.into_iter().any(|migration| match migration.tables {
            Tables::All => true,
            Tables::These(tables) => tables.contains(&table),
        })
}

/// Returns whether one of the named migrations may add rows to `table`.
pub fn may_add_rows(names: &[String], table: &str) -> bool {
    table.starts_with("mm_")
        || (names.iter().any(|name| name == "m0005_stock_by_location")
            && ["part_location_allocations", "locationmodel"].contains(&table))
}

/// Applies the pending migrations to the database at `path`, which must exist but may be empty. Applies either all of them
/// or none. Does not change the journal mode. Blocks.
///
/// # Errors
/// [`Error::Newer`] when a newer version wrote the database, [`Error::NotADatabase`], [`Error::Io`] when the file does not
/// exist, [`Error::Sqlite`] when a statement fails, [`Error::MissingColumn`].
pub fn migrate(path: &Path) -> Result<MigrationReport, Error> {
    // Uses a read-only connection, so that an up-to-date database is not changed.
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

/// Applies the pending migrations to an open database. `path` is used in messages.
pub(crate) fn apply(connection: &mut Connection, path: &Path) -> Result<MigrationReport, Error> {
    let failed = |error| sqlite_error(path, error);
    // Rebuilding a table must neither delete rows that refer to it nor rewrite the references. Neither setting can change
    // within a transaction.
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
    // Takes the write lock at once, so that no other program can apply migrations in between.
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
        // The clock of SQLite is sufficient: the time is informative, and nothing depends on it.
        let record = "INSERT INTO mm_migrations (version, applied_at) VALUES (?1, unixepoch())";
        transaction.execute(record, [migration.name])?;
    }
    report.after = Census::take(&transaction)?;
    report.applied = pending;
    transaction.commit()?;
    Ok(report)
}

/// Returns the migration state of the database at `path`. Only reads, and leaves no `-wal` file behind. In a database
/// without recorded migrations, such as one of the original, all migrations are pending. Does not check that the database
/// belongs to MakerMatrix.
///
/// # Errors
/// [`Error::Io`] when the file does not exist, [`Error::NotADatabase`], [`Error::Busy`], [`Error::Sqlite`].
pub fn pending(path: &Path) -> Result<SchemaState, Error> {
    fs::metadata(path).map_err(|error| Error::io(path, error))?;
    // Opens the file only through SQLite: closing any other descriptor would drop the locks of this process, see
    // <https://sqlite.org/howtocorrupt.html>.
    let connection = open_live_reader(path)?;
    Ok(state(&connection).map_err(|error| sqlite_error(path, error))?)
}

/// Returns the migration state of an open database, like [`pending`].
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

/// Returns the recorded migrations.
fn recorded(connection: &Connection) -> sql::Result<Vec<String>> {
    // A few more than the known migrations are enough to report unknown ones.
    const MAX_UNKNOWN: usize = 5;
    let limit = MIGRATIONS.len() + MAX_UNKNOWN;
    let sql = format!("SELECT substr(version, 1, 100) FROM mm_migrations ORDER BY version LIMIT {limit}");
    if lacks_table(connection, "mm_migrations")? {
        return Ok(Vec::new());
    }
    connection.prepare(&sql)?.query_map([], |row| row.get(0))?.collect()
}

/// Returns the migrations whose effect is missing, whatever is recorded.
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
