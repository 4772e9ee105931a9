//! A zip writer in which any field can lie. By default every field is true, and the layout is that of our
//! own archives.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::zipcrypto::Encryptor;

/// The flag for sizes in a descriptor behind the data.
pub const DESCRIPTOR: u16 = 1 << 3;
/// The flag for a name in UTF-8.
pub const UTF8: u16 = 1 << 11;

/// The fields of a header. A local header has neither the comment nor the fields after it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "APPNOTE 4.3.7 and 4.3.12 name them")]
pub struct Header {
    pub needed: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u16,
    pub date: u16,
    pub crc: u32,
    pub packed: u32,
    pub size: u32,
    pub name: Vec<u8>,
    pub name_length: Option<u16>,
    pub extra: Vec<u8>,
    pub extra_length: Option<u16>,
    pub comment: Vec<u8>,
    pub made_by: u16,
    pub disk: u16,
    pub internal: u16,
    pub external: u32,
    /// The offset of the local header, by default the true one.
    pub offset: Option<u32>,
}

/// An entry: both headers, the data and the descriptor.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The local header, before the data.
    pub local: Header,
    /// The header in the directory.
    pub central: Header,
    /// The packed data.
    pub data: Vec<u8>,
    /// The descriptor behind the data.
    pub descriptor: Vec<u8>,
    /// Whether local header, data and descriptor are written.
    pub written: bool,
    /// Whether the directory lists the entry.
    pub listed: bool,
}

impl Entry {
    /// Makes a regular file without compression.
    pub fn stored(name: &str, content: &[u8]) -> Self {
        Self::packed(name.as_bytes(), content, 0, content.to_vec())
    }

    /// Makes a regular file, deflated.
    pub fn deflated(name: &str, content: &[u8]) -> Self {
        Self::packed(name.as_bytes(), content, 8, deflate(content))
    }

    /// Makes a regular file from packed data; size and checksum are those of `content`.
    pub fn packed(name: &[u8], content: &[u8], method: u16, data: Vec<u8>) -> Self {
        let header = Header {
            needed: 20,
            flags: 0,
            method,
            time: 0x6f4d,
            date: 0x5d76,
            crc: crc32fast::hash(content),
            packed: short(data.len()),
            size: short(content.len()),
            name: name.to_vec(),
            name_length: None,
            extra: Vec::new(),
            extra_length: None,
            comment: Vec::new(),
            made_by: 0x031e,
            disk: 0,
            internal: 0,
            external: 0o100_644 << 16,
            offset: None,
        };
        let local = header.clone();
        Self { local, central: header, data, descriptor: Vec::new(), written: true, listed: true }
    }

    /// Makes a folder.
    pub fn folder(name: &str) -> Self {
        Self::stored(name, b"").with(|entry| entry.central.external = 0o040_755 << 16)
    }

    /// Applies a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Applies a change to both headers.
    #[must_use]
    pub fn with_both(mut self, change: impl Fn(&mut Header)) -> Self {
        self.both(change);
        self
    }

    /// Changes both headers in the same way.
    pub fn both(&mut self, change: impl Fn(&mut Header)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    /// Encrypts the data with ZipCrypto, and adds a descriptor if `described` is set.
    #[must_use]
    pub fn zip_crypto(mut self, password: &str, described: bool) -> Self {
        const RANDOM: [u8; 11] = *b"not random!";
        let check = if described { (self.central.time >> 8) as u8 } else { (self.central.crc >> 24) as u8 };
        let mut encryptor =
            Encryptor::new(Vec::new(), password.as_bytes(), RANDOM, check).expect("into memory");
        encryptor.write_all(&self.data).expect("into memory");
        self.data = encryptor.into_inner();
        let packed = short(self.data.len());
        self = self.with_both(|header| {
            header.flags |= 1;
            header.packed = packed;
        });
        if described { self.described() } else { self }
    }

    /// Moves sizes and checksum into a descriptor behind the data, as in our own archives.
    #[must_use]
    pub fn described(mut self) -> Self {
        let Header { crc, packed, size, .. } = self.central;
        self.descriptor = [0x0807_4b50, crc, packed, size].iter().flat_map(|n| n.to_le_bytes()).collect();
        self.central.flags |= DESCRIPTOR;
        self.local.flags |= DESCRIPTOR;
        (self.local.crc, self.local.packed, self.local.size) = (0, 0, 0);
        self
    }
}

impl Header {
    fn fields(&self, out: &mut Vec<u8>) {
        for short in [self.needed, self.flags, self.method, self.time, self.date] {
            out.extend(short.to_le_bytes());
        }
        for long in [self.crc, self.packed, self.size] {
            out.extend(long.to_le_bytes());
        }
        let lengths = [
            self.name_length.unwrap_or(self.name.len() as u16),
            self.extra_length.unwrap_or(self.extra.len() as u16),
        ];
        out.extend(lengths.iter().flat_map(|length| length.to_le_bytes()));
    }

    fn write_local(&self, out: &mut Vec<u8>) {
        out.extend(b"PK\x03\x04");
        self.fields(out);
        out.extend(&self.name);
        out.extend(&self.extra);
    }

