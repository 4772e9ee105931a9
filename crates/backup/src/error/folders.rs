//! Errors for users who must not learn where the inventory is.

use std::path::PathBuf;

use super::Error;

impl Error {
    /// Returns the error with the names of files instead of their paths, for users elsewhere, who must not learn the folders of
    /// the machine.
    #[must_use]
    pub fn without_folders(mut self) -> Self {
        self.paths_mut().into_iter().for_each(shorten);
        match &mut self {
            Self::ArchivedDatabase { source, .. }
            | Self::LiveDatabase { source, .. }
            | Self::ImportedDatabase { source, .. } => shorten_source(source),
            Self::SafetyBackup { source } | Self::Unfinished { source } | Self::Undecided { source } => {
                let inner = std::mem::replace(&mut **source, Self::Cancelled);
                **source = inner.without_folders();
            }
            _ => {}
        }
        self
    }

    /// Returns all paths in the error itself. Lists every variant, so that none is forgotten.
    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::ArchiveNotFound { path }
            | Self::ArchiveIsFolder { path }
            | Self::ArchiveNotAFile { path, .. }
            | Self::Archive { path, .. }
            | Self::ArchivedDatabase { path, .. }
            | Self::Mismatch { path, .. }
            | Self::Rescue { path, .. }
            | Self::Violations { path, .. }
            | Self::NoDatabase { path }
            | Self::EmptyDatabase { path }
            | Self::LiveDatabase { path, .. }
            | Self::NoOutput { path }
            | Self::NameTaken { path }
            | Self::NotEncrypted { path }
            | Self::NoEnv { path }
            | Self::Vanished { path }
            | Self::PathNotText { path }
            | Self::HardLinks { path, .. }
            | Self::FileBusy { path }
            | Self::ChangedMeanwhile { path }
            | Self::InTheWay { path, .. }
            | Self::FileChanged { path }
            | Self::OutputAmongFiles { path }
            | Self::ImportedDatabase { path, .. }
            | Self::ImportNoFiles { path }
            | Self::ImportNotFound { path }
            | Self::ImportBusy { path }
            | Self::Journal { path, .. }
            | Self::Storage { path, .. } => vec![path],
            Self::NoSuchArchive { name, folder } => vec![name, folder],
            Self::NoBackups { folder } | Self::NothingToUndo { folder } => vec![folder],
            Self::AmbiguousArchive { name, found } => found.iter_mut().chain([name]).collect(),
            Self::NotProven { path, scratch, .. } => vec![path, scratch],
            Self::NoSafetyBackup { missing, .. } => missing.iter_mut().collect(),
            Self::ImportNothing { path, newest } => newest.iter_mut().chain([path]).collect(),
            Self::ImportSeveral { found, .. } => found.iter_mut().collect(),
            Self::ImportSame { path, database } => vec![path, database],
            Self::DatabaseUrl { .. }
            | Self::EngineNotSupported { .. }
            | Self::Name { .. }
            | Self::UploadName { .. }
            | Self::UploadTooLarge { .. }
            | Self::MisleadingName { .. }
            | Self::EnvInTheClear
            | Self::EncryptionRequired { .. }
            | Self::TooManyRecipients { .. }
            | Self::Cancelled
            | Self::Locked { .. }
            | Self::NotSignedIn { .. }
            | Self::Forbidden { .. }
            | Self::SafetyBackup { .. }
            | Self::Unfinished { .. }
            | Self::Undecided { .. } => Vec::new(),
        }
    }
}

/// Replaces a path by the name of its file.
pub(crate) fn shorten(path: &mut PathBuf) {
    if let Some(name) = path.file_name() {
        *path = PathBuf::from(name);
    }
}

/// Replaces the path in an error of the inventory by the name of its file.
fn shorten_source(source: &mut inventory::Error) {
    use inventory::Error as Of;
    match source {
        Of::Io { path, .. }
        | Of::NotADatabase { path }
        | Of::Foreign { path, .. }
        | Of::MissingColumn { path, .. }
        | Of::Damaged { path, .. }
        | Of::ValueTooLarge { path, .. }
        | Of::Replaced { path }
        | Of::Busy { path } => shorten(path),
        _ => {}
    }
}
