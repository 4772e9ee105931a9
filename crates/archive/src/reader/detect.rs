//! Detects what a file is by its first bytes.

use std::io::{Read, Seek, SeekFrom};

use crate::error::{Error, Refusal, from_io};

use super::age_header;

/// The kinds of file that can contain an archive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    Zip,
    Age,
}

/// Returns what the file is.
///
/// # Errors
/// A [`Refusal`] that says what any other file looks like, so that the user can tell what it is.
pub(super) fn detect(source: &mut (impl Read + Seek), length: u64) -> Result<Container, Error> {
    if length == 0 {
        return Err(Refusal::Empty.into());
    }
    let mut start = Vec::new();
    source.seek(SeekFrom::Start(0))?;
    source.take(512).read_to_end(&mut start).map_err(from_io)?;
    let looks_like = match start.as_slice() {
        [b'P', b'K', 3, 4, ..] => return Ok(Container::Zip),
        [b'P', b'K', 5, 6, ..] => return Err(Refusal::NoDatabase.into()),
        [b'P', b'K', 7, 8, ..] => return Err(Refusal::Split.into()),
        s if s.starts_with(age_header::MAGIC) => return Ok(Container::Age),
        s if s.starts_with(age_header::ARMOR) => {
            "an age file in ASCII armor; decrypt it with `age -d` and use the zip that comes out"
        }
        s if s.starts_with(b"SQLite format 3\0") => "a SQLite database, not a backup of one",
        s if s.starts_with(b"\x1f\x8b") => "a gzip file",
        s if s.starts_with(b"7z\xbc\xaf\x27\x1c") => "a 7z archive",
        s if s.starts_with(b"%PDF") => "a PDF",
        s if s.len() > 262 && &s[257..262] == b"ustar" => "a tar archive",
        s if s.iter().all(|&byte| byte == 0) => "zeros, perhaps from an interrupted copy",
        s if s.iter().all(|&byte| matches!(byte, 9 | 10 | 13 | 32..=126)) => "a text file",
        _ => "none of the formats makermatrix knows",
    };
    Err(Refusal::NotAnArchive { looks_like }.into())
}
