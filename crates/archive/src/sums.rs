//! The format of `SHA256SUMS`, which is that of `sha256sum`: one line per entry, with 64 hex digits,
//! two spaces and the name. `name::check` excludes all names that `sha256sum` would have to escape.

use std::io::BufRead;

use crate::error::{Corruption, Error, from_io};
use crate::hashing::Sha256Hex;

/// Returns the line for one entry.
pub(crate) fn line(name: &str, hash: &Sha256Hex) -> String {
    format!("{hash}  {name}\n")
}

/// Passes the name and hash of each line to `each`. An error that `each` returns is reported with
/// the number of the line.
pub(crate) fn parse(
    mut text: impl BufRead,
    mut each: impl FnMut(&str, Sha256Hex) -> Result<(), &'static str>,
) -> Result<(), Error> {
    let damaged = |why: String| Error::from(Corruption::Checksums { why });
    let mut line = Vec::new();
    let mut number = 0;
    while text.read_until(b'\n', &mut line).map_err(from_io)? > 0 {
        number += 1;
        let wrong = |why: &str| damaged(format!("line {number}: {why}"));
        let whole = std::str::from_utf8(&line).map_err(|_| damaged("it is not UTF-8".to_owned()))?;
        let whole = whole
            .strip_suffix('\n')
            .ok_or_else(|| damaged("the last line does not end with a line feed".to_owned()))?;
        let (hash, name) =
            whole.split_once("  ").ok_or_else(|| wrong("expected a hash, two spaces and a name"))?;
        hash.parse().and_then(|hash| each(name, hash)).map_err(wrong)?;
        line.clear();
    }
    Ok(())
}
