//! Opens an archive and hands out its entries, each checked while it is read.
//!
//! [`Reader::open`] looks at the whole structure first: every name, size, header, and for format
//! 3.0 whether manifest, `SHA256SUMS` and entries list the same files. Nothing is unpacked but
//! those two. [`Reader::read`] then streams one entry and ends in an error unless size, CRC-32
//! and, where known, SHA-256 are right.

mod content;
mod end;
mod lists;
mod locked;
mod outside;
mod password;
mod positioned;
mod sealed;
mod start;
mod structure;

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::marker::PhantomData;

use rawzip::{ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};
use serde::de::DeserializeSeed;

use crate::error::{Corruption, Error, Lock, Refusal, from_io};
use crate::hashing::Sha256Hex;
use crate::keys::{ExposeSecret, Keys, SecretString};
use crate::limits::Limits;
use crate::manifest::{Info, LegacyInfo};
use crate::name::{Role, shown};
use crate::{CHECKSUMS, MANIFEST};

pub use content::EntryReader;
use locked::{Cipher, Unlocked};
pub use outside::Outside;
use positioned::Positioned;
use sealed::Source;
use start::{Kind, look_at_start};

/// How much of the manifest and of the hashes is looked at at a time.
const STEP: usize = 64 << 10;

/// One file in the archive.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name; [`crate::name::check`] holds.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// Bytes after unpacking.
    pub size: u64,
    /// Bytes in the archive.
    pub packed: u64,
    /// Its hash, where the archive states one.
    pub sha256: Option<Sha256Hex>,
    deflated: bool,
    cipher: Option<Cipher>,
    crc: u32,
    at: ZipArchiveEntryWayfinder,
}

impl Entry {
    /// Bytes in the archive, without what encryption adds.
    fn body(&self) -> u64 {
        self.packed - self.cipher.map_or(0, Cipher::overhead)
    }
}

/// Which layout an archive has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Ours, with hashes.
    V3,
    /// The original's 2.0.
    V2,
    /// The original's before 2.0: a manifest without a version.
    BeforeV2,
    /// No manifest.
    Bare,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V3 => "3.0",
            Self::V2 => "2.0",
            Self::BeforeV2 => "older than 2.0",
            Self::Bare => "without backup_info.json",
        })
    }
}

