//! Checks everything about an archive that can be checked without unpacking it: names, sizes,
//! methods, limits, that both headers of an entry agree, and that no two entries share bytes.

use rawzip::extra_fields::ExtraFields;
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipFileHeaderRecord};

use crate::error::{Corruption, Error, Refusal};
use crate::limits::Limits;
use crate::name::{self, NameFault, Role};

use super::Entry;
use super::end::{self, Directory};
use super::locked::Cipher;

/// What the directory of an archive lists.
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    /// Offset and length of the first run of bytes that belong to nothing.
    pub(super) stray: Option<(u64, u64)>,
}

/// Where an entry lies in the file, both headers' view agreed upon.
struct Extent {
    start: u64,
    end: u64,
    /// Its place in the directory. (There can be many: a name each would be too much.)
    entry: usize,
}

pub(super) fn check<R: ReaderAt>(zip: &ZipArchive<R>, length: u64, limits: &Limits) -> Result<Found, Error> {
    let announced = zip.entries_hint();
    if announced > limits.entries {
        return Err(Refusal::TooManyEntries { found: announced, limit: limits.entries }.into());
    }
    let mut entries = Vec::new();
    let mut extents = Vec::new();
    let mut total: u64 = 0;
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let mut local_buffer = vec![0; 1 << 17];
    let mut directory = zip.entries(&mut buffer);
    let mut count = 0;
    let mut directory_end = zip.directory_offset();
    while let Some(record) = directory.next_entry()? {
        count += 1;
        if count > limits.entries {
            return Err(Refusal::TooManyEntries { found: count, limit: limits.entries }.into());
        }
        directory_end = end_of(&record);
        let name = checked_name(record.file_path().as_ref())?;
        check_kind(&name, &record)?;
        end::check_disk(zip, record.central_directory_offset())?;
        check_extra_fields(&name, record.extra_fields())?;
        let Method { deflated, cipher } = check_method(&name, &record)?;
        let (size, packed) = (record.uncompressed_size_hint(), record.compressed_size_hint());
        total = total.saturating_add(size);
        check_size(&name, size, packed, limits)?;
        if total > limits.total_size {
            return Err(Refusal::TooLarge { found: total, limit: limits.total_size }.into());
        }
        let overhead = cipher.map_or(0, Cipher::overhead);
        if packed < overhead || (!deflated && size != packed - overhead) {
            return Err(Corruption::Headers { entry: name, about: "size" }.into());
        }
        let (at, crc) = (record.wayfinder(), record.crc32());
        let (start, end) = check_local(zip, &name, &record, &mut local_buffer)?;
        extents.push(Extent { start, end, entry: entries.len() });
        if name.ends_with('/') && (size != 0 || packed > EMPTY_PACKED + overhead) {
            return Err(Refusal::Special { name, kind: "folder with content" }.into());
        }
        let role = Role::of(&name);
        entries.push(Entry { role, name, size, packed, sha256: None, deflated, cipher, crc, at });
    }
    check_names(&entries)?;
    if count != announced {
        return Err(end::wrong_count(announced, count));
    }
    let stray = check_extents(extents, &entries, zip, length)?;
    if total > limits.ratio_floor && total / limits.ratio > length {
        let name = "all together".to_owned();
        return Err(Refusal::Ratio { name, ratio: total / length.max(1), limit: limits.ratio }.into());
    }
    let directory = Directory { entries: count, start: zip.directory_offset(), end: directory_end };
    let between = end::check(zip, &directory)?;
    entries.retain(|entry| !entry.name.ends_with('/'));
    Ok(Found { entries, stray: stray.or(between) })
}

/// Bytes of nothing, deflated.
const EMPTY_PACKED: u64 = 2;

/// Where a record of the directory ends.
fn end_of(record: &ZipFileHeaderRecord<'_>) -> u64 {
    const FIXED: u64 = 46;
    let variable = record.file_path().as_ref().len()
        + record.extra_fields().remaining_bytes().len()
        + record.comment().as_bytes().len();
    record.central_directory_offset() + FIXED + variable as u64
}

/// Each name is there once, and is not both a file and the folder of other entries.
fn check_names(entries: &[Entry]) -> Result<(), Error> {
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Refusal::Duplicate { name: twice[0].to_owned() }.into());
    }
    // Folders, too: each ends with a slash, so that it is above itself.
    for name in &names {
        let mut above = name.match_indices('/').map(|(slash, _)| &name[..slash]);
        if let Some(name) = above.find(|above| names.binary_search(above).is_ok()) {
            return Err(Refusal::FileAndFolder { name: name.to_owned() }.into());
        }
    }
    Ok(())
}

fn checked_name(raw: &[u8]) -> Result<String, Error> {
    let refuse = |name: &str, fault| Err(Refusal::Name { name: name::shown(name), fault }.into());
    match std::str::from_utf8(raw) {
        Err(_) => refuse(&String::from_utf8_lossy(raw), NameFault::NotUtf8),
        Ok(name) => match name::check(name) {
            Err(fault) => refuse(name, fault),
            Ok(()) => Ok(name.to_owned()),
        },
    }
}

/// Only regular files and folders: the Unix mode must say so. It stands in the same place whatever
/// system the archive was made on (Python writes it on Windows, too), but only from those of Unix is
/// one that makes no sense worth a refusal.
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

