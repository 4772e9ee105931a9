//! SQLite operations for the backup engine: recognises and checks a copy of a MakerMatrix database, and prepares it for an
//! archive or for a restore. The crate [`snapshot`] copies, checks and replaces files without knowledge of the domain.

mod category_tree;
mod default_passwords;
mod part_changes;
mod prepare;
mod recognise;
mod redact;
mod references;
mod stock;
mod strip;

pub use category_tree::inspect_and_remove_orphans;
pub use default_passwords::users_with_default_password;
pub(crate) use part_changes::part_changes;
pub use part_changes::{ChangedPart, ChangedParts, PartChanges};
pub(crate) use prepare::has_marker;
pub use prepare::{MARKER_TABLE, Preparation, PreparationReport, TASK_TABLE, TRANSIENT_TABLES, prepare};
pub(crate) use recognise::check_replaceable;
pub use recognise::{Inspection, inspect};
pub use redact::{RedactedPasswords, redact};
pub use references::{Reference, references};
pub use snapshot::{
    ChangeDetector, CopyReport, DatabaseState, OBJECTS_TABLE, ObjectKind, Progress, RecreatedObjects,
    ReplaceOutcome, RowChanges, SchemaObject, TableDigest, Violation, generated_column_names,
    may_be_recreated, store_objects, version,
};
pub use stock::check_stock;
pub(crate) use strip::live_objects;
pub use strip::strip;
