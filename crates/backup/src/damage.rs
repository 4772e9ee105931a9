//! Distinguishes a damaged database from a machine that failed to read it. SQLite reports a malformed
//! database in both cases.

use std::io;
use std::path::Path;

use durable::regular_file;
use inventory::Error;

/// Runs `work` on a copy that only this process uses. If `work` reports damage, reads the whole copy, which
/// fails if the machine cannot read it, and then returns the result of running `work` again.
pub(crate) fn recheck_damage<T, E: Into<Error>>(
    copy: &Path,
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, Error> {
    match work().map_err(Into::into) {
        Err(error) if is_damage(&error) => {
            read_to_end_of(copy)?;
            work().map_err(Into::into)
        }
        other => other,
    }
}

/// Returns a read error in place of `error` if `error` reports damage but `check` finds none.
pub(crate) fn recheck_error(copy: &Path, error: Error, check: impl FnOnce() -> Result<(), Error>) -> Error {
    if !is_damage(&error) {
        return error;
    }
    match read_to_end_of(copy).and_then(|()| check()) {
        Ok(()) => Error::Io { path: copy.to_owned(), source: io::Error::other("it cannot be read reliably") },
        Err(found) => found,
    }
}

/// Returns whether an error reports a damaged database.
pub(crate) fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Damaged { .. } | Error::NotADatabase { .. })
}

/// Reads a file to its end.
fn read_to_end_of(copy: &Path) -> Result<(), Error> {
    let read = regular_file::open(copy).and_then(|mut file| io::copy(&mut file, &mut io::sink()));
    read.map(drop).map_err(|source| Error::Io { path: copy.to_owned(), source })
}
