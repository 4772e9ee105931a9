//! Checks everything about an archive that its directory shows: names, sizes, methods, limits, and that no two entries share bytes. What
//! lies before and behind the data of an entry is checked when it is read.

use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipFileHeaderRecord};

use crate::error::{Corruption, Error, Refusal};
use crate::limits::Limits;
use crate::name::{self, NameFault, Role};

use super::end_of_central_directory::{self, DirectoryExtent};
use super::entry::Entry;
use super::headers::{Body, Gap, LOCAL_HEADER, StatedHeader, check_extra_fields};
use super::zip_encryption::Cipher;

/// A directory that has passed all checks.
pub(super) struct CheckedDirectory {
    pub(super) entries: Vec<Entry>,
    /// The first gap that the directory shows. Those between entries are found when the entries are read.
    pub(super) stray: Option<Gap>,
}

/// Checks the directory of an archive of `length` bytes.
pub(super) fn check<R: ReaderAt>(
    zip: &ZipArchive<R>,
    length: u64,
    limits: &Limits,
) -> Result<CheckedDirectory, Error> {
    let announced = zip.entries_hint();
    check_count(announced, limits)?;
    let mut scan = Scan { zip, limits, entries: Vec::new(), total: 0 };
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let mut records = zip.entries(&mut buffer);
    let mut directory =
        DirectoryExtent { entries: 0, start: zip.directory_offset(), end: zip.directory_offset() };
    while let Some(record) = records.next_entry()? {
        directory.entries += 1;
        check_count(directory.entries, limits)?;
        directory.end = end_of(&record);
        scan.add(&record)?;
    }
    let Scan { mut entries, total, .. } = scan;
    check_names(&entries)?;
    if directory.entries != announced {
        return Err(end_of_central_directory::wrong_count(announced, directory.entries));
    }
    let mut stray = check_extents(&mut entries, zip, length)?;
    if total > limits.ratio_floor && total / limits.ratio > length {
        return Err(Refusal::TotalRatio { ratio: total / length.max(1), limit: limits.ratio }.into());
    }
    let between = end_of_central_directory::check(zip, &directory)?;
    // Nobody reads the entries of folders.
    for folder in entries.extract_if(.., |entry| entry.name.ends_with('/')) {
        let gap = Body::open(zip, &folder)?.check_end()?;
        stray = stray.or(gap);
    }
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
    /// The size of all entries together.
    total: u64,
}

impl<R: ReaderAt> Scan<'_, R> {
    /// Checks one record, and adds its entry.
    fn add(&mut self, record: &ZipFileHeaderRecord<'_>) -> Result<(), Error> {
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
        if name.ends_with('/') && (size != 0 || compressed_size > EMPTY_DEFLATED + overhead) {
            return Err(Refusal::Special { name, kind: "folder with content" }.into());
        }
        let (role, crc, location) = (Role::of(&name), record.crc32(), record.wayfinder());
        let (sha256, modified) = (None, None);
        self.entries.push(Entry {
            name,
            role,
            size,
            sha256,
            modified,
            deflated,
            cipher,
            crc,
            stated: StatedHeader::of(record),
            start: record.local_header_offset(),
            // Known when all entries are.
            end: 0,
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

/// Returns the error of an entry that shares bytes with the second one, or with the directory.
fn overlap(first: &Entry, second: Option<&Entry>) -> Error {
    let name = first.name.clone();
    let refusal = match second {
        Some(second) => Refusal::Overlap { first: name, second: second.name.clone() },
        None => Refusal::OverlapsDirectory { name },
    };
    refusal.into()
}

/// Returns the error of the headers of two entries that seem to share bytes, if it is a damaged offset or size that makes them seem so.
fn damaged_header<R: ReaderAt>(zip: &ZipArchive<R>, first: &Entry, second: Option<&Entry>) -> Option<Error> {
    [Some(first), second].into_iter().flatten().find_map(|entry| {
        let anywhere = Entry { end: u64::MAX, ..entry.clone() };
        Body::open(zip, &anywhere).and_then(|body| body.check_end()).err()
    })
}

/// Checks that no two entries share bytes, as far as the directory shows it, and notes the end of each. Returns the gap before the first
/// entry or behind the end of the archive, if there is one.
fn check_extents<R: ReaderAt>(
    entries: &mut [Entry],
    zip: &ZipArchive<R>,
    length: u64,
) -> Result<Option<Gap>, Error> {
    let mut order: Vec<u32> = (0..).take(entries.len()).collect();
    order.sort_by_key(|&index| entries[index as usize].start);
    let directory = zip.directory_offset();
    for (place, &index) in order.iter().enumerate() {
        let next = order.get(place + 1).map(|&next| next as usize);
        let entry = &entries[index as usize];
        let end = next.map_or(directory, |next| entries[next].start);
        // Extra fields and a descriptor may come on top.
        let least = LOCAL_HEADER + entry.name.len() as u64;
        if entry.start.saturating_add(least).saturating_add(entry.compressed_size()) > end {
            let second = next.map(|next| &entries[next]);
            return Err(damaged_header(zip, entry, second).unwrap_or_else(|| overlap(entry, second)));
        }
        entries[index as usize].end = end;
    }
    let first = order.first().map_or(directory, |&first| entries[first as usize].start);
    let gaps = [(0, first), (zip.end_offset(), length)];
    Ok(gaps.into_iter().find(|(from, to)| to > from).map(|(from, to)| (from, to - from)))
}