/// Extra fields mean nothing here, but to other programs some do: a second name would be the one that
/// `unzip` takes, and of two sets of sizes every program takes the one it likes.
fn check_extra_fields(name: &str, fields: ExtraFields<'_>) -> Result<(), Error> {
    /// A version, the CRC-32 of the name it stands for, then the name.
    const UNICODE_PATH: u16 = 0x7075;
    const UNICODE_PATH_HEAD: usize = 5;
    const ZIP64: u16 = 1;
    let differ = |about| Err(Corruption::Headers { entry: name.to_owned(), about }.into());
    let mut wide = 0;
    for (id, content) in fields {
        match id.as_u16() {
            UNICODE_PATH if content.get(UNICODE_PATH_HEAD..) != Some(name.as_bytes()) => {
                return differ("name");
            }
            ZIP64 => wide += 1,
            _ => {}
        }
    }
    if wide > 1 { differ("size") } else { Ok(()) }
}

/// How an entry is packed.
struct Method {
    deflated: bool,
    cipher: Option<Cipher>,
}

/// Stored or deflated, and encrypted in a way that is known; anything else is refused.
fn check_method(name: &str, record: &ZipFileHeaderRecord<'_>) -> Result<Method, Error> {
    const AES: u16 = 99;
    /// Flag: what is packed is the difference to another file.
    const PATCH: u16 = 1 << 5;
    let flags = record.flags();
    if flags.has_strong_encryption() || flags.is_masked() {
        return Err(Refusal::Encrypted { how: "strong encryption of PKZIP" }.into());
    }
    if flags.bits() & PATCH != 0 {
        return Err(Refusal::Special { name: name.to_owned(), kind: "patch" }.into());
    }
    let stated = record.compression_method().as_u16();
    let (cipher, method) = match (flags.is_encrypted(), stated) {
        (true, AES) => {
            let found = Cipher::aes(record.extra_fields());
            let (cipher, method) =
                found.ok_or(Refusal::Encrypted { how: "a version of WinZip AES that is not known" })?;
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

fn check_size(name: &str, size: u64, packed: u64, limits: &Limits) -> Result<(), Error> {
    if size > limits.ratio_floor && size / limits.ratio > packed {
        let ratio = size / packed.max(1);
        return Err(Refusal::Ratio { name: name.to_owned(), ratio, limit: limits.ratio }.into());
    }
    Ok(())
}

/// The header before the data must say what the directory says. Returns where the entry begins and ends.
fn check_local<R: ReaderAt>(
    zip: &ZipArchive<R>,
    name: &str,
    record: &ZipFileHeaderRecord<'_>,
    buffer: &mut [u8],
) -> Result<(u64, u64), Error> {
    let differ = |about| Error::from(Corruption::Headers { entry: name.to_owned(), about });
    // Where the directory says that it begins, there is no header, or it leads out of the file.
    let misplaced = |error: rawzip::Error| match Error::from(error) {
        Error::Io(error) => Error::Io(error),
        _ => differ("place"),
    };
    let entry = zip.get_entry(record.wayfinder()).map_err(misplaced)?;
    let (data_start, data_end) = entry.compressed_data_range();
    let local = entry.local_header(buffer).map_err(misplaced)?;
    if local.file_path().as_ref() != name.as_bytes() {
        return Err(differ("name"));
    }
    if local.compression_method() != record.compression_method() {
        return Err(differ("compression method"));
    }
    if local.flags() != record.flags() {
        return Err(differ("flags"));
    }
    if Cipher::aes(local.extra_fields()) != Cipher::aes(record.extra_fields()) {
        return Err(differ("encryption"));
    }
    check_extra_fields(name, local.extra_fields())?;
    let claimed = (local.crc32(), local.compressed_size_hint(), local.uncompressed_size_hint());
    let listed = (record.crc32(), record.compressed_size_hint(), record.uncompressed_size_hint());
    let mut end = data_end;
    if let Some(descriptor) = entry.reader().data_descriptor().map_err(misplaced)? {
        if claimed != (0, 0, 0) && claimed != listed {
            return Err(differ("size or checksum"));
        }
        let described = (descriptor.crc32(), descriptor.compressed_size(), descriptor.uncompressed_size());
        if described != listed {
            return Err(differ("size or checksum"));
        }
        end += descriptor_length(zip, data_end, record)?;
    } else if claimed != listed {
        return Err(differ("size or checksum"));
    }
    let start = record.local_header_offset();
    debug_assert!(start < data_start);
    Ok((start, end))
}

/// Bytes of the descriptor behind the data: its signature is optional, its sizes 4 or 8 bytes wide.
fn descriptor_length<R: ReaderAt>(
    zip: &ZipArchive<R>,
    at: u64,
    record: &ZipFileHeaderRecord<'_>,
) -> Result<u64, Error> {
    let mut signature = [0; 4];
    zip.get_ref().read_exact_at(&mut signature, at)?;
    let wide = record.uncompressed_size_hint() >= u64::from(u32::MAX)
        || record.compressed_size_hint() >= u64::from(u32::MAX);
    let sizes = if wide { 16 } else { 8 };
    Ok(4 + sizes + if &signature == b"PK\x07\x08" { 4 } else { 0 })
}

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
        let second = "the directory".to_owned();
        return Err(Refusal::Overlap { first: name(last), second }.into());
    }
    let first = extents.first().map_or(directory, |first| first.start);
    let mut gaps = vec![(0, first)];
    gaps.extend(extents.windows(2).map(|pair| (pair[0].end, pair[1].start)));
    gaps.extend(extents.last().map(|last| (last.end, directory)));
    gaps.push((zip.end_offset(), length));
    let stray = gaps.into_iter().find(|(from, to)| to > from).map(|(from, to)| (from, to - from));
    Ok(stray)
}
