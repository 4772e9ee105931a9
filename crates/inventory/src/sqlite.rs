//! SQLite operations for the backup engine: recognises and checks a copy of a MakerMatrix database, and prepares it for an
//! archive or for a restore. The crate [`snapshot`] copies, checks and replaces files without knowledge of the domain.

mod category_tree;
mod default_passwords;
mod prepare;
mod recognise;
mod redact;
mod references;
mod strip;

pub use category_tree::inspect_and_remove_orphans;
pub use default_passwords::users_with_password;
pub use prepare::{Preparation, PreparationReport, has_marker, prepare};
pub use recognise::{Inspection, check_replaceable, inspect};
pub use redact::redact;
pub use references::{Reference, references};
pub use snapshot::{
    ChangeDetector, CopyReport, DatabaseState, OBJECTS_TABLE, ObjectKind, Progress, RecreatedObjects,
    ReplaceOutcome, RowChanges, SchemaObject, TableDigest, Violation, compare_rows, generated_column_names,
    may_be_recreated, probe_database, replace, row_counts, salvage, snapshot, store_objects, version,
};
pub use strip::{live_objects, strip};