    fn write_central(&self, at: usize, out: &mut Vec<u8>) {
        out.extend(b"PK\x01\x02");
        out.extend(self.made_by.to_le_bytes());
        self.fields(out);
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(self.disk.to_le_bytes());
        out.extend(self.internal.to_le_bytes());
        out.extend(self.external.to_le_bytes());
        out.extend(self.offset.unwrap_or(short(at)).to_le_bytes());
        out.extend(&self.name);
        out.extend(&self.extra);
        out.extend(&self.comment);
    }
}

/// The end of central directory record. A field that is `None` is written truthfully.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "APPNOTE 4.3.16 names them")]
pub struct End {
    pub disk: u16,
    pub directory_disk: u16,
    pub entries_here: Option<u16>,
    pub entries: Option<u16>,
    pub size: Option<u32>,
    pub offset: Option<u32>,
    pub comment: Vec<u8>,
    pub comment_length: Option<u16>,
}

/// The zip64 record and its locator. A field that is `None` is written truthfully.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "APPNOTE 4.3.14 and 4.3.15 name them")]
pub struct End64 {
    pub record_size: Option<u64>,
    pub disk: u32,
    pub directory_disk: u32,
    pub entries_here: Option<u64>,
    pub entries: Option<u64>,
    pub size: Option<u64>,
    pub offset: Option<u64>,
    pub locator_disk: u32,
    pub locator_offset: Option<u64>,
    pub disks: Option<u32>,
}

/// An archive.
#[derive(Debug, Clone, Default)]
pub struct Zip {
    /// Bytes before the first entry, which offsets count.
    pub before: Vec<u8>,
    /// The entries, in order.
    pub entries: Vec<Entry>,
    /// Bytes between the last entry and the directory.
    pub gap: Vec<u8>,
    /// Bytes between the directory and the records at the end.
    pub gap_at_end: Vec<u8>,
    /// The zip64 record.
    pub end64: Option<End64>,
    /// The record at the end.
    pub end: End,
    /// Bytes behind the end.
    pub after: Vec<u8>,
}

impl Zip {
    /// Makes an archive of these entries.
    pub fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self { entries: entries.into_iter().collect(), ..Self::default() }
    }

    /// Applies a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Adds an entry.
    #[must_use]
    pub fn and(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Returns the entry of this name, which must exist.
    pub fn entry(&mut self, name: &str) -> &mut Entry {
        let found = self.entries.iter_mut().find(|entry| entry.central.name == name.as_bytes());
        found.expect("the base has it")
    }

    /// Applies a change to the entry of this name.
    #[must_use]
    pub fn changing(mut self, name: &str, change: impl FnOnce(&mut Entry)) -> Self {
        change(self.entry(name));
        self
    }

    /// Returns the offset of the directory, which is also that of an entry to be added.
    pub fn bytes_before_directory(&self) -> usize {
        let written = self.entries.iter().filter(|entry| entry.written);
        let lengths = written.map(|entry| {
            let Entry { local, data, descriptor, .. } = entry;
            30 + local.name.len() + local.extra.len() + data.len() + descriptor.len()
        });
        self.before.len() + lengths.sum::<usize>() + self.gap.len()
    }

    /// Returns the bytes of the archive.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = self.before.clone();
        let mut offsets = Vec::new();
        for entry in &self.entries {
            offsets.push(out.len());
            if entry.written {
                entry.local.write_local(&mut out);
                out.extend(&entry.data);
                out.extend(&entry.descriptor);
            }
        }
        out.extend(&self.gap);
        let directory = out.len();
        let listed = || self.entries.iter().zip(&offsets).filter(|(entry, _)| entry.listed);
        listed().for_each(|(entry, at)| entry.central.write_central(*at, &mut out));
        let (count, size) = (listed().count(), out.len() - directory);
        out.extend(&self.gap_at_end);
        if let Some(end64) = &self.end64 {
            end64.write(count as u64, size as u64, directory as u64, &mut out);
        }
        out.extend(b"PK\x05\x06");
        let end = &self.end;
        out.extend(end.disk.to_le_bytes());
        out.extend(end.directory_disk.to_le_bytes());
        out.extend(end.entries_here.unwrap_or(count as u16).to_le_bytes());
        out.extend(end.entries.unwrap_or(count as u16).to_le_bytes());
        out.extend(end.size.unwrap_or(short(size)).to_le_bytes());
        out.extend(end.offset.unwrap_or(short(directory)).to_le_bytes());
        out.extend(end.comment_length.unwrap_or(end.comment.len() as u16).to_le_bytes());
        out.extend(&end.comment);
        out.extend(&self.after);
        out
    }
}

impl End64 {
    fn write(&self, count: u64, size: u64, directory: u64, out: &mut Vec<u8>) {
        let at = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(self.record_size.unwrap_or(44).to_le_bytes());
        out.extend(45_u16.to_le_bytes().repeat(2));
        out.extend(self.disk.to_le_bytes());
        out.extend(self.directory_disk.to_le_bytes());
        out.extend(self.entries_here.unwrap_or(count).to_le_bytes());
        out.extend(self.entries.unwrap_or(count).to_le_bytes());
        out.extend(self.size.unwrap_or(size).to_le_bytes());
        out.extend(self.offset.unwrap_or(directory).to_le_bytes());
        out.extend(b"PK\x06\x07");
        out.extend(self.locator_disk.to_le_bytes());
        out.extend(self.locator_offset.unwrap_or(at).to_le_bytes());
        out.extend(self.disks.unwrap_or(1).to_le_bytes());
    }
}

/// Returns an extra field.
pub fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes()[..], &(content.len() as u16).to_le_bytes(), content].concat()
}

/// Returns the extra field of zip64 with these numbers.
pub fn extra64(numbers: &[u64]) -> Vec<u8> {
    extra(1, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
}

/// Compresses with deflate.
pub fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("into memory")
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("vectors are small")
}
