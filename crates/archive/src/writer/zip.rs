//! Writes the records of a zip as APPNOTE 6.3.10 specifies them: local headers, data descriptors, the directory, and the records at its end.
//! The directory is kept as the bytes that are written at the end. With many files, any other form takes several times the memory.

use std::io::{self, Write};

use rawzip::CompressionMethod;
use rawzip::extra_fields::ExtraFieldId;
use rawzip::time::{DosDateTime, UtcDateTime};

use crate::hashing::Checksums;

/// The signatures with which the records begin.
const LOCAL_HEADER: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const RECORD: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const ZIP64_END: u32 = 0x0606_4b50;
const ZIP64_LOCATOR: u32 = 0x0706_4b50;

/// The version that a reader needs: 2.0, or 4.5 for zip64.
const VERSION: u16 = 20;
const ZIP64_VERSION: u16 = 45;
const MADE_BY_UNIX: u16 = 3 << 8;
/// The flags: a descriptor follows the data, and the name is UTF-8.
const HAS_DESCRIPTOR: u16 = 1 << 3;
const UTF_8: u16 = 1 << 11;
/// A regular file, 0644.
const MODE: u32 = 0o100_644 << 16;

/// What a field of 32 or 16 bits holds when zip64 states the number.
const MAX_32: u64 = u32::MAX as u64;
const MAX_16: u64 = u16::MAX as u64;

/// Writes a zip as a stream.
pub(super) struct ZipWriter<W> {
    out: W,
    written: u64,
    directory: Directory,
}

/// Writes the packed bytes of one entry.
pub(super) struct EntryWriter<'a, W> {
    zip: &'a mut ZipWriter<W>,
    header: Header<'a>,
    data_start: u64,
}

/// What both headers of an entry state.
struct Header<'a> {
    name: &'a str,
    method: CompressionMethod,
    modified: u32,
    /// The offset of the local header.
    start: u64,
}

impl<W: Write> ZipWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, written: 0, directory: Directory::default() }
    }

    /// Begins an entry, which was modified at a time in seconds since 1970.
    pub(super) fn start<'a>(
        &'a mut self,
        name: &'a str,
        method: CompressionMethod,
        modified: u32,
    ) -> io::Result<EntryWriter<'a, W>> {
        let header = Header { name, method, modified, start: self.written };
        let mut bytes = Bytes::default();
        bytes.u32(LOCAL_HEADER);
        header.write_common(VERSION, &mut bytes);
        // The checksum and the sizes are in the descriptor.
        bytes.u32(0).u32(0).u32(0);
        let extra = extended_timestamp(modified);
        bytes.length(name.len()).length(extra.len()).bytes(name.as_bytes()).bytes(&extra);
        self.write_all(&bytes.0)?;
        let data_start = self.written;
        Ok(EntryWriter { zip: self, header, data_start })
    }

    /// Takes out the records so far, so that they can be read while other entries are written.
    pub(super) fn take_directory(&mut self) -> Directory {
        std::mem::take(&mut self.directory)
    }

    /// Writes the directory, which begins with the records that have been taken out, and returns the output.
    pub(super) fn finish(mut self, first: Directory) -> io::Result<W> {
        let last = self.take_directory();
        let blocks = first.blocks.into_iter().chain(last.blocks);
        let entries = first.entries + last.entries;
        let needs_zip64 = first.needs_zip64 || last.needs_zip64;
        let start = self.written;
        for block in blocks {
            self.write_all(&block)?;
        }
        let end = self.written;
        let length = end - start;
        let mut bytes = Bytes::default();
        if needs_zip64 || entries >= MAX_16 || length >= MAX_32 || start >= MAX_32 {
            /// The length of the record behind its length.
            const REST: u64 = 44;
            bytes.u32(ZIP64_END).u64(REST).u16(ZIP64_VERSION).u16(ZIP64_VERSION);
            bytes.u32(0).u32(0).u64(entries).u64(entries).u64(length).u64(start);
            bytes.u32(ZIP64_LOCATOR).u32(0).u64(end).u32(1);
        }
        bytes.u32(END).u16(0).u16(0);
        bytes.at_most_16(entries).at_most_16(entries).at_most_32(length).at_most_32(start).u16(0);
        self.write_all(&bytes.0)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for ZipWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.out.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> EntryWriter<'_, W> {
    /// Returns the offset of the packed bytes in the archive.
    pub(super) fn data_start(&self) -> u64 {
        self.data_start
    }

    /// Returns the number of packed bytes so far.
    pub(super) fn packed_size(&self) -> u64 {
        self.zip.written - self.data_start
    }

    /// Ends the entry, whose content has these checksums.
    pub(super) fn finish(self, content: &Checksums) -> io::Result<()> {
        let packed_size = self.packed_size();
        let mut bytes = Bytes::default();
        bytes.u32(DESCRIPTOR).u32(content.crc);
        match packed_size.max(content.size) < MAX_32 {
            true => bytes.at_most_32(packed_size).at_most_32(content.size),
            false => bytes.u64(packed_size).u64(content.size),
        };
        self.zip.write_all(&bytes.0)?;
        self.zip.directory.add(&self.header, packed_size, content);
        Ok(())
    }
}

