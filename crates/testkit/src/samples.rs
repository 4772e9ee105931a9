//! Archives that the original MakerMatrix made. They are no part of the project: tests read them
//! where they are, and say that they skip where they are not.

use std::path::PathBuf;

/// A file or folder among the samples, or `None` and a line that says so.
pub fn sample(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let found = folder.join(path);
    if found.exists() {
        return Some(found.canonicalize().expect("it exists"));
    }
    crate::skipped(&format!("there is no sample {path} (looked in {})", folder.display()));
    None
}
