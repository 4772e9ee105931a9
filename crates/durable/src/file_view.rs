//! Reads an open file from several threads at the same time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

/// An open file with a position of its own: clones of it do not move each other's position, and all read the same file, even if another one
/// has taken its name.
#[derive(Debug, Clone)]
pub struct FileView {
    file: Arc<File>,
    position: u64,
}

impl FileView {
    /// Returns a view of a file, from its beginning.
    pub fn new(file: File) -> Self {
        Self { file: Arc::new(file), position: 0 }
    }

    /// Returns the file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Read for FileView {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let n = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.position)?;
        #[cfg(windows)]
        let n = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.position)?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for FileView {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match to {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(offset) => (self.position, offset),
            SeekFrom::End(offset) => (self.file.metadata()?.len(), offset),
        };
        self.position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_have_positions_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"0123456789").unwrap();
        let mut first = FileView::new(File::open(&path).unwrap());
        let mut second = first.clone();
        let mut bytes = [0; 4];
        first.read_exact(&mut bytes).unwrap();
        second.seek(SeekFrom::End(-2)).unwrap();
        first.read_exact(&mut bytes).unwrap();
        assert_eq!(&bytes, b"4567");
        assert_eq!(second.read(&mut bytes).unwrap(), 2);
        assert_eq!(&bytes[..2], b"89");
        assert_eq!(second.read(&mut bytes).unwrap(), 0);
        assert!(second.seek(SeekFrom::Current(-11)).is_err());
    }
}
