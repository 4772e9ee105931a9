//! Telling a damaged database from a machine that could not read it. Where a read fails, SQLite calls
//! the database malformed, whoever is to blame.

use std::io;
use std::path::Path;

use durable::regular_file;
use inventory::Error;

/// Runs `work` on a copy that only this process uses. If that finds damage, reads the copy to its end,
/// which fails where the machine cannot read it, and runs `work` once more, whose outcome counts.
pub(crate) fn confirmed<T, E: Into<Error>>(
    copy: &Path,
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, Error> {
    match work().map_err(Into::into) {
        Err(error) if is_damage(&error) => {
            read_through(copy)?;
            work().map_err(Into::into)
        }
        other => other,
    }
}

/// Says that a copy could not be read, where `error` finds damage in it although `check` finds none.
pub(crate) fn unless_sound(copy: &Path, error: Error, check: impl FnOnce() -> Result<(), Error>) -> Error {
    if !is_damage(&error) {
        return error;
    }
    match read_through(copy).and_then(|()| check()) {
        Ok(()) => Error::Io { path: copy.to_owned(), source: io::Error::other("it cannot be read reliably") },
        Err(found) => found,
    }
}

/// Whether an error says that a database is damaged.
pub(crate) fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Damaged { .. } | Error::NotADatabase { .. })
}

fn read_through(copy: &Path) -> Result<(), Error> {
    let read = regular_file::open(copy).and_then(|mut file| io::copy(&mut file, &mut io::sink()));
    read.map(drop).map_err(|source| Error::Io { path: copy.to_owned(), source })
}
