//! Copies a database as files, without changing anything in its folder. This is used for the database of another
//! program, and for a database on a read-only medium. SQLite would lock the database, roll back transactions, or create
//! files beside it. It does so on the copy instead.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use durable::{Disk, FileMode, regular_file, with_suffix};

use crate::{Error, space};

/// The suffixes of the database and of the files that SQLite needs beside it. SQLite recreates the shared memory
/// (`-shm`) from these.
const PARTS: [&str; 3] = ["", "-wal", "-journal"];

/// Maximum number of attempts while another program writes.
const MAX_ATTEMPTS: u32 = 5;

/// Copies the database files as of one moment. The copy is in the state that a power cut at that moment would leave,
/// from which SQLite recovers.
///
/// # Errors
/// [`Error::ImportBusy`] when another program wrote to the database during every attempt.
pub(crate) fn copy_database(disk: &Disk, from: &Path, to: &Path) -> Result<(), Error> {
    // Resolve links: SQLite keeps its files beside the database file itself.
    let from = from.canonicalize().map_err(Error::storage("read", from))?;
    copy_until_stable(disk, &from, to, &mut || {})
}

/// Copies the files until none of them changed during an attempt. `meanwhile` runs after each copy, for tests.
fn copy_until_stable(disk: &Disk, from: &Path, to: &Path, meanwhile: &mut dyn FnMut()) -> Result<(), Error> {
    for _ in 0..MAX_ATTEMPTS {
        let before = PARTS.map(|part| identity(&with_suffix(from, part)));
        for part in PARTS {
            copy(disk, &with_suffix(from, part), &with_suffix(to, part))?;
        }
        meanwhile();
        if PARTS.map(|part| identity(&with_suffix(from, part))) == before {
            return Ok(());
        }
    }
    Err(Error::ImportBusy { path: from.to_owned() })
}

/// Copies a file that may not exist, and removes a copy of an earlier attempt.
fn copy(disk: &Disk, from: &Path, to: &Path) -> Result<(), Error> {
    if to.exists() {
        disk.remove(to)?;
    }
    let failed = || Error::storage("read", from);
    let mut file = match regular_file::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed())?,
    };
    if let Some(folder) = to.parent() {
        space::require(folder, file.metadata().map_err(failed())?.len())?;
    }
    let mut copy = disk.create(to, FileMode::Private)?;
    io::copy(&mut file, &mut copy).map_err(Error::storage("copy", from))?;
    Ok(())
}

/// Returns the size and modification time of a file, which change whenever its content does.
fn identity(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    path.metadata().ok().map(|found: Metadata| (found.len(), found.modified().ok()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_changes_while_it_is_copied_is_copied_again_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from.db"), folder.path().join("to.db"));
        fs::write(&from, b"old").unwrap();
        fs::write(with_suffix(&from, "-journal"), b"hot").unwrap();
        let mut tries = 0;
        let mut once = || {
            tries += 1;
            if tries == 1 {
                fs::write(&from, b"newer").unwrap();
                fs::remove_file(with_suffix(&from, "-journal")).unwrap();
            }
        };
        copy_until_stable(&Disk::real(), &from, &to, &mut once).unwrap();
        assert_eq!((tries, fs::read(&to).unwrap()), (2, b"newer".to_vec()));
        assert!(!with_suffix(&to, "-journal").exists(), "that of the first try is gone");

        let mut always = || {
            let length = fs::read(&from).unwrap().len();
            fs::write(&from, vec![b'x'; length + 1]).unwrap();
        };
        let refused = copy_until_stable(&Disk::real(), &from, &to, &mut always);
        assert!(matches!(refused, Err(Error::ImportBusy { path }) if path == from));
    }
}
