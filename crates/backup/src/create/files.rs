//! The files of a backup: which belong to the moment of the snapshot, and which are missing from it.

use std::collections::{BTreeSet, HashSet};

use archive::LeftOut;
use inventory::StaticFiles;
use inventory::sqlite::Reference;
use inventory::static_files::{FileKind, StaticFile};

use crate::Error;

use super::BackupOptions;

impl BackupOptions {
    pub(super) fn includes(&self, kind: FileKind) -> bool {
        match kind {
            FileKind::Datasheets => self.datasheets,
            FileKind::Images => self.images,
        }
    }
}

/// The files of the included folders, and what could not be taken.
pub(super) struct Listed {
    pub(super) files: BTreeSet<(FileKind, StaticFile)>,
    pub(super) left_out: Vec<LeftOut>,
}

pub(super) fn list(static_files: &StaticFiles, kinds: &[FileKind]) -> Result<Listed, Error> {
    let mut listed = Listed { files: BTreeSet::new(), left_out: Vec::new() };
    for &kind in kinds {
        let found = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        let mut leave = |path: &str, why: String| {
            listed.left_out.push(LeftOut { what: format!("{}/{path}", kind.folder()), why });
        };
        found.unusable.iter().for_each(|(path, why)| leave(path, (*why).to_owned()));
        for file in found.files {
            match archive::name::check(&format!("{}/{}", kind.folder(), file.path)) {
                Ok(()) => drop(listed.files.insert((kind, file))),
                Err(fault) => leave(&file.path, fault.to_string()),
            }
        }
    }
    Ok(listed)
}

/// Files that were there before the moment of the snapshot, and those that its rows refer to.
pub(super) fn choose(
    before: &Listed,
    after: &Listed,
    references: &[Reference],
) -> Vec<(FileKind, StaticFile)> {
    let referenced = |kind: FileKind, path: &str| {
        references.iter().any(|reference| reference.kind == kind && reference.matches(path))
    };
    let known: HashSet<(FileKind, &str)> =
        before.files.iter().map(|(kind, file)| (*kind, file.path.as_str())).collect();
    // A file that is only in `before` stays in the list: reading it then tells that it vanished.
    let mut files: Vec<(FileKind, StaticFile)> = before.files.iter().cloned().collect();
    let newcomers = after.files.iter().filter(|(kind, file)| !known.contains(&(*kind, file.path.as_str())));
    files.extend(newcomers.filter(|(kind, file)| referenced(*kind, &file.path)).cloned());
    files.sort();
    files
}

/// References to files that do not exist, in whichever folder.
pub(super) fn dangling(static_files: &StaticFiles, references: &[Reference]) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    for kind in FileKind::ALL {
        let listing = static_files.list(kind).map_err(Error::live(static_files.root()))?;
        let mut present: HashSet<&str> = HashSet::new();
        for file in &listing.files {
            present.insert(&file.path);
            if kind == FileKind::Images {
                let name_at = file.path.rfind('/').map_or(0, |slash| slash + 1);
                // As `Reference::matches` has it: the name may have dots of its own.
                let dots = file.path[name_at..].match_indices('.');
                present.extend(dots.map(|(dot, _)| &file.path[..name_at + dot]));
            }
        }
        let of_kind = references.iter().filter(|reference| reference.kind == kind);
        let absent = of_kind.filter(|reference| !present.contains(reference.path.as_str()));
        missing.extend(absent.map(|reference| format!("{}/{}", kind.folder(), reference.path)));
    }
    Ok(missing)
}
