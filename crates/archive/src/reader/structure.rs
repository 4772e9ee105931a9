//! Checks everything about an archive that can be checked without decompressing it: names, sizes,
//! methods, limits, that both headers of each entry agree, and that no two entries share bytes.

use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipFileHeaderRecord};

use crate::error::{Corruption, Error, Refusal};
use crate::limits::Limits;
use crate::name::{self, NameFault, Role};

use super::end_of_central_directory::{self, DirectoryExtent};
use super::entry::Entry;
use super::headers::{check_extra_fields, check_local_header};
use super::zip_encryption::Cipher;

/// A directory that has passed all checks.
pub(super) struct CheckedDirectory {
    pub(super) entries: Vec<Entry>,
    /// The offset and length of the first run of bytes that belong to no entry.
    pub(super) stray: Option<(u64, u64)>,
}

/// Checks the structure of an archive of `length` bytes.
pub(super) fn check<R: ReaderAt>(
    zip: &ZipArchive<R>,
    length: u64,
    limits: &Limits,
) -> Result<CheckedDirectory, Error> {
    let announced = zip.entries_hint();
    check_count(announced, limits)?;
    let mut scan = Scan { zip, limits, entries: Vec::new(), extents: Vec::new(), total: 0 };
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let mut local_buffer = vec![0; 1 << 17];
    let mut records = zip.entries(&mut buffer);
    let mut directory =
        DirectoryExtent { entries: 0, start: zip.directory_offset(), end: zip.directory_offset() };
    while let Some(record) = records.next_entry()? {
        directory.entries += 1;
        check_count(directory.entries, limits)?;
        directory.end = end_of(&record);
        scan.add(&record, &mut local_buffer)?;
    }
    let Scan { mut entries, extents, total, .. } = scan;
    check_names(&entries)?;
    if directory.entries != announced {
        return Err(end_of_central_directory::wrong_count(announced, directory.entries));
    }
    let stray = check_extents(extents, &entries, zip, length)?;
    if total > limits.ratio_floor && total / limits.ratio > length {
        return Err(Refusal::TotalRatio { ratio: total / length.max(1), limit: limits.ratio }.into());
    }
    let between = end_of_central_directory::check(zip, &directory)?;
    entries.retain(|entry| !entry.name.ends_with('/'));
    Ok(CheckedDirectory { entries, stray: stray.or(between) })
}

fn check_count(found: u64, limits: &Limits) -> Result<(), Error> {
    if found > limits.entries {
        return Err(Refusal::TooManyEntries { found, limit: limits.entries }.into());
    }
    Ok(())
}

/// The records of the directory that have been checked so far.
struct Scan<'a, R> {
    zip: &'a ZipArchive<R>,
    limits: &'a Limits,
    entries: Vec<Entry>,
    extents: Vec<Extent>,
    /// The size of all entries together.
    total: u64,
}

/// The bytes of the file that an entry takes up, on which both of its headers agree.
struct Extent {
    start: u64,
    end: u64,
    /// The index of the entry. (Its name would take too much memory in a large archive.)
    entry: usize,
}

impl<R: ReaderAt> Scan<'_, R> {
    /// Checks one record, and adds its entry. The local header is read into `buffer`.
    fn add(&mut self, record: &ZipFileHeaderRecord<'_>, buffer: &mut [u8]) -> Result<(), Error> {
        /// The length of an empty content, deflated.
        const EMPTY_DEFLATED: u64 = 2;
        let name = checked_name(record.file_path().as_ref())?;
        check_kind(&name, record)?;
        end_of_central_directory::check_disk(self.zip, record.central_directory_offset())?;
        check_extra_fields(&name, record.extra_fields())?;
        let Method { deflated, cipher } = check_method(&name, record)?;
        let (size, compressed_size) = (record.uncompressed_size_hint(), record.compressed_size_hint());
        check_ratio(&name, size, compressed_size, self.limits)?;
        self.total = self.total.saturating_add(size);
        if self.total > self.limits.total_size {
            return Err(Refusal::TooLarge { found: self.total, limit: self.limits.total_size }.into());
        }
        let overhead = cipher.map_or(0, Cipher::overhead);
        if compressed_size < overhead || (!deflated && size != compressed_size - overhead) {
            return Err(Corruption::Headers { entry: name, about: "size" }.into());
        }
        let (start, end) = check_local_header(self.zip, &name, record, buffer)?;
        if name.ends_with('/') && (size != 0 || compressed_size > EMPTY_DEFLATED + overhead) {
            return Err(Refusal::Special { name, kind: "folder with content" }.into());
        }
        self.extents.push(Extent { start, end, entry: self.entries.len() });
        let (role, crc, location) = (Role::of(&name), record.crc32(), record.wayfinder());
        let (sha256, modified) = (None, None);
        self.entries.push(Entry {
            name,
            role,
            size,
            compressed_size,
            sha256,
            modified,
            deflated,
            cipher,
            crc,
            location,
        });
        Ok(())
    }
}

/// Returns the offset behind a record of the directory.
fn end_of(record: &ZipFileHeaderRecord<'_>) -> u64 {
    const FIXED: u64 = 46;
    let variable = record.file_path().as_ref().len()
        + record.extra_fields().remaining_bytes().len()
        + record.comment().as_bytes().len();
    record.central_directory_offset() + FIXED + variable as u64
}

