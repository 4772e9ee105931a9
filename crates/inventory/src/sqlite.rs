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
pub use people::users_with_default_password;
pub(crate) use prepare::has_marker;
pub use prepare::{Preparation, PreparationReport, prepare};
pub(crate) use recognise::check_replaceable;
pub use recognise::{Inspection, inspect};
pub use redact::{RedactedPasswords, redact};
pub use references::{Reference, references};
pub use snapshot::{
    CopyReport, DatabaseState, OBJECTS_TABLE, ObjectKind, Progress, PutBack, ReplaceOutcome, RowChanges,
    SchemaObject, TableDigest, Violation, Watch, carry_objects, generated_names, may_come_back, version,
};
pub(crate) use strip::live_objects;
pub use strip::strip;