impl<W: Write> Write for EntryWriter<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.zip.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

impl Header<'_> {
    /// Writes the fields that both headers begin with, up to the checksum.
    fn write_common(&self, version: u16, bytes: &mut Bytes) {
        // Without the flag, programs read a name in an encoding of their own, all of which have these characters in common.
        let is_common = self.name.bytes().all(|byte| matches!(byte, b' '..=b'}') && byte != b'\\');
        let utf_8 = if is_common { 0 } else { UTF_8 };
        let time = DosDateTime::from(&UtcDateTime::from_unix(self.modified.into()));
        bytes.u16(version).u16(HAS_DESCRIPTOR | utf_8).u16(self.method.as_u16());
        bytes.u16(time.packed_time()).u16(time.packed_date());
    }
}

/// Returns the extra field with the modification time, and no other.
fn extended_timestamp(modified: u32) -> Vec<u8> {
    const MODIFIED: u8 = 1;
    let mut field = Bytes::default();
    field.u16(ExtraFieldId::EXTENDED_TIMESTAMP.as_u16()).u16(5).bytes(&[MODIFIED]).u32(modified);
    field.0
}

/// The records of the directory, in blocks: a buffer that grows needs twice its size.
#[derive(Default)]
pub(super) struct Directory {
    blocks: Vec<Vec<u8>>,
    entries: u64,
    needs_zip64: bool,
}

impl Directory {
    const BLOCK: usize = 128 << 10;
    /// Where a record states the lengths of the name and of the extra fields, and where the name begins.
    const NAME_LENGTH: usize = 28;
    const EXTRA_LENGTH: usize = 30;
    const NAME: usize = 46;

    fn add(&mut self, header: &Header<'_>, packed_size: u64, content: &Checksums) {
        let mut extra = Bytes(extended_timestamp(header.modified));
        let large: Vec<u64> = [content.size, packed_size, header.start]
            .into_iter()
            .filter(|number| *number >= MAX_32)
            .collect();
        if !large.is_empty() {
            extra.u16(ExtraFieldId::ZIP64.as_u16()).length(8 * large.len());
            for number in &large {
                extra.u64(*number);
            }
        }
        let version = if large.is_empty() { VERSION } else { ZIP64_VERSION };
        let mut record = Bytes::default();
        record.u32(RECORD).u16(MADE_BY_UNIX | version);
        header.write_common(version, &mut record);
        record.u32(content.crc).at_most_32(packed_size).at_most_32(content.size);
        record.length(header.name.len()).length(extra.0.len());
        // No comment, the first disk, no attributes of its content.
        record.u16(0).u16(0).u16(0).u32(MODE).at_most_32(header.start);
        record.bytes(header.name.as_bytes()).bytes(&extra.0);
        self.entries += 1;
        self.needs_zip64 |= !large.is_empty();
        let record = record.0;
        match self.blocks.last_mut() {
            Some(block) if block.capacity() - block.len() >= record.len() => block.extend(record),
            _ => {
                let mut block = Vec::with_capacity(record.len().max(Self::BLOCK));
                block.extend(record);
                self.blocks.push(block);
            }
        }
    }

    /// Returns the names of the entries, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(|block| {
            let mut rest = block.as_slice();
            std::iter::from_fn(move || {
                let length_at =
                    |at: usize| Some(usize::from(u16::from_le_bytes(*rest.get(at..)?.first_chunk()?)));
                let end = Self::NAME + length_at(Self::NAME_LENGTH)?;
                let next = end + length_at(Self::EXTRA_LENGTH)?;
                let name = std::str::from_utf8(&rest[Self::NAME..end]).expect("written from a string");
                rest = &rest[next..];
                Some(name)
            })
        })
    }
}

