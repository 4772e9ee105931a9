//! Opens files for reading, and nothing but files: opening a named pipe waits for a writer for ever,
//! and opening a device can have effects.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Folders are opened as well, as [`File::open`] does.
///
/// # Errors
/// Those of [`File::open`], and [`NotAFile`] as the inner error for everything else that can lie
/// under a name.
pub fn open(path: &Path) -> io::Result<File> {
    // Before opening it, since that alone may have an effect; and after, in case it was exchanged.
    check(path.metadata()?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let never_wait = rustix::fs::OFlags::NONBLOCK.bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, never_wait.cast_signed());
    }
    let file = options.open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole regular file.
///
/// # Errors
/// As [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut open(path)?, &mut bytes)?;
    Ok(bytes)
}

/// Something that is neither a file nor a folder lies where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {kind}, not a file")]
pub struct NotAFile {
    /// What it is, with its article.
    pub kind: &'static str,
}

impl NotAFile {
    /// The fact inside an error of [`open`] or [`read`].
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// Refuses what is neither a file nor a folder.
///
/// # Errors
/// [`NotAFile`], as the inner error.
pub fn check(file_type: FileType) -> io::Result<()> {
    match special(file_type) {
        Some(kind) => Err(io::Error::new(io::ErrorKind::InvalidInput, NotAFile { kind })),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn special(file_type: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kinds = [
        (file_type.is_fifo(), "a named pipe"),
        (file_type.is_socket(), "a socket"),
        (file_type.is_char_device() || file_type.is_block_device(), "a device"),
    ];
    kinds.into_iter().find(|(is_it, _)| *is_it).map(|(_, kind)| kind)
}

#[cfg(not(unix))]
fn special(_: FileType) -> Option<&'static str> {
    None
}
