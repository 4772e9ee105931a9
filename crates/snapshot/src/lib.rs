//! SQLite files: copy a database in use as of one moment, check and digest a copy, strip it of code,
//! and put it in place of the live database in a single transaction. The one crate that uses rusqlite.
//!
//! What this crate must never know: the domain (its tables, its migrations), archives, PostgreSQL.
//!
//! Every function blocks, works on a path, and closes what it opens. The live database is never opened
//! other than through SQLite: closing any other descriptor of the file would drop the locks that this
//! process holds on it (<https://sqlite.org/howtocorrupt.html>, 2.2).
//!
//! Reading order: [`Error`], `connection` (how databases in use and copies from outside are opened),
//! `copy` (out of the live database and back into it), `check`, `digest`, `compare`; then what computes in a schema:
//! `objects`, `strip`, `harmless` (which of it an archive may bring back) and `put_back`.

mod check;
mod compare;
mod connection;
mod copy;
mod digest;
mod error;
mod flatten;
mod harmless;
mod large_value;
mod objects;
mod put_back;
mod strip;

pub use check::{Inspection, TableDigest, Violation, inspect};
pub use compare::{RowChanges, compare_rows};
pub use connection::{
    DatabaseState, explain, open_copy, open_live_reader, probe_database, row_counts, tables, version,
};
pub use copy::{CopyReport, Progress, ReplaceOutcome, Watch, replace, salvage, snapshot, use_wal};
pub use digest::digest;
pub use error::Error;
pub use large_value::{LargeValue, find_large_value};
pub use objects::{OBJECTS_TABLE, ObjectKind, SchemaObject, carried_objects, carry_objects, live_objects};
pub use put_back::{PutBack, generated_names, may_come_back, put_back};
pub use strip::strip;
// The SQL of the domain runs on connections that this crate opened, with its settings.
pub use rusqlite::{self as sql};
