//! Selects the files of a backup: those that belong to the moment of the snapshot. Finds references to missing files.

use std::path::Path;

use archive::name::NameFault;
use archive::{Omission, OmissionReason};
use durable::folder_of;
use inventory::StaticFiles;
use inventory::sqlite::Reference;
use inventory::static_files::{FileKind, StaticFile, Unusable};

use crate::Error;
use crate::file_references::FileReferences;

use super::BackupOptions;

impl BackupOptions {
    pub(super) fn includes(&self, kind: FileKind) -> bool {
        match kind {
            FileKind::Datasheets => self.datasheets,
            FileKind::Images => self.images,
        }
    }
}

/// The files of the included folders, sorted, and the entries that cannot be archived.
pub(super) struct FileListing {
    pub(super) files: Vec<(FileKind, StaticFile)>,
    pub(super) left_out: Vec<Omission>,
}

/// Lists the files of the given kinds.
pub(super) fn list_files(static_files: &StaticFiles, kinds: &[FileKind]) -> Result<FileListing, Error> {
    let mut listed = FileListing { files: Vec::new(), left_out: Vec::new() };
    for &kind in kinds {
        let found = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        let mut leave_out = |path: &str, why: OmissionReason| {
            listed.left_out.push(Omission { what: format!("{}/{path}", kind.folder()), why });
        };
        found.unusable.iter().for_each(|(path, why)| leave_out(path, reason_of(*why)));
        for file in found.files {
            match archive::name::check(&format!("{}/{}", kind.folder(), file.path)) {
                Ok(()) => listed.files.push((kind, file)),
                Err(fault) => leave_out(&file.path, OmissionReason::Name(fault)),
            }
        }
    }
    listed.files.sort_unstable();
    Ok(listed)
}

/// Lists the entries of the static folder that no backup includes. Returns nothing if the database is in the same
/// folder.
pub(super) fn list_unarchived(static_files: &StaticFiles, database: &Path) -> Result<Vec<Omission>, Error> {
    if folder_of(database) == static_files.root() {
        return Ok(Vec::new());
    }
    let unarchived = static_files.others().map_err(Error::live(static_files.root()))?;
    Ok(unarchived.into_iter().map(|what| Omission { what, why: OmissionReason::NotAStaticFile }).collect())
}

/// Returns why an unusable entry of a folder is not archived.
fn reason_of(unusable: Unusable) -> OmissionReason {
    match unusable {
        Unusable::NotUtf8 => OmissionReason::Name(NameFault::NotUtf8),
        Unusable::SymbolicLink => OmissionReason::SymbolicLink,
        Unusable::SpecialFile => OmissionReason::SpecialFile,
    }
}

/// Selects the files that existed before the snapshot, and those of the later ones to which its rows refer.
pub(super) fn select_files(
    before: Vec<(FileKind, StaticFile)>,
    mut after: Vec<(FileKind, StaticFile)>,
    references: &[Reference],
) -> Vec<(FileKind, StaticFile)> {
    let known = |kind: FileKind, path: &str| {
        before.binary_search_by(|(k, file)| (*k, file.path.as_str()).cmp(&(kind, path))).is_ok()
    };
    let referenced = |kind: FileKind, path: &str| {
        references.iter().any(|reference| reference.kind == kind && reference.matches(path))
    };
    after.retain(|(kind, file)| !known(*kind, &file.path) && referenced(*kind, &file.path));
    // A file that is only in `before` stays in the list, so that reading it reports that it vanished.
    let mut files = before;
    files.append(&mut after);
    files.sort_unstable();
    files
}

/// Returns the references to files that do not exist.
pub(super) fn dangling_references(
    static_files: &StaticFiles,
    references: &[Reference],
) -> Result<Vec<String>, Error> {
    let mut compared = FileReferences::new(references);
    for kind in FileKind::ALL {
        // Iterate over the files and mark references: a set of all names of all files would need more memory.
        let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        for StaticFile { path, .. } in &listing.files {
            compared.mark(kind, path);
        }
    }
    Ok(compared.missing())
}
