//! Opens regular files only: opening a named pipe blocks until there is a writer, and opening a device can
//! have side effects.

use std::fs::{File, FileType, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Opens folders as well, like [`File::open`].
///
/// # Errors
/// The errors of [`File::open`], and [`NotAFile`] as the inner error for pipes, sockets and devices.
pub fn open(path: &Path) -> io::Result<File> {
    // Checked before opening, which alone may have a side effect, and again afterwards, since the file may have been
    // replaced.
    check(path.metadata()?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nonblocking.cast_signed());
    }
    let file = options.open(path)?;
    check(file.metadata()?.file_type())?;
    Ok(file)
}

/// Reads a whole regular file.
///
/// # Errors
/// The errors of [`open`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut open(path)?, &mut bytes)?;
    Ok(bytes)
}

/// The path leads to something that is neither a file nor a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is {kind}, not a file")]
pub struct NotAFile {
    /// What the path leads to, with its article: "a named pipe".
    pub kind: &'static str,
}

impl NotAFile {
    /// Returns the [`NotAFile`] inside an error of [`open`] or [`read`].
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

/// Refuses everything that is neither a file nor a folder.
///
/// # Errors
/// [`NotAFile`], as the inner error.
pub fn check(file_type: FileType) -> io::Result<()> {
    match special_kind(file_type) {
        Some(kind) => Err(io::Error::new(io::ErrorKind::InvalidInput, NotAFile { kind })),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn special_kind(file_type: FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kinds = [
        (file_type.is_fifo(), "a named pipe"),
        (file_type.is_socket(), "a socket"),
        (file_type.is_char_device() || file_type.is_block_device(), "a device"),
    ];
    kinds.into_iter().find(|(is_it, _)| *is_it).map(|(_, kind)| kind)
}

#[cfg(not(unix))]
fn special_kind(_: FileType) -> Option<&'static str> {
    None
}
