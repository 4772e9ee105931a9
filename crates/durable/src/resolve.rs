//! Resolves each file to one path. The lock and the journal of a file are named after its path, so all processes find
//! them only if all of them use the same path.

use std::io;
use std::path::{Path, PathBuf};

use crate::folder_of;

/// The largest number of symbolic links that are followed. Linux follows 40.
const MAX_LINKS: u32 = 40;

/// Returns the target of `path` without symbolic links, whether or not the target exists. Returns a path
/// without links unchanged: a relative path stays relative.
///
/// # Errors
/// When a folder cannot be read, or the links form a loop.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    let real = follow(path, 0)?;
    let unchanged = std::path::absolute(path).is_ok_and(|absolute| absolute == real);
    Ok(if unchanged { path.to_owned() } else { real })
}

fn follow(path: &Path, links: u32) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    let above = folder_of(path);
    let Some(name) = path.file_name() else { return Err(io::ErrorKind::NotFound.into()) };
    match path.read_link() {
        Ok(_) if links == MAX_LINKS => Err(io::Error::other("its symbolic links form a loop")),
        // A link whose target does not exist yet.
        Ok(target) => follow(&above.join(target), links + 1),
        Err(_) if above == path => Err(io::ErrorKind::NotFound.into()),
        Err(_) => Ok(follow(above, links)?.join(name)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn all_paths_of_a_file_resolve_to_the_same_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().canonicalize().unwrap().join(path);
        fs::create_dir_all(at("real")).unwrap();
        fs::write(at("real/x.db"), b"x").unwrap();
        symlink("../real/x.db", at("real/file_link")).unwrap();
        symlink("real", at("folder_link")).unwrap();
        symlink("real/none.db", at("to_nothing")).unwrap();
        symlink("circle", at("circle")).unwrap();
        for (path, real) in [
            ("real/x.db", "real/x.db"),
            ("real/file_link", "real/x.db"),
            ("folder_link/file_link", "real/x.db"),
            ("real/../folder_link/x.db", "real/x.db"),
            ("folder_link/new/none.db", "real/new/none.db"),
            ("to_nothing", "real/none.db"),
        ] {
            assert_eq!(resolve(&at(path)).unwrap(), at(real), "{path}");
        }
        assert!(resolve(&at("circle")).is_err());
        assert_eq!(resolve(Path::new("not/there.db")).unwrap(), Path::new("not/there.db"));
    }
}
