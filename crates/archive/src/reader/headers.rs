//! Compares the headers of an entry: the record in the directory, the local header before the data, and
//! the descriptor behind it. The directory is checked when an archive is opened, and what lies elsewhere when the entry is read: reading a
//! few bytes all over a large file takes as long as reading all of it.

use rawzip::extra_fields::{ExtraFieldId, ExtraFields};
use rawzip::{CompressionMethod, ReaderAt, ZipArchive, ZipEntry, ZipFileHeaderRecord, ZipReader};

use crate::error::{Corruption, Error, Refusal};

use super::entry::Entry;
use super::zip_encryption::Cipher;

/// The length of a local header without name and extra fields.
pub(super) const LOCAL_HEADER: u64 = 30;

/// What the directory states about an entry and its local header has to state as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct StatedHeader {
    method: CompressionMethod,
    flags: u16,
    modified: Option<[u8; 4]>,
}

impl StatedHeader {
    pub(super) fn of(record: &ZipFileHeaderRecord<'_>) -> Self {
        Self {
            method: record.compression_method(),
            flags: record.flags().bits(),
            modified: modification_time(record.extra_fields()),
        }
    }
}

/// A run of bytes that belong to no entry: its offset and its length.
pub(super) type Gap = (u64, u64);

/// The packed bytes of an entry, whose local header has been checked.
pub(super) struct Body<'a, R> {
    zip: &'a ZipArchive<R>,
    entry: &'a Entry,
    found: ZipEntry<'a, R>,
}

impl<'a, R: ReaderAt> Body<'a, R> {
    /// Reads the local header of an entry, and checks that it agrees with the directory.
    pub(super) fn open(zip: &'a ZipArchive<R>, entry: &'a Entry) -> Result<Self, Error> {
        let differ = |about| Err(differ(entry, about));
        let misplaced = |error| misplaced(entry, error);
        let found = zip.get_entry(entry.location).map_err(misplaced)?;
        let (data_start, data_end) = found.compressed_data_range();
        let mut buffer =
            vec![0; usize::try_from(data_start - entry.start - LOCAL_HEADER).unwrap_or_default()];
        let local = found.local_header(&mut buffer).map_err(misplaced)?;
        if local.file_path().as_ref() != entry.name.as_bytes() {
            return differ("name");
        }
        if local.compression_method() != entry.stated.method {
            return differ("compression method");
        }
        if local.flags().bits() != entry.stated.flags {
            return differ("flags");
        }
        let method = if entry.deflated { CompressionMethod::DEFLATE } else { CompressionMethod::STORE };
        if let Some(cipher @ Cipher::Aes { .. }) = entry.cipher
            && Cipher::from_aes_field(local.extra_fields()) != Some((cipher, method.as_u16()))
        {
            return differ("encryption");
        }
        check_extra_fields(&entry.name, local.extra_fields())?;
        if let (Some(local), Some(stated)) = (modification_time(local.extra_fields()), entry.stated.modified)
            && local != stated
        {
            return differ("time");
        }
        let sizes = (local.crc32(), local.compressed_size_hint(), local.uncompressed_size_hint());
        let may_be_behind = local.flags().has_data_descriptor() && sizes == (0, 0, 0);
        if sizes != stated_sizes(entry) && !may_be_behind {
            return differ("size or checksum");
        }
        if data_end > entry.end {
            return Err(overlaps_next(entry));
        }
        Ok(Self { zip, entry, found })
    }

    /// Returns what reads the packed bytes.
    pub(super) fn reader(&self) -> ZipReader<&'a R> {
        self.found.reader()
    }

    /// Checks the descriptor behind the packed bytes, if there has to be one. Returns the gap between this entry and what follows it, if
    /// there is one.
    pub(super) fn check_end(&self) -> Result<Option<Gap>, Error> {
        let Self { zip, entry, found } = self;
        let misplaced = |error| misplaced(entry, error);
        let (_, mut end) = found.compressed_data_range();
        if let Some(descriptor) = found.reader().data_descriptor().map_err(misplaced)? {
            let sizes = (descriptor.crc32(), descriptor.compressed_size(), descriptor.uncompressed_size());
            if sizes != stated_sizes(entry) {
                return Err(differ(entry, "size or checksum"));
            }
            end += descriptor_length(zip, end, entry)?;
        }
        if end > entry.end {
            return Err(overlaps_next(entry));
        }
        Ok((end < entry.end).then_some((end, entry.end - end)))
    }
}

/// Returns the CRC-32, the packed size and the size that the directory states.
fn stated_sizes(entry: &Entry) -> (u32, u64, u64) {
    (entry.crc, entry.compressed_size(), entry.size)
}

fn differ(entry: &Entry, about: &'static str) -> Error {
    Corruption::Headers { entry: entry.name.clone(), about }.into()
}

/// Returns the error of a header that is not at the offset that the directory states, or that leads out of the file.
fn misplaced(entry: &Entry, error: rawzip::Error) -> Error {
    match Error::from(error) {
        Error::Io(error) => Error::Io(error),
        _ => differ(entry, "place"),
    }
}

fn overlaps_next(entry: &Entry) -> Error {
    Refusal::OverlapsNext { name: entry.name.clone() }.into()
}

/// Returns the modification time in the extra field of Info-ZIP, in seconds since 1970, if there is one.
fn modification_time(mut fields: ExtraFields<'_>) -> Option<[u8; 4]> {
    const STATES_MODIFICATION: u8 = 1;
    let (_, content) = fields.find(|(id, _)| *id == ExtraFieldId::EXTENDED_TIMESTAMP)?;
    let (flags, times) = content.split_first()?;
    (flags & STATES_MODIFICATION != 0).then(|| times.first_chunk().copied())?
}

/// Returns the length of a descriptor. Its signature is optional, and its sizes are 4 or 8 bytes wide.
fn descriptor_length<R: ReaderAt>(zip: &ZipArchive<R>, offset: u64, entry: &Entry) -> Result<u64, Error> {
    const CRC: u64 = 4;
    let mut signature = [0; 4];
    zip.get_ref().read_exact_at(&mut signature, offset)?;
    let zip64 = entry.size.max(entry.compressed_size()) >= u64::from(u32::MAX);
    let sizes = if zip64 { 16 } else { 8 };
    Ok(CRC + sizes + if &signature == b"PK\x07\x08" { 4 } else { 0 })
}

/// Checks the extra fields that other programs use. `unzip` would prefer a second name in them, and
/// programs differ in which of two sets of sizes they take.
pub(super) fn check_extra_fields(name: &str, fields: ExtraFields<'_>) -> Result<(), Error> {
    /// The length of the version and of the CRC-32 of the other name, which precede the name.
    const UNICODE_PATH_HEAD: usize = 5;
    let differ = |about| Err(Corruption::Headers { entry: name.to_owned(), about }.into());
    let mut zip64_fields = 0;
    for (id, content) in fields {
        match id {
            ExtraFieldId::INFO_ZIP_UNICODE_PATH
                if content.get(UNICODE_PATH_HEAD..) != Some(name.as_bytes()) =>
            {
                return differ("name");
            }
            ExtraFieldId::ZIP64 => zip64_fields += 1,
            _ => {}
        }
    }
    if zip64_fields > 1 { differ("size") } else { Ok(()) }
}
