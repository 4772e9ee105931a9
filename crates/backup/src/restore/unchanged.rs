//! Live files that are as the archive has them: a restore leaves them alone, so they must still be so
//! when it commits.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

use inventory::static_files::FileKind;

use crate::Error;

/// Those of one folder. There can be many, so their names lie in one text, one behind the other.
#[derive(Debug)]
pub(super) struct UnchangedFiles {
    kind: FileKind,
    names: String,
    files: Vec<Seen>,
}

#[derive(Debug)]
struct Seen {
    name_ends: usize,
    size: u64,
    modified: Option<SystemTime>,
}

impl UnchangedFiles {
    pub(super) fn of(kind: FileKind) -> Self {
        Self { kind, names: String::new(), files: Vec::new() }
    }

    pub(super) fn add(&mut self, name: &str, seen: &Metadata) {
        self.names.push_str(name);
        let modified = seen.modified().ok();
        self.files.push(Seen { name_ends: self.names.len(), size: seen.len(), modified });
    }

    /// Refuses when a file is no longer the one that was compared.
    pub(super) fn check(&self, static_files: &Path) -> Result<(), Error> {
        let folder = static_files.join(self.kind.folder());
        let mut name_begins = 0;
        for Seen { name_ends, size, modified } in &self.files {
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
