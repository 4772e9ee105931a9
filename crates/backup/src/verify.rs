//! Verifying: every byte of every entry against its hash, the database opened and checked, its
//! rows and digests against the manifest. The restore does the same to what it stages, through the
//! same functions.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use archive::{Entry, Format, Limits, Manifest, Outside, Reader, Role, Sha256Hex};
use durable::regular_file::{self, NotAFile};
use durable::{Disk, Readers, printable};
use inventory::migration::{SchemaState, names};
use inventory::sqlite::{Inspection, inspect, inspect_tidied, strip};
use inventory::{Actor, Permission};

use crate::confirm::confirmed;
use crate::event::Meter;
use crate::scratch::Scratch;
use crate::{Engine, Error, Event, Observer, Status, Step, status};

/// Between the name of the program and the id of a verification, among the temporary files.
const MARK: &str = ".verify-";

/// What verifying found.
#[derive(Debug)]
pub struct Verified {
    /// The layout of the archive.
    pub format: Format,
    /// Entries read.
    pub files: u64,
    /// Their bytes, unpacked.
    pub bytes: u64,
    /// The database.
    pub database: Inspection,
    /// What was noted beside the archive, when it lies among the backups.
    pub status: Option<Status>,
}

impl Engine {
    /// Verifies an archive. Writes only below the folder for temporary files.
    ///
    /// # Errors
    /// Says what is wrong with which entry.
    pub fn verify(&self, actor: &Actor, path: &Path, observer: &mut dyn Observer) -> Result<Verified, Error> {
        crate::create::require(actor, "verifying a backup", Permission::BackupCreate)?;
        // The database that is unpacked into it can be read by its owner only.
        let temporary = std::env::temp_dir();
        // Making it would leave it behind: it may be mistyped, or not mounted.
        temporary
            .metadata()
            .map_err(Error::storage("use the folder for temporary files (TMPDIR)", &temporary))?;
        let scratch = Scratch::create(self, &temporary.join("makermatrix"), MARK)?;
        let before = status::identity(path);
        let mut verified = self.verify_with(path, &scratch.folder.join(archive::DATABASE), observer)?;
        if self.is_among_backups(path) && status::identity(path) == before {
            // Only a note: that the archive is sound stands without it, in a folder that cannot be
            // written, say. And none about a file that has taken its name meanwhile.
            verified.status = self.note_verified(path, path).ok();
        }
        Ok(verified)
    }

    /// Verifies, unpacking the database to `database`, which is gone afterwards.
    pub(crate) fn verify_with(
        &self,
        path: &Path,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<Verified, Error> {
        observer.event(Event::Step(Step::Open));
        let reader = self.open(path)?;
        if let Some(rescue) = rescue(path, &reader) {
            check_entries(path, &reader, observer)?;
            return Err(rescue);
        }
        let unpacked = self.verify_into(path, &reader, database, observer);
        // Best effort: it lies in a folder for temporary files, or bears a name that says so.
        let _ = self.disk.remove(database);
        let (bytes, inspection) = unpacked?;
        Ok(Verified {
            format: reader.format(),
            files: reader.entries().len() as u64,
            bytes,
            database: inspection,
            status: None,
        })
    }

    fn verify_into(
        &self,
        path: &Path,
        reader: &Reader<File>,
        database: &Path,
        observer: &mut dyn Observer,
    ) -> Result<(u64, Inspection), Error> {
        observer.event(Event::Step(Step::CheckEntries));
        let total = reader.entries().iter().map(|entry| entry.size).sum();
        let mut meter = Meter::new(observer, total);
        for entry in reader.entries() {
            if entry.role == Role::Database {
                unpack(path, reader, entry, &*self.disk, (database, Readers::Owner), &mut meter)?;
            } else {
                drain(path, reader, entry, &mut meter)?;
            }
        }
        observer.event(Event::Step(Step::CheckDatabase));
        let (inspection, _) = check_database(path, reader.info().v3(), database)?;
        Ok((total, inspection))
    }

    fn is_among_backups(&self, path: &Path) -> bool {
        let folder = |path: &Path| path.canonicalize().ok();
        let parent = folder(path).and_then(|path| path.parent().map(Path::to_owned));
        parent.is_some() && parent == folder(&self.places.backups)
    }
}

/// That an archive was kept for rescue, if it was.
pub(crate) fn rescue(path: &Path, reader: &Reader<File>) -> Option<Error> {
    let why = reader.info().v3()?.damaged.as_deref()?;
    Some(Error::Rescue { path: path.to_owned(), why: printable(why) })
}

/// Reads every entry and checks its hash, nothing more.
pub(crate) fn check_entries(
    path: &Path,
    reader: &Reader<File>,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    observer.event(Event::Step(Step::CheckEntries));
    let mut meter = Meter::new(observer, reader.entries().iter().map(|entry| entry.size).sum());
    reader.entries().iter().try_for_each(|entry| drain(path, reader, entry, &mut meter).map(|_| ()))
}

impl Engine {
    /// Opens an archive, with the keys in hand if it is encrypted, and checks its structure.
    pub(crate) fn open(&self, path: &Path) -> Result<Reader<File>, Error> {
        let opened = Reader::open_with(open_file(path)?, &Limits::default(), &self.keys);
        opened.map_err(Error::archive(path))
    }
}

/// What can be told of an archive without a key.
pub(crate) fn look(path: &Path) -> Result<Outside, Error> {
    Outside::look(open_file(path)?, &Limits::default()).map_err(Error::archive(path))
}

fn open_file(path: &Path) -> Result<File, Error> {
    let file = regular_file::open(path).map_err(|source| match source.kind() {
        _ if NotAFile::of(&source).is_some() => {
            let NotAFile { kind } = NotAFile::of(&source).expect("just seen");
            Error::ArchiveNotAFile { path: path.to_owned(), kind }
        }
        io::ErrorKind::NotFound => Error::ArchiveNotFound { path: path.to_owned() },
        _ => Error::storage("read", path)(source),
    })?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(Error::ArchiveIsFolder { path: path.to_owned() });
    }
    Ok(file)
}

