//! The records at the end of an archive. `rawzip` needs them only to find the directory; other
//! programs believe what they say of its size, its entries and the disks they lie on. All of them
//! must see the same archive, so all of it must be true.

use rawzip::{ReaderAt, ZipArchive};

use crate::error::{Corruption, Error, Refusal};

const END: u64 = 22;
const LOCATOR: u64 = 20;
/// The zip64 record, up to its own size field, and in full.
const RECORD_HEAD: u64 = 12;
const RECORD: u64 = 56;

/// What the directory really is.
pub(super) struct Directory {
    pub(super) entries: u64,
    pub(super) start: u64,
    /// Behind its last record.
    pub(super) end: u64,
}

/// Compares the records with the directory. Returns where bytes lie between them that are neither.
pub(super) fn check<R: ReaderAt>(
    zip: &ZipArchive<R>,
    found: &Directory,
) -> Result<Option<(u64, u64)>, Error> {
    let at = zip.eocd_offset();
    let end: Fields<{ END as usize }> = Fields::read(zip, at)?;
    let between = at.saturating_sub(found.end);
    let (disks, counts) = ([end.short(4), end.short(6)], [end.short(8), end.short(10)]);
    let size = end.long(12);
    let directory = found.end - found.start;
    let wide = between >= RECORD + LOCATOR && check_wide(zip, found, at)?;
    let deferred = |value: u64, largest: u64| wide && value == largest;
    if disks.iter().any(|&disk| disk != 0 && !deferred(disk, u16::MAX.into())) {
        return Err(Refusal::Split.into());
    }
    if let Some(said) = counts.iter().find(|&&n| n != found.entries && !deferred(n, u16::MAX.into())) {
        return Err(wrong_count(*said, found.entries));
    }
    // A signature of the directory, if there is one, may count as a part of it.
    let signed = if wide { directory } else { directory + between };
    if size != directory && size != signed && !deferred(size, u32::MAX.into()) {
        return Err(wrong_size(size, directory));
    }
    // It may begin later than it is said to, behind bytes put in front of the archive; never earlier.
    let offset = end.long(16);
    if offset > found.start && !deferred(offset, u32::MAX.into()) {
        let why = format!("it is announced at offset {offset} and begins at {}", found.start);
        return Err(Corruption::Directory { why }.into());
    }
    Ok((!wide && between > 0).then_some((found.end, between)))
}

/// Whether what lies between directory and end is a zip64 record with its locator; then they must be
/// true as well.
fn check_wide<R: ReaderAt>(zip: &ZipArchive<R>, found: &Directory, end: u64) -> Result<bool, Error> {
    let record: Fields<{ RECORD as usize }> = Fields::read(zip, found.end)?;
    let locator: Fields<{ LOCATOR as usize }> = Fields::read(zip, end - LOCATOR)?;
    let fits = record.wide(4).checked_add(RECORD_HEAD + LOCATOR) == Some(end - found.end);
    if !record.0.starts_with(b"PK\x06\x06") || !locator.0.starts_with(b"PK\x06\x07") || !fits {
        return Ok(false);
    }
    if record.long(16) != 0 || record.long(20) != 0 || locator.long(4) != 0 || locator.long(16) > 1 {
        return Err(Refusal::Split.into());
    }
    if let Some(said) = [record.wide(24), record.wide(32)].iter().find(|&&n| n != found.entries) {
        return Err(wrong_count(*said, found.entries));
    }
    if record.wide(40) != found.end - found.start {
        return Err(wrong_size(record.wide(40), found.end - found.start));
    }
    if record.wide(48) != found.start || locator.wide(8) != found.end {
        let why = "its zip64 records do not point to it".to_owned();
        return Err(Corruption::Directory { why }.into());
    }
    Ok(true)
}

pub(super) fn wrong_count(announced: u64, listed: u64) -> Error {
    let why = format!("it announces {announced} entries and lists {listed}");
    Corruption::Directory { why }.into()
}

fn wrong_size(announced: u64, real: u64) -> Error {
    let why = format!("it announces {announced} bytes and has {real}");
    Corruption::Directory { why }.into()
}

/// Bytes of the archive, as little-endian numbers.
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

    fn short(&self, at: usize) -> u64 {
        self.number(at, 2)
    }

    fn long(&self, at: usize) -> u64 {
        self.number(at, 4)
    }

    fn wide(&self, at: usize) -> u64 {
        self.number(at, 8)
    }
}

/// Refuses an entry that is said to lie on another disk. (`rawzip` does not show the field.)
pub(super) fn check_disk<R: ReaderAt>(zip: &ZipArchive<R>, record_at: u64) -> Result<(), Error> {
    const DISK: u64 = 34;
    let disk: Fields<2> = Fields::read(zip, record_at + DISK)?;
    if disk.short(0) == 0 { Ok(()) } else { Err(Refusal::Split.into()) }
}
