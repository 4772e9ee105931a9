//! Checks the records at the end of an archive. `rawzip` uses them only to find the directory, but
//! other programs rely on what they state about its size, its entries and the disks it lies on. All
//! programs must see the same archive, so every statement must be true.

use rawzip::{ReaderAt, ZipArchive};

use durable::counted;

use crate::error::{Corruption, Error, Refusal};

/// The length of the end record without its comment.
const END: u64 = 22;
/// The length of the zip64 locator.
const LOCATOR: u64 = 20;
/// The length of the zip64 record up to and including its own size field.
const RECORD_HEAD: u64 = 12;
/// The length of the zip64 record.
const RECORD: u64 = 56;

/// The true extent of the directory.
pub(super) struct DirectoryExtent {
    pub(super) entries: u64,
    pub(super) start: u64,
    /// The offset behind the last record.
    pub(super) end: u64,
}

impl DirectoryExtent {
    fn length(&self) -> u64 {
        self.end - self.start
    }
}

/// Compares the end records with the directory. Returns the offset and the number of bytes between the
/// directory and the end record that belong to neither, if there are any.
pub(super) fn check<R: ReaderAt>(
    zip: &ZipArchive<R>,
    directory: &DirectoryExtent,
) -> Result<Option<(u64, u64)>, Error> {
    let end_offset = zip.eocd_offset();
    let end: Fields<{ END as usize }> = Fields::read(zip, end_offset)?;
    let between = end_offset.saturating_sub(directory.end);
    let (disks, counts) = ([end.u16(4), end.u16(6)], [end.u16(8), end.u16(10)]);
    let (size, offset) = (end.u32(12), end.u32(16));
    let zip64 = between >= RECORD + LOCATOR && check_zip64(zip, directory, end_offset)?;
    // The largest value of a field refers to the zip64 record.
    let deferred = |value: u64, largest: u64| zip64 && value == largest;
    if disks.iter().any(|&disk| disk != 0 && !deferred(disk, u16::MAX.into())) {
        return Err(Refusal::Split.into());
    }
    if let Some(stated) = counts.iter().find(|&&n| n != directory.entries && !deferred(n, u16::MAX.into())) {
        return Err(wrong_count(*stated, directory.entries));
    }
    // A signature behind the directory may count as a part of it.
    let signed = if zip64 { directory.length() } else { directory.length() + between };
    if size != directory.length() && size != signed && !deferred(size, u32::MAX.into()) {
        return Err(wrong_size(size, directory.length()));
    }
    // The directory may begin later than stated, if bytes were put in front of the archive; never earlier.
    if offset > directory.start && !deferred(offset, u32::MAX.into()) {
        let why = format!("it is announced at offset {offset} and begins at {}", directory.start);
        return Err(Corruption::Directory { why }.into());
    }
    Ok((!zip64 && between > 0).then_some((directory.end, between)))
}

/// Returns whether the bytes between the directory and the end record are a zip64 record and its
/// locator. If they are, their statements must be true as well.
fn check_zip64<R: ReaderAt>(
    zip: &ZipArchive<R>,
    directory: &DirectoryExtent,
    end_offset: u64,
) -> Result<bool, Error> {
    let record: Fields<{ RECORD as usize }> = Fields::read(zip, directory.end)?;
    let locator: Fields<{ LOCATOR as usize }> = Fields::read(zip, end_offset - LOCATOR)?;
    let fits = record.u64(4).checked_add(RECORD_HEAD + LOCATOR) == Some(end_offset - directory.end);
    if !record.0.starts_with(b"PK\x06\x06") || !locator.0.starts_with(b"PK\x06\x07") || !fits {
        return Ok(false);
    }
    if record.u32(16) != 0 || record.u32(20) != 0 || locator.u32(4) != 0 || locator.u32(16) > 1 {
        return Err(Refusal::Split.into());
    }
    if let Some(stated) = [record.u64(24), record.u64(32)].iter().find(|&&n| n != directory.entries) {
        return Err(wrong_count(*stated, directory.entries));
    }
    if record.u64(40) != directory.length() {
        return Err(wrong_size(record.u64(40), directory.length()));
    }
    if record.u64(48) != directory.start || locator.u64(8) != directory.end {
        let why = "its zip64 records do not point to it".to_owned();
        return Err(Corruption::Directory { why }.into());
    }
    Ok(true)
}

/// Returns the error about a directory that lists another number of entries than it announces.
pub(super) fn wrong_count(announced: u64, listed: u64) -> Error {
    let why = format!("it announces {} and lists {listed}", counted(announced, "entry"));
    Corruption::Directory { why }.into()
}

fn wrong_size(announced: u64, real: u64) -> Error {
    let why = format!("it announces {} and has {real}", counted(announced, "byte"));
    Corruption::Directory { why }.into()
}

/// A record of the archive, whose fields are little-endian numbers.
struct Fields<const N: usize>([u8; N]);

impl<const N: usize> Fields<N> {
    fn read<R: ReaderAt>(zip: &ZipArchive<R>, at: u64) -> Result<Self, Error> {
        let mut bytes = [0; N];
        zip.get_ref().read_exact_at(&mut bytes, at)?;
        Ok(Self(bytes))
    }

    fn number(&self, at: usize, width: usize) -> u64 {
        self.0[at..at + width].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    fn u16(&self, at: usize) -> u64 {
        self.number(at, 2)
    }

    fn u32(&self, at: usize) -> u64 {
        self.number(at, 4)
    }

    fn u64(&self, at: usize) -> u64 {
        self.number(at, 8)
    }
}

/// Refuses an entry that is stated to lie on another disk. (`rawzip` does not expose the field.)
pub(super) fn check_disk<R: ReaderAt>(zip: &ZipArchive<R>, record_at: u64) -> Result<(), Error> {
    const DISK: u64 = 34;
    let disk: Fields<2> = Fields::read(zip, record_at + DISK)?;
    if disk.u16(0) == 0 { Ok(()) } else { Err(Refusal::Split.into()) }
}