/// Reads an entry to its end and returns its hash.
pub(crate) fn drain(
    path: &Path,
    reader: &Reader<File>,
    entry: &Entry,
    meter: &mut Meter<'_>,
) -> Result<Sha256Hex, Error> {
    copy(path, reader, entry, meter, &mut |_| Ok(()))
}

/// Writes an entry to a new file. The caller makes it durable.
pub(crate) fn unpack(
    path: &Path,
    reader: &Reader<File>,
    entry: &Entry,
    disk: &dyn Disk,
    (target, readers): (&Path, Readers),
    meter: &mut Meter<'_>,
) -> Result<Sha256Hex, Error> {
    let file = disk.create(target, readers).map_err(Error::storage("create", target))?;
    let mut out = BufWriter::with_capacity(128 << 10, file);
    let hash = copy(path, reader, entry, meter, &mut |bytes| {
        out.write_all(bytes).map_err(Error::storage("write", target))
    })?;
    out.flush().map_err(Error::storage("write", target))?;
    Ok(hash)
}

fn copy(
    path: &Path,
    reader: &Reader<File>,
    entry: &Entry,
    meter: &mut Meter<'_>,
    sink: &mut dyn FnMut(&[u8]) -> Result<(), Error>,
) -> Result<Sha256Hex, Error> {
    let failed = |error: io::Error| Error::archive(path)(archive::error::from_io(error));
    let mut content = reader.read(entry).map_err(Error::archive(path))?;
    let mut buffer = vec![0; 128 << 10];
    loop {
        let n = content.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            return Ok(content.hash().expect("read to its end"));
        }
        sink(&buffer[..n])?;
        meter.add(n as u64);
    }
}

/// Checks an unpacked database and compares it with the manifest, if there is one that says. First it
/// loses what computes when it is looked at, so that no schema can keep the checks busy. Returns what
/// was found, and what was taken out.
pub(crate) fn check_database(
    archive_path: &Path,
    manifest: Option<&Manifest>,
    database: &Path,
) -> Result<(Inspection, Vec<String>), Error> {
    let stripped = confirmed(database, || strip(database)).map_err(Error::archived(archive_path))?;
    // What a manifest describes is compared as it is; what the original made may refer to what is gone.
    let inspect = if manifest.is_some() { inspect } else { inspect_tidied };
    let inspection = confirmed(database, || inspect(database)).map_err(Error::archived(archive_path))?;
    if let SchemaState::Newer(found) = &inspection.schema {
        return Err(Error::archived(archive_path)(inventory::Error::Newer { found: found.clone() }));
    }
    let Some(manifest) = manifest else { return Ok((inspection, stripped)) };
    let mismatch = |what: String| Error::Mismatch { path: PathBuf::from(archive_path), what };
    for (name, record) in &manifest.tables {
        let found = inspection.tables.get(name);
        let name = printable(name);
        match found {
            Some(found) if found.rows != record.rows => {
                return Err(mismatch(format!("the number of rows of table {name}")));
            }
            Some(found) if found.sha256 != record.digest.0 => {
                return Err(mismatch(format!("the content of table {name}")));
            }
            Some(_) => {}
            None => return Err(mismatch(format!("the list of tables: {name} is missing"))),
        }
    }
    if let Some(name) = inspection.tables.keys().find(|name| !manifest.tables.contains_key(*name)) {
        return Err(mismatch(format!("the list of tables: {} is not in it", printable(name))));
    }
    let behind: &[String] = match &inspection.schema {
        SchemaState::Behind(behind) => behind,
        _ => &[],
    };
    let had = names().into_iter().filter(|name| !behind.iter().any(|lacks| lacks == name));
    if !had.eq(manifest.migrations.iter().map(String::as_str)) {
        return Err(mismatch("the list of migrations".to_owned()));
    }
    if inspection.violation_count != manifest.foreign_key_violations {
        return Err(mismatch("the number of broken foreign keys".to_owned()));
    }
    Ok((inspection, stripped))
}
