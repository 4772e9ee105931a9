//! What a restore does to the static files, by name: part of its plan, and of its journal.

use inventory::static_files::FileKind;
use serde::Serialize;

/// What happens to the files of one folder.
#[derive(Debug, Clone, Serialize)]
pub struct FileChanges {
    /// Which folder.
    #[serde(serialize_with = "folder")]
    pub kind: FileKind,
    /// Files that are not there now.
    pub add: Vec<String>,
    /// Files with another content now.
    pub replace: Vec<String>,
    /// Files that the backup does not have.
    pub remove: Vec<String>,
    /// How many are the same already.
    pub unchanged: u64,
}

fn folder<S: serde::Serializer>(kind: &FileKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.folder())
}