/// An archive whose structure has been checked.
pub struct Reader<R: Read + Seek> {
    zip: ZipArchive<Positioned<Source<R>>>,
    entries: Vec<Entry>,
    ignored: Vec<String>,
    format: Format,
    info: Info,
    lock: Option<Lock>,
    /// For entries that are encrypted one by one.
    password: Option<SecretString>,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens an archive that is not encrypted, and checks its structure.
    ///
    /// # Errors
    /// [`Refusal`] and [`Corruption`] say what is wrong, naming the entry.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        Self::open_with(source, limits, &Keys::default())
    }

    /// The same for any archive, with the keys in hand.
    ///
    /// # Errors
    /// [`crate::KeyFault`] as well, when there is none that fits.
    pub fn open_with(mut source: R, limits: &Limits, keys: &Keys) -> Result<Self, Error> {
        let length = source.seek(SeekFrom::End(0))?;
        let (source, length, sealed) = match look_at_start(&mut source, length)? {
            Kind::Zip => (Source::Plain(source), length, None),
            Kind::Age => {
                let (mut inside, lock) = Source::unlock(source, keys)?;
                let length = inside.seek(SeekFrom::End(0)).map_err(from_io)?;
                match look_at_start(&mut inside, length)? {
                    Kind::Zip => (inside, length, Some(lock)),
                    Kind::Age => {
                        let looks_like = "an age file inside an age file";
                        return Err(Refusal::NotAnArchive { looks_like }.into());
                    }
                }
            }
        };
        let zip = directory(source, length)?;
        let found = structure::check(&zip, length, limits)?;
        let locked = found.entries.iter().find_map(|entry| entry.cipher).map(Cipher::lock);
        let mut reader = Self {
            zip,
            entries: found.entries,
            ignored: Vec::new(),
            format: Format::Bare,
            info: Info::Legacy(None),
            lock: sealed.or(locked),
            password: keys.passphrase.clone(),
        };
        reader.check_password()?;
        reader.read_manifest(limits)?;
        if reader.format == Format::V3 {
            if let Some((offset, bytes)) = found.stray {
                return Err(Refusal::Stray { offset, bytes }.into());
            }
            reader.compare_lists(limits)?;
        } else {
            let (known, foreign) = reader.entries.into_iter().partition(|entry| entry.role != Role::Other);
            reader.entries = known;
            reader.ignored = foreign.into_iter().map(|entry: Entry| entry.name).collect();
        }
        if !reader.entries.iter().any(|entry| entry.role == Role::Database)
            && reader.info.v3().is_none_or(|manifest| manifest.damaged.is_none())
        {
            return Err(Refusal::NoDatabase.into());
        }
        Ok(reader)
    }

    /// How the archive is encrypted, if it is.
    pub fn lock(&self) -> Option<Lock> {
        self.lock
    }

    /// The entries that belong to a backup, in the order of the archive; folders are not listed.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this role, for roles that occur once.
    pub fn entry(&self, role: Role) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.role == role)
    }

    /// Entries of an older archive that are no part of a backup (somebody re-packed it).
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// The layout.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What the manifest says, but for its list of files: that is the one of [`Reader::entries`].
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Whether the folder of `role` was part of the backup. Older archives say so only in their
    /// manifest; without one, files being there is the only sign.
    pub fn includes(&self, role: Role) -> bool {
        let stated = match (&self.info, role) {
            (Info::V3(manifest), Role::Datasheet) => Some(manifest.datasheets_included),
            (Info::V3(manifest), Role::Image) => Some(manifest.images_included),
            (Info::Legacy(Some(info)), Role::Datasheet) => info.datasheets_included,
            (Info::Legacy(Some(info)), Role::Image) => info.images_included,
            _ => None,
        };
        stated.unwrap_or_else(|| self.entry(role).is_some())
    }

    /// Streams one entry. The last `read` fails unless everything about it is right.
    pub fn read(&self, entry: &Entry) -> Result<EntryReader<impl Read + '_>, Error> {
        let packed = self.zip.get_entry(entry.at)?.reader();
        let password = self.password.as_ref().map_or("", |password| password.expose_secret());
        match Unlocked::open(packed, entry, password.as_bytes()).map_err(from_io)? {
            Some(body) => Ok(EntryReader::new(body, entry)),
            None => {
                let why = "the header of its encryption is damaged";
                Err(Corruption::Decrypt { entry: entry.name.clone(), why }.into())
            }
        }
    }

    fn read_manifest(&mut self, limits: &Limits) -> Result<(), Error> {
        let Some(entry) = self.entry(Role::Manifest) else {
            if self.entry(Role::Checksums).is_some() {
                return Err(Corruption::Missing { entry: MANIFEST.to_owned(), list: CHECKSUMS }.into());
            }
            return Ok(());
        };
        self.check_length(entry, MANIFEST, limits)?;
        let versions: Versions = self.parse(entry, PhantomData)?;
        match (versions.format_version.as_deref(), versions.backup_format_version.as_deref()) {
            (Some(version), _) | (None, Some(version)) if !is_version(version) => {
                let why = format!("{:?} is not the version of a format", shown(version));
                return Err(Corruption::Manifest { why }.into());
            }
            (Some(version), _) if version.starts_with("3.") => {
                self.info = Info::V3(Box::new(self.parse(entry, PhantomData)?));
                self.format = Format::V3;
            }
            (None, None | Some("2.0")) => {
                let legacy: LegacyInfo = self.parse(entry, PhantomData)?;
                self.info = Info::Legacy(Some(legacy));
                self.format =
                    if versions.backup_format_version.is_some() { Format::V2 } else { Format::BeforeV2 };
            }
            (Some(found), _) | (None, Some(found)) => {
                let found = shown(found);
                return Err(Refusal::NewerFormat { found }.into());
            }
        }
        // Only format 3 has them: it is the manifest that is not what was written.
        if self.format != Format::V3 && self.entry(Role::Checksums).is_some() {
            let why =
                format!("there is {CHECKSUMS}, as only format 3 has, but it does not state that format");
            return Err(Corruption::Manifest { why }.into());
        }
        Ok(())
    }

    /// Parses the manifest as it is read: with many files it is long.
    fn parse<T: for<'de> DeserializeSeed<'de, Value = V>, V>(
        &self,
        entry: &Entry,
        what: T,
    ) -> Result<V, Error> {
        let text = BufReader::with_capacity(STEP, self.read(entry)?);
        let mut json = serde_json::Deserializer::from_reader(text);
        let parsed = what.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
        parsed.map_err(|error| {
            if error.is_io() {
                return from_io(error.into());
            }
            let why = Corruption::Manifest { why: error.to_string() };
            self.damage_or(entry, why.into())
        })
    }

    /// What is wrong with the bytes of an entry, if anything is; else what they were taken to mean.
    fn damage_or(&self, entry: &Entry, meaning: Error) -> Error {
        match meaning {
            Error::Io(_) => meaning,
            _ => self.drain(entry).err().unwrap_or(meaning),
        }
    }

    fn drain(&self, entry: &Entry) -> Result<(), Error> {
        std::io::copy(&mut self.read(entry)?, &mut std::io::sink()).map_err(from_io)?;
        Ok(())
    }

    fn check_length(&self, entry: &Entry, name: &'static str, limits: &Limits) -> Result<(), Error> {
        // A file takes its name, a hash, a size and some JSON around them.
        const PER_FILE: u64 = 256;
        let names: u64 = self.entries.iter().map(|entry| 2 * entry.name.len() as u64 + PER_FILE).sum();
        let limit = limits.manifest + names;
        if entry.size > limit {
            return Err(Refusal::EntryTooLarge { name, found: entry.size, limit }.into());
        }
        Ok(())
    }
}

#[derive(serde::Deserialize)]
struct Versions {
    format_version: Option<String>,
    backup_format_version: Option<String>,
}

/// Whether it is numbers with dots between them.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    text.split('.').all(is_number)
}

fn directory<R: Read + Seek>(source: R, length: u64) -> Result<ZipArchive<Positioned<R>>, Error> {
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let located = ZipLocator::new().locate_in_reader(Positioned::new(source, length), &mut buffer, length);
    located.map_err(|(_, error)| error.into())
}
