//! Snapshots of SQLite databases: copies a live database consistently, checks and digests a copy, removes executable
//! definitions from it, and replaces the live database in a single transaction. The only crate that depends on rusqlite.
//!
//! What this crate must never know: the domain (its tables, its migrations), archives, PostgreSQL.
//!
//! Every function blocks, works on a path, and closes the files it opens. The live database is only opened
//! through SQLite: closing any other descriptor of the file would drop the locks that this process holds on
//! it (<https://sqlite.org/howtocorrupt.html>, 2.2).
//!
//! Reading order: [`Error`], `connection` (opens live databases and untrusted copies), `copy` (copies out of the live
//! database and back into it), `check`, `digest`, `compare`; then the executable definitions of a schema: `objects`,
//! `strip`, `allowlist` (the definitions that may be recreated) and `recreate`.

mod allowlist;
mod check;
mod compare;
mod connection;
mod copy;
mod digest;
mod error;
mod large_value;
mod objects;
mod rebuild;
mod recreate;
mod strip;

pub use check::{Inspection, TableDigest, Violation, inspect};
pub use compare::{RowChanges, compare_rows};
pub use connection::{
    DatabaseState, open_copy, open_live_reader, probe_database, row_counts, sqlite_error, tables, version,
};
pub use copy::{ChangeDetector, CopyReport, Progress, ReplaceOutcome, replace, salvage, snapshot, use_wal};
pub use digest::digest;
pub use error::Error;
pub use large_value::{LargeValue, find_large_value};
pub use objects::{OBJECTS_TABLE, ObjectKind, SchemaObject, live_objects, store_objects, stored_objects};
pub use recreate::{RecreatedObjects, generated_column_names, may_be_recreated, recreate_objects};
pub use strip::strip;
// Other crates run their SQL on connections that this crate opened and configured.
pub use rusqlite::{self as sql};
