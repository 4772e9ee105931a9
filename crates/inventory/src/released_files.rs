//! The files that rows no longer refer to. [`Work`](crate::Work) notes them when it commits, and
//! [`FileStore`](crate::files::FileStore) deletes those to which no other row refers.

use std::sync::{Arc, Mutex, PoisonError};

use crate::static_files::FileRef;

/// The files of an inventory that may be deleted. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReleasedFiles(Arc<Mutex<Vec<FileRef>>>);

impl ReleasedFiles {
    pub(crate) fn add(&self, files: Vec<FileRef>) {
        self.files().extend(files);
    }

    pub(crate) fn take(&self) -> Vec<FileRef> {
        std::mem::take(&mut self.files())
    }

    fn files(&self) -> std::sync::MutexGuard<'_, Vec<FileRef>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
