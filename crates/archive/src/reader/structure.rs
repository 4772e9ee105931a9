//! Checks everything about an archive that can be checked without unpacking it: names, sizes,
//! methods, limits, that both headers of an entry agree, and that no two entries share bytes.

use std::collections::HashSet;

use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipFileHeaderRecord};

use crate::error::{Corruption, Error, Refusal};
use crate::limits::Limits;
use crate::name::{self, NameFault, Role};

use super::Entry;

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
    name: String,
}

pub(super) fn check<R: ReaderAt>(zip: &ZipArchive<R>, length: u64, limits: &Limits) -> Result<Found, Error> {
    let announced = zip.entries_hint();
    if announced > limits.entries {
        return Err(Refusal::TooManyEntries { found: announced, limit: limits.entries }.into());
    }
    let mut entries = Vec::new();
    let mut extents = Vec::new();
    let mut names = HashSet::new();
    let mut total: u64 = 0;
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let mut local_buffer = vec![0; 1 << 17];
    let mut directory = zip.entries(&mut buffer);
    let mut count = 0;
    while let Some(record) = directory.next_entry()? {
        count += 1;
        if count > limits.entries {
            return Err(Refusal::TooManyEntries { found: count, limit: limits.entries }.into());
        }
        let name = checked_name(record.file_path().as_ref())?;
        if !names.insert(name.clone()) {
            return Err(Refusal::Duplicate { name }.into());
        }
        check_kind(&name, &record)?;
        let deflated = check_method(&name, &record)?;
        let (size, packed) = (record.uncompressed_size_hint(), record.compressed_size_hint());
        total = total.saturating_add(size);
        check_size(&name, size, packed, limits)?;
        if total > limits.total_size {
            return Err(Refusal::TooLarge { found: total, limit: limits.total_size }.into());
        }
        if !deflated && size != packed {
            return Err(Corruption::Headers { entry: name, about: "size" }.into());
        }
        let (at, crc) = (record.wayfinder(), record.crc32());
        extents.push(check_local(zip, &name, &record, &mut local_buffer)?);
        if !name.ends_with('/') {
            entries.push(Entry {
                role: Role::of(&name),
                name,
                size,
                packed,
                sha256: None,
                deflated,
                crc,
                at,
            });
        } else if size != 0 {
            return Err(Refusal::Special { name, kind: "folder with content" }.into());
        }
    }
    let files: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    for entry in &entries {
        let above = entry.name.match_indices('/').map(|(slash, _)| &entry.name[..slash]);
        if let Some(name) = above.into_iter().find(|above| files.contains(above)) {
            return Err(Refusal::FileAndFolder { name: name.to_owned() }.into());
        }
    }
    if total > limits.ratio_floor && total / limits.ratio > length {
        let name = "all together".to_owned();
        return Err(Refusal::Ratio { name, ratio: total / length.max(1), limit: limits.ratio }.into());
    }
    if count != announced {
        let why = format!("it announces {announced} entries and lists {count}");
        return Err(Corruption::Directory { why }.into());
    }
    let stray = check_extents(extents, zip, length)?;
    Ok(Found { entries, stray })
}

fn checked_name(raw: &[u8]) -> Result<String, Error> {
    let refuse = |name: String, fault| Err(Refusal::Name { name, fault }.into());
    match std::str::from_utf8(raw) {
        Err(_) => refuse(String::from_utf8_lossy(raw).into_owned(), NameFault::NotUtf8),
        Ok(name) => match name::check(name) {
            Err(fault) => refuse(name.to_owned(), fault),
            Ok(()) => Ok(name.to_owned()),
        },
    }
}

/// Only regular files and folders: the Unix mode, where the archive states one, must say so.
fn check_kind(name: &str, record: &ZipFileHeaderRecord<'_>) -> Result<(), Error> {
    const UNIX: u8 = 3;
    const DARWIN: u8 = 19;
    let made_by = (record.version_made_by().as_u16() >> 8) as u8;
    if made_by != UNIX && made_by != DARWIN {
        return Ok(());
    }
    let kind = match (record.external_attributes() >> 16) & 0o170_000 {
        0 | 0o100_000 => return Ok(()),
        0o040_000 if name.ends_with('/') => return Ok(()),
        0o040_000 => "folder under the name of a file",
        0o120_000 => "symbolic link",
        0o020_000 | 0o060_000 => "device",
        0o010_000 => "named pipe",
        0o140_000 => "socket",
        _ => "file of an unknown kind",
    };
    Err(Refusal::Special { name: name.to_owned(), kind }.into())
}

/// True for deflate, false for stored; anything else is refused.
fn check_method(name: &str, record: &ZipFileHeaderRecord<'_>) -> Result<bool, Error> {
    const AES: u16 = 99;
    let method = record.compression_method().as_u16();
    if method == AES {
        return Err(Refusal::Encrypted { how: "WinZip AES" }.into());
    }
    if record.flags().is_encrypted() {
        return Err(Refusal::Encrypted { how: "ZipCrypto" }.into());
    }
    match record.compression_method() {
        CompressionMethod::STORE => Ok(false),
        CompressionMethod::DEFLATE => Ok(true),
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

/// The header before the data must say what the directory says.
fn check_local<R: ReaderAt>(
    zip: &ZipArchive<R>,
    name: &str,
    record: &ZipFileHeaderRecord<'_>,
    buffer: &mut [u8],
) -> Result<Extent, Error> {
    let entry = zip.get_entry(record.wayfinder())?;
    let (data_start, data_end) = entry.compressed_data_range();
    let local = entry.local_header(buffer)?;
    let differ = |about| Error::from(Corruption::Headers { entry: name.to_owned(), about });
    if local.file_path().as_ref() != name.as_bytes() {
        return Err(differ("name"));
    }
    if local.compression_method() != record.compression_method() {
        return Err(differ("compression method"));
    }
    if local.flags() != record.flags() {
        return Err(differ("flags"));
    }
    let claimed = (local.crc32(), local.compressed_size_hint(), local.uncompressed_size_hint());
    let listed = (record.crc32(), record.compressed_size_hint(), record.uncompressed_size_hint());
    let mut end = data_end;
    if let Some(descriptor) = entry.reader().data_descriptor()? {
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
    Ok(Extent { start, end, name: name.to_owned() })
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
    zip: &ZipArchive<R>,
    length: u64,
) -> Result<Option<(u64, u64)>, Error> {
    extents.sort_by_key(|extent| extent.start);
    for pair in extents.windows(2) {
        if pair[1].start < pair[0].end {
            let (first, second) = (pair[0].name.clone(), pair[1].name.clone());
            return Err(Refusal::Overlap { first, second }.into());
        }
    }
    let directory = zip.directory_offset();
    if let Some(last) = extents.last().filter(|last| last.end > directory) {
        let second = "the directory".to_owned();
        return Err(Refusal::Overlap { first: last.name.clone(), second }.into());
    }
    let first = extents.first().map_or(directory, |first| first.start);
    let mut gaps = vec![(0, first)];
    gaps.extend(extents.windows(2).map(|pair| (pair[0].end, pair[1].start)));
    gaps.extend(extents.last().map(|last| (last.end, directory)));
    gaps.push((zip.end_offset(), length));
    let stray = gaps.into_iter().find(|(from, to)| to > from).map(|(from, to)| (from, to - from));
    Ok(stray)
}
