//! What the backup engine needs of SQLite, and nothing else does: copy a database in use as of one
//! moment, check and digest a copy, make a copy fit to go live, and put it in place of the live one
//! in a single transaction.
//!
//! Everything here blocks, works on a path, and closes what it opens. The live database is never
//! opened other than through SQLite: closing any other descriptor of the file would drop the locks
//! that this process holds on it.
//!
//! PostgreSQL will stand beside this as `postgres`, with [`snapshot`] and [`replace`] of its own;
//! what works on a copy serves both, because the copy is always SQLite.

mod category_tree;
mod check;
mod compare;
mod connection;
mod copy;
mod digest;
mod people;
mod prepare;
mod printable;
mod redact;
mod references;
mod strip;

pub use category_tree::inspect_tidied;
pub use check::{Inspection, TableDigest, Violation, check_replaceable, inspect};
pub use compare::{RowChanges, compare_rows};
pub use connection::{Live, live_state, row_counts, version};
pub(crate) use connection::{explain, open_live_reader};
pub use copy::{Copied, Progress, Replaced, Watch, replace, salvage, snapshot};
pub use people::users_with_password;
pub use prepare::{Preparation, Prepared, has_marker, prepare};
pub use printable::printable;
pub use redact::redact;
pub(crate) use redact::redact_live;
pub use references::{Reference, references};
pub use strip::strip;