/// Checks that no name occurs twice, and that none is both a file and the folder of other entries.
fn check_names(entries: &[Entry]) -> Result<(), Error> {
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::Duplicate { name: twice[0].to_owned() }.into());
    }
    // This covers folders as well: the name of each ends with a slash, so it lies below the same name
    // without one.
    for name in &names {
        let mut above = name.match_indices('/').map(|(slash, _)| &name[..slash]);
        if let Some(name) = above.find(|above| names.binary_search(above).is_ok()) {
            return Err(Refusal::FileAndFolder { name: name.to_owned() }.into());
        }
    }
    Ok(())
}

/// Returns the name of an entry if it is safe.
fn checked_name(raw: &[u8]) -> Result<String, Error> {
    let refuse = |name: &str, fault| Err(Refusal::Name { name: name.to_owned(), fault }.into());
    match std::str::from_utf8(raw) {
        Err(_) => refuse(&String::from_utf8_lossy(raw), NameFault::NotUtf8),
        Ok(name) => match name::check(name) {
            Err(fault) => refuse(name, fault),
            Ok(()) => Ok(name.to_owned()),
        },
    }
}

/// Checks that the Unix mode is that of a regular file or a folder. Programs write a mode on any system
/// (Python does on Windows), but only an archive from Unix is refused for an invalid one.
fn check_kind(name: &str, record: &ZipFileHeaderRecord<'_>) -> Result<(), Error> {
    const UNIX: u8 = 3;
    const DARWIN: u8 = 19;
    const DOS_FOLDER: u32 = 0x10;
    let attributes = record.external_attributes();
    let is_folder = name.ends_with('/');
    let made_by = (record.version_made_by().as_u16() >> 8) as u8;
    let kind = match (attributes >> 16) & 0o170_000 {
        0o120_000 => "symbolic link",
        0o020_000 | 0o060_000 => "device",
        0o010_000 => "named pipe",
        0o140_000 => "socket",
        0o040_000 if !is_folder => "folder under the name of a file",
        _ if attributes & DOS_FOLDER != 0 && !is_folder => "folder under the name of a file",
        0 | 0o100_000 | 0o040_000 => return Ok(()),
        _ if made_by != UNIX && made_by != DARWIN => return Ok(()),
        _ => "file of an unknown kind",
    };
    Err(Refusal::Special { name: name.to_owned(), kind }.into())
}

/// How an entry is compressed and encrypted.
struct Method {
    deflated: bool,
    cipher: Option<Cipher>,
}

/// Returns how an entry is compressed and encrypted, and refuses what is not supported.
fn check_method(name: &str, record: &ZipFileHeaderRecord<'_>) -> Result<Method, Error> {
    const AES: u16 = 99;
    /// The flag of an entry that holds the difference from another file.
    const PATCH: u16 = 1 << 5;
    let flags = record.flags();
    if flags.has_strong_encryption() || flags.is_masked() {
        return Err(Refusal::UnsupportedEncryption { how: "the strong encryption of PKZIP" }.into());
    }
    if flags.bits() & PATCH != 0 {
        return Err(Refusal::Special { name: name.to_owned(), kind: "patch" }.into());
    }
    let stated = record.compression_method().as_u16();
    let (cipher, method) = match (flags.is_encrypted(), stated) {
        (true, AES) => {
            let found = Cipher::from_aes_field(record.extra_fields());
            let (cipher, method) =
                found.ok_or(Refusal::UnsupportedEncryption { how: "an unknown version of WinZip AES" })?;
            (Some(cipher), method)
        }
        (true, method) => (Some(Cipher::zip_crypto(record)), method),
        (false, method) => (None, method),
    };
    match CompressionMethod::from(method) {
        CompressionMethod::STORE => Ok(Method { deflated: false, cipher }),
        CompressionMethod::DEFLATE => Ok(Method { deflated: true, cipher }),
        _ => Err(Refusal::Method { name: name.to_owned(), method }.into()),
    }
}

/// Checks the compression ratio of an entry.
fn check_ratio(name: &str, size: u64, compressed_size: u64, limits: &Limits) -> Result<(), Error> {
    if size > limits.ratio_floor && size / limits.ratio > compressed_size {
        let ratio = size / compressed_size.max(1);
        return Err(Refusal::Ratio { name: name.to_owned(), ratio, limit: limits.ratio }.into());
    }
    Ok(())
}

/// Checks that no two entries share bytes. Returns the offset and length of the first gap between
/// entries, directory and end, if there is one.
fn check_extents<R: ReaderAt>(
    mut extents: Vec<Extent>,
    entries: &[Entry],
    zip: &ZipArchive<R>,
    length: u64,
) -> Result<Option<(u64, u64)>, Error> {
    let name = |extent: &Extent| entries[extent.entry].name.clone();
    extents.sort_by_key(|extent| extent.start);
    for pair in extents.windows(2) {
        if pair[1].start < pair[0].end {
            let (first, second) = (name(&pair[0]), name(&pair[1]));
            return Err(Refusal::Overlap { first, second }.into());
        }
    }
    let directory = zip.directory_offset();
    if let Some(last) = extents.last().filter(|last| last.end > directory) {
        return Err(Refusal::OverlapsDirectory { name: name(last) }.into());
    }
    let first = extents.first().map_or(directory, |first| first.start);
    let mut gaps = vec![(0, first)];
    gaps.extend(extents.windows(2).map(|pair| (pair[0].end, pair[1].start)));
    gaps.extend(extents.last().map(|last| (last.end, directory)));
    gaps.push((zip.end_offset(), length));
    Ok(gaps.into_iter().find(|(from, to)| to > from).map(|(from, to)| (from, to - from)))
}
