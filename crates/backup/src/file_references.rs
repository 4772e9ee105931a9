//! Compares the static files with the rows that refer to them.

use inventory::sqlite::Reference;
use inventory::static_files::FileKind;

/// The references of the rows, and which of them have a file.
pub(crate) struct FileReferences<'a> {
    references: &'a [Reference],
    present: Vec<bool>,
}

impl<'a> FileReferences<'a> {
    /// Begins a comparison with these references, which must be sorted.
    pub(crate) fn new(references: &'a [Reference]) -> Self {
        Self { references, present: vec![false; references.len()] }
    }

    /// Marks the references to an existing file, and returns whether there is one.
    ///
    /// Follows the rule of [`Reference::matches`] without comparing every file with every reference: the extension of an image may
    /// be missing, and the stem of its name may contain dots.
    pub(crate) fn mark(&mut self, kind: FileKind, path: &str) -> bool {
        let mut is_referenced = self.mark_exactly(kind, path);
        if kind == FileKind::Images {
            let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
            for (dot, _) in path[name_at..].match_indices('.') {
                is_referenced |= self.mark_exactly(kind, &path[..name_at + dot]);
            }
        }
        is_referenced
    }

    fn mark_exactly(&mut self, kind: FileKind, path: &str) -> bool {
        let found = self.references.binary_search_by(|r| (r.kind, r.path.as_str()).cmp(&(kind, path)));
        found.is_ok_and(|place| {
            self.present[place] = true;
            true
        })
    }

    /// Returns the paths below the static folder to which rows refer, and at which no file was marked.
    pub(crate) fn missing(self) -> Vec<String> {
        let missing = self.references.iter().zip(self.present).filter(|(_, present)| !present);
        missing.map(|(reference, _)| format!("{}/{}", reference.kind.folder(), reference.path)).collect()
    }
}
