//! Archives that the original MakerMatrix made. They are not part of the project: where they are absent,
//! tests that need them report that they are skipped.

use std::path::PathBuf;

/// Returns the path of a sample, or reports that it is absent.
pub fn sample(path: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples");
    let found = folder.join(path);
    if found.exists() {
        return Some(found.canonicalize().expect("it exists"));
    }
    crate::skipped(&format!("there is no sample {path} (looked in {})", folder.display()));
    None
}
