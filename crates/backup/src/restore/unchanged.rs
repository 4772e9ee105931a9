//! Records the live files that are identical to those in the archive. A restore does not replace them, so they must
//! not change before the commit.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use inventory::static_files::FileKind;

use crate::Error;

/// The identical files of one folder. There can be many, so their names are stored in one string to save memory.
#[derive(Debug)]
pub(super) struct UnchangedFiles {
    kind: FileKind,
    names: String,
    files: Vec<FileRecord>,
}

/// The size and modification time of a file, and where its name ends in the string of all names.
#[derive(Debug)]
struct FileRecord {
    name_ends: usize,
    size: u64,
    modified: Option<SystemTime>,
}

impl UnchangedFiles {
    /// Creates an empty record for a folder.
    pub(super) fn of(kind: FileKind) -> Self {
        Self { kind, names: String::new(), files: Vec::new() }
    }

    /// Records an identical file, with its metadata.
    pub(super) fn add(&mut self, name: &str, metadata: &Metadata) {
        self.names.push_str(name);
        let modified = metadata.modified().ok();
        self.files.push(FileRecord { name_ends: self.names.len(), size: metadata.len(), modified });
    }

    /// Returns the record without the memory in reserve, once nothing is added any more.
    pub(super) fn shrunk(mut self) -> Self {
        self.names.shrink_to_fit();
        self.files.shrink_to_fit();
        self
    }

    /// Fails if a file has changed since it was compared.
    pub(super) fn check(&self, static_files: &Path) -> Result<(), Error> {
        let folder = static_files.join(self.kind.folder());
        let mut name_begins = 0;
        for FileRecord { name_ends, size, modified } in &self.files {
            let live = folder.join(&self.names[name_begins..*name_ends]);
            name_begins = *name_ends;
            let same = live.symlink_metadata().is_ok_and(|found| {
                found.is_file() && found.len() == *size && found.modified().ok() == *modified
            });
            if !same {
                return Err(Error::FileChanged { path: live });
            }
        }
        Ok(())
    }
}
