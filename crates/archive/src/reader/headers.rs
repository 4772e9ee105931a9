//! Compares the headers of an entry: the record in the directory, the local header before the data, and
//! the descriptor behind it.

use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::{ReaderAt, ZipArchive, ZipFileHeaderRecord};

use crate::error::{Corruption, Error};

use super::zip_encryption::Cipher;

/// Checks that the header before the data and the descriptor behind it agree with the directory.
/// Returns the offsets at which the entry begins and ends.
pub(super) fn check_local_header<R: ReaderAt>(
    zip: &ZipArchive<R>,
    name: &str,
    record: &ZipFileHeaderRecord<'_>,
    buffer: &mut [u8],
) -> Result<(u64, u64), Error> {
    let differ = |about| Error::from(Corruption::Headers { entry: name.to_owned(), about });
    // At the offset that the directory states there is no header, or the header leads out of the file.
    let misplaced = |error: rawzip::Error| match Error::from(error) {
        Error::Io(error) => Error::Io(error),
        _ => differ("place"),
    };
    let entry = zip.get_entry(record.wayfinder()).map_err(misplaced)?;
    let (_, data_end) = entry.compressed_data_range();
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
    if Cipher::from_aes_field(local.extra_fields()) != Cipher::from_aes_field(record.extra_fields()) {
        return Err(differ("encryption"));
    }
    check_extra_fields(name, local.extra_fields())?;
    if let (Some(local), Some(listed)) =
        (modification_time(local.extra_fields()), modification_time(record.extra_fields()))
        && local != listed
    {
        return Err(differ("time"));
    }
    let start = record.local_header_offset();
    let listed = (record.crc32(), record.compressed_size_hint(), record.uncompressed_size_hint());
    let local = (local.crc32(), local.compressed_size_hint(), local.uncompressed_size_hint());
    let Some(descriptor) = entry.reader().data_descriptor().map_err(misplaced)? else {
        return if local == listed { Ok((start, data_end)) } else { Err(differ("size or checksum")) };
    };
    let described = (descriptor.crc32(), descriptor.compressed_size(), descriptor.uncompressed_size());
    if (local != (0, 0, 0) && local != listed) || described != listed {
        return Err(differ("size or checksum"));
    }
    Ok((start, data_end + descriptor_length(zip, data_end, record)?))
}

/// Returns the modification time in the extra field of Info-ZIP, in seconds since 1970, if there is one.
fn modification_time(mut fields: ExtraFields<'_>) -> Option<[u8; 4]> {
    const STATES_MODIFICATION: u8 = 1;
    let (_, content) = fields.find(|(id, _)| *id == ExtraFieldId::EXTENDED_TIMESTAMP)?;
    let (flags, times) = content.split_first()?;
    (flags & STATES_MODIFICATION != 0).then(|| times.first_chunk().copied())?
}

/// Returns the length of a descriptor. Its signature is optional, and its sizes are 4 or 8 bytes wide.
fn descriptor_length<R: ReaderAt>(
    zip: &ZipArchive<R>,
    offset: u64,
    record: &ZipFileHeaderRecord<'_>,
) -> Result<u64, Error> {
    const CRC: u64 = 4;
    let mut signature = [0; 4];
    zip.get_ref().read_exact_at(&mut signature, offset)?;
    let zip64 = record.uncompressed_size_hint() >= u64::from(u32::MAX)
        || record.compressed_size_hint() >= u64::from(u32::MAX);
    let sizes = if zip64 { 16 } else { 8 };
    Ok(CRC + sizes + if &signature == b"PK\x07\x08" { 4 } else { 0 })
}

/// Checks the extra fields that other programs use. `unzip` would prefer a second name in them, and
/// programs differ in which of two sets of sizes they take.
pub(super) fn check_extra_fields(name: &str, fields: ExtraFields<'_>) -> Result<(), Error> {
    const UNICODE_PATH: u16 = 0x7075;
    /// The length of the version and of the CRC-32 of the other name, which precede the name.
    const UNICODE_PATH_HEAD: usize = 5;
    const ZIP64: u16 = 1;
    let differ = |about| Err(Corruption::Headers { entry: name.to_owned(), about }.into());
    let mut zip64_fields = 0;
    for (id, content) in fields {
        match id.as_u16() {
            UNICODE_PATH if content.get(UNICODE_PATH_HEAD..) != Some(name.as_bytes()) => {
                return differ("name");
            }
            ZIP64 => zip64_fields += 1,
            _ => {}
        }
    }
    if zip64_fields > 1 { differ("size") } else { Ok(()) }
}
