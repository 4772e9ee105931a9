//! The changes that a restore makes to static files. They are part of its plan and of its journal.

use inventory::static_files::FileKind;
use serde::Serialize;

/// The changes to the files of one folder.
#[derive(Debug, Clone, Serialize)]
pub struct FileChanges {
    /// The kind of files, which determines the folder.
    #[serde(serialize_with = "folder")]
    pub kind: FileKind,
    /// Files that do not exist now.
    pub add: Vec<String>,
    /// Files whose content differs now.
    pub replace: Vec<String>,
    /// Files that are not in the backup.
    pub remove: Vec<String>,
    /// Number of files that are already identical.
    pub unchanged: u64,
}

fn folder<S: serde::Serializer>(kind: &FileKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.folder())
}
