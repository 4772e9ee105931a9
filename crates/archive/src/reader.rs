//! Opens an archive and reads its entries, each of which is checked while it is read.
//!
//! [`Reader::open`] first checks the whole directory: every name and size, and for format 3.0
//! whether manifest, `SHA256SUMS` and directory list the same files. It reads nothing else but
//! those two. [`Reader::read`] then streams one entry. It fails unless the local header agrees with the directory, and at the end of the
//! content unless the descriptor, size, CRC-32 and, where one is stated, SHA-256 are right.
//!
//! Reading order: `age_header`, `age_file` and `detect` (what kind of file it is, and what an age file
//! contains); `zip_encryption` and `entry`; `headers`, `end_of_central_directory` and `central_directory`; `content`,
//! `positioned` and `zip` (how an entry is read); `password`, `format` and `manifest_check`; `probe`,
//! and this file.

mod age_file;
mod age_header;
mod central_directory;
mod content;
mod detect;
mod end_of_central_directory;
mod entry;
mod format;
mod headers;
mod manifest_check;
mod password;
mod positioned;
mod probe;
mod zip;
mod zip_encryption;

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use age_core::format::FileKey;

use crate::error::{Error, Refusal, from_io};
use crate::keys::Keys;
use crate::limits::Limits;
use crate::manifest::Info;
use crate::name::Role;
use crate::scheme::EncryptionScheme;

use age_file::Source;
use detect::{Container, detect};
use headers::Body;
use zip::Zip;
use zip_encryption::Cipher;

pub use content::EntryReader;
pub use entry::Entry;
pub use format::Format;
pub use probe::ArchiveProbe;

/// An archive whose directory has been checked.
pub struct Reader<R: Read + Seek> {
    zip: Zip<Source<R>>,
    entries: Vec<Entry>,
    ignored: Vec<String>,
    format: Format,
    info: Info,
    encryption: Option<EncryptionScheme>,
    /// The key of the age file around the zip, if there is one.
    file_key: Option<Arc<FileKey>>,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens an archive that is not encrypted, and checks its directory.
    ///
    /// # Errors
    /// [`Refusal`] and [`crate::Corruption`] say what is wrong, and name the entry.
    pub fn open(source: R, limits: &Limits) -> Result<Self, Error> {
        Self::open_with(source, limits, &Keys::default())
    }

    /// Opens an archive, encrypted or not, and checks its directory.
    ///
    /// # Errors
    /// Those of [`Reader::open`], and [`crate::KeyFault`] when no key fits.
    pub fn open_with(source: R, limits: &Limits, keys: &Keys) -> Result<Self, Error> {
        let (source, length, outer) = open_container(source, keys)?;
        let (outer, file_key) = outer.unzip();
        let mut zip = Zip::open(source, length, keys.passphrase.clone())?;
        let directory = central_directory::check(&zip.archive, length, limits)?;
        let mut entries = directory.entries;
        password::check(&zip, &entries)?;
        let (format, info) = format::read(&zip, &entries, limits)?;
        let inner = entries.iter().find_map(|entry| entry.cipher).map(Cipher::scheme);
        let mut ignored = Vec::new();
        match &info {
            Info::V3(manifest) => {
                if let Some((offset, bytes)) = directory.stray {
                    return Err(Refusal::StrayBytes { offset, bytes }.into());
                }
                zip.may_have_gaps = false;
                manifest_check::check(&zip, &mut entries, manifest, limits)?;
            }
            Info::Legacy(_) => {
                for unknown in entries.extract_if(.., |entry| entry.role == Role::Other) {
                    Body::open(&zip.archive, &unknown)?.check_end()?;
                    ignored.push(unknown.name);
                }
            }
        }
        let is_rescue = info.v3().is_some_and(|manifest| manifest.damaged.is_some());
        if !is_rescue && Entry::with_role(&entries, Role::Database).is_none() {
            return Err(Refusal::NoDatabase.into());
        }
        Ok(Self {
            zip,
            entries,
            ignored,
            format,
            info,
            encryption: outer.or(inner),
            file_key: file_key.flatten(),
        })
    }

    /// Returns how the archive is encrypted, if it is.
    pub fn encryption(&self) -> Option<EncryptionScheme> {
        self.encryption
    }

    /// Returns the entries that belong to a backup, in the order of the archive and without folders.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the entries, and closes the archive.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// Returns the first entry with this role.
    pub fn entry(&self, role: Role) -> Option<&Entry> {
        Entry::with_role(&self.entries, role)
    }

    /// Returns the names of entries that are no part of a backup. Only archives of older formats, which
    /// somebody may have repacked, can have them.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Returns the version of the layout.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns what the manifest states, without its list of files: see [`Reader::entries`].
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Returns whether the backup included the folder of `role`. An older archive states it only in its
    /// manifest; without one, the folder counts as included if it has files.
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

    /// Streams the content of an entry. The last `read` fails unless the content is as stated.
    pub fn read<'a>(&'a self, entry: &'a Entry) -> Result<EntryReader<'a, impl Read + Seek>, Error> {
        self.zip.read(entry)
    }

    /// Opens the same archive once more, through `file`, so that another thread can read entries at the same time. The directory is not
    /// checked again, nor is a key derived from a passphrase again.
    ///
    /// # Errors
    /// [`Error::Io`], and [`crate::Corruption`] if the file has changed.
    pub fn handle<S: Read + Seek>(&self, file: S) -> Result<Handle<S>, Error> {
        let keys = Keys { file_key: self.file_key.clone(), ..Keys::default() };
        let (source, length, _) = open_container(file, &keys)?;
        let opened = Zip::open(source, length, self.zip.password.clone())?;
        Ok(Handle { zip: Zip { may_have_gaps: self.zip.may_have_gaps, ..opened } })
    }
}

/// Reads entries of an archive that a [`Reader`] has opened.
pub struct Handle<R: Read + Seek> {
    zip: Zip<Source<R>>,
}

impl<R: Read + Seek> Handle<R> {
    /// Streams the content of an entry. The last `read` fails unless the content is as stated.
    pub fn read<'a>(&'a self, entry: &'a Entry) -> Result<EntryReader<'a, impl Read + Seek>, Error> {
        self.zip.read(entry)
    }
}

/// How an archive is encrypted as a whole, and its key.
type Outer = (EncryptionScheme, Option<Arc<FileKey>>);

/// Returns the zip in a file with its length and, if it is inside an age file, how that is encrypted and with which key.
fn open_container<R: Read + Seek>(
    mut file: R,
    keys: &Keys,
) -> Result<(Source<R>, u64, Option<Outer>), Error> {
    let length = file.seek(SeekFrom::End(0))?;
    if detect(&mut file, length)? == Container::Zip {
        return Ok((Source::Plain(file), length, None));
    }
    let (mut inside, scheme, file_key) = Source::decrypt(file, keys)?;
    let length = inside.seek(SeekFrom::End(0)).map_err(from_io)?;
    match detect(&mut inside, length)? {
        Container::Zip => Ok((inside, length, Some((scheme, file_key.map(Arc::new))))),
        Container::Age => Err(Refusal::NotAnArchive { looks_like: "an age file inside an age file" }.into()),
    }
}