/// Collects little-endian numbers.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend(bytes);
        self
    }

    fn u16(&mut self, number: u16) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    fn u32(&mut self, number: u32) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    fn u64(&mut self, number: u64) -> &mut Self {
        self.bytes(&number.to_le_bytes())
    }

    /// Adds a length that the rules for names keep below 64 KiB.
    fn length(&mut self, length: usize) -> &mut Self {
        self.u16(u16::try_from(length).expect("names and extra fields are short"))
    }

    /// Adds a number, or the largest one of 16 bits if zip64 states it.
    fn at_most_16(&mut self, number: u64) -> &mut Self {
        self.u16(u16::try_from(number).unwrap_or(u16::MAX))
    }

    /// Adds a number, or the largest one of 32 bits if zip64 states it.
    fn at_most_32(&mut self, number: u64) -> &mut Self {
        self.u32(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use rawzip::{RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipLocator};

    use super::*;
    use crate::hashing::Sha256Hex;

    const GIB: u64 = 1 << 30;

    /// Bytes behind many zeros.
    #[derive(Debug)]
    struct Behind<'a> {
        zeros: u64,
        bytes: &'a [u8],
    }

    impl ReaderAt for Behind<'_> {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
            for (byte, at) in buffer.iter_mut().zip(offset..) {
                let behind =
                    at.checked_sub(self.zeros).and_then(|at| self.bytes.get(usize::try_from(at).ok()?));
                *byte = behind.copied().unwrap_or_default();
            }
            let left = (self.zeros + self.bytes.len() as u64).saturating_sub(offset);
            Ok(usize::try_from(left).unwrap().min(buffer.len()))
        }
    }

    /// Writes an entry of three packed bytes for each of these sizes, the first at `offset`. Returns the sizes and offsets that the directory
    /// states, the sizes that the descriptors state, and the bytes.
    fn written(offset: u64, sizes: &[u64]) -> (Vec<(u64, u64)>, Vec<u64>, Vec<u8>) {
        let mut zip = ZipWriter { out: Vec::new(), written: offset, directory: Directory::default() };
        for (index, size) in sizes.iter().enumerate() {
            let name = format!("images/{index}");
            let mut entry = zip.start(&name, CompressionMethod::DEFLATE, 1_700_000_000).unwrap();
            entry.write_all(b"abc").unwrap();
            entry.finish(&Checksums { size: *size, crc: 7, sha256: Sha256Hex([0; 32]) }).unwrap();
        }
        let bytes = zip.finish(Directory::default()).unwrap();
        let (source, length) = (Behind { zeros: offset, bytes: &bytes }, offset + bytes.len() as u64);
        let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
        let archive = ZipLocator::new().locate_in_reader(source, &mut buffer, length).unwrap();
        assert_eq!(archive.entries_hint(), sizes.len() as u64);
        let (mut listed, mut described) = (Vec::new(), Vec::new());
        let mut records = archive.entries(&mut buffer);
        while let Some(record) = records.next_entry().unwrap() {
            assert_eq!((record.compressed_size_hint(), record.crc32()), (3, 7));
            listed.push((record.uncompressed_size_hint(), record.local_header_offset()));
            let entry = archive.get_entry(record.wayfinder()).unwrap();
            described.push(entry.reader().data_descriptor().unwrap().unwrap().uncompressed_size());
        }
        (listed, described, bytes)
    }

    fn has_zip64(bytes: &[u8]) -> bool {
        bytes.windows(4).any(|window| window == ZIP64_END.to_le_bytes())
    }

    #[test]
    fn small_archives_have_no_zip64() {
        let (listed, described, bytes) = written(0, &[5, 6]);
        assert_eq!(described, [5, 6]);
        assert_eq!((listed[0], listed[1].0), ((5, 0), 6));
        assert!(!has_zip64(&bytes));
    }

    #[test]
    fn sizes_and_offsets_of_more_than_4_gib_are_stated_in_zip64() {
        for (offset, size) in [(0, 4 * GIB), (5 * GIB, 1), (5 * GIB, 6 * GIB), (MAX_32, MAX_32)] {
            let (listed, described, bytes) = written(offset, &[size, 1]);
            assert_eq!(described, [size, 1]);
            assert_eq!((listed[0], listed[1].0), ((size, offset), 1));
            assert!(listed[1].1 > offset && has_zip64(&bytes), "{offset} {size}");
        }
    }

    #[test]
    fn more_than_65_534_entries_are_counted_in_zip64() {
        let many = vec![1; 65_534];
        assert!(!has_zip64(&written(0, &many).2));
        let many = vec![1; 65_535];
        assert!(has_zip64(&written(0, &many).2));
    }

    #[test]
    fn the_directory_lists_its_names() {
        let mut directory = Directory::default();
        let names: Vec<String> = (0..5000).map(|index| format!("images/{index}/ü")).collect();
        for name in &names {
            let header = Header { name, method: CompressionMethod::STORE, modified: 0, start: 0 };
            directory.add(&header, 1, &Checksums { size: 1, crc: 0, sha256: Sha256Hex([0; 32]) });
        }
        assert!(directory.blocks.len() > 1 && directory.names().eq(names.iter().map(String::as_str)));
    }

    #[test]
    fn the_flag_for_utf_8_is_set_where_encodings_differ() {
        let flags = |name: &str| {
            let mut zip = ZipWriter::new(Vec::new());
            zip.start(name, CompressionMethod::STORE, 0).unwrap();
            u16::from_le_bytes(*zip.out[6..].first_chunk().unwrap())
        };
        for (name, expected) in
            [("images/a b", 0), ("images/a:b", 0), ("images/~a", UTF_8), ("images/ä:b", UTF_8)]
        {
            assert_eq!(flags(name), HAS_DESCRIPTOR | expected, "{name}");
        }
    }
}
