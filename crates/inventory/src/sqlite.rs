//! What the backup engine needs of a MakerMatrix database in SQLite: recognise and check a copy, make it
//! fit for an archive, and make it fit to go live. How a file is copied, checked and replaced is in
//! [`snapshot`], which knows nothing of the domain.

mod category_tree;
mod people;
mod prepare;
mod recognise;
mod redact;
mod references;
mod strip;

pub use category_tree::inspect_tidied;
pub use people::users_with_password;
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
