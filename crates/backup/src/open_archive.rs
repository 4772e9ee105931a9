//! An archive that is open for reading: its path and its reader. Verifying, drilling and restoring use it to read
//! and unpack entries, and to check the database.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use archive::{ArchiveProbe, Entry, Keys, Limits, Reader, parallel};
use durable::regular_file::{self, NotAFile};
use durable::{FileView, printable};
use inventory::migration::{SchemaState, names};
use inventory::sqlite::{Inspection, SchemaObject, inspect, inspect_and_remove_orphans, strip};

use crate::damage::recheck_damage;
use crate::event::Meter;
use crate::unpacker::Unpacker;
use crate::{Cancellation, Error, Event, Observer, Step};

/// An archive whose directory has been checked.
pub(crate) struct OpenArchive {
    pub(crate) path: PathBuf,
    file: FileView,
    pub(crate) reader: Reader<FileView>,
}

impl OpenArchive {
    /// Opens an archive, with `keys` if it is encrypted, and checks its directory.
    pub(crate) fn open(path: &Path, keys: &Keys) -> Result<Self, Error> {
        let file = FileView::new(open_file(path)?);
        let opened = Reader::open_with(file.clone(), &Limits::default(), keys);
        Ok(Self { path: path.to_owned(), reader: opened.map_err(Error::archive(path))?, file })
    }

    /// Returns the entries of the archive.
    pub(crate) fn entries(&self) -> &[Entry] {
        self.reader.entries()
    }

    /// Returns the datasheets and images of the archive.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Entry> {
        self.entries().iter().filter(|entry| entry.role.is_static())
    }

    /// Returns the unpacked size of all entries in bytes.
    pub(crate) fn unpacked_size(&self) -> u64 {
        self.entries().iter().map(|entry| entry.size).sum()
    }

    /// Returns the error of restoring a rescue archive; `None` if the archive is not one.
    pub(crate) fn rescue(&self) -> Option<Error> {
        let why = self.reader.info().v3()?.damaged.as_deref()?;
        Some(Error::Rescue { path: self.path.clone(), why: printable(why) })
    }

    /// Reads every entry and checks its hash. Does not check the database.
    pub(crate) fn check_entries(
        &self,
        cancellation: &Cancellation,
        observer: &mut dyn Observer,
    ) -> Result<(), Error> {
        observer.event(Event::Step(Step::CheckEntries));
        let meter = Meter::new(cancellation, observer, self.unpacked_size());
        self.for_each(self.entries().iter(), |unpacker, entry| unpacker.drain(entry, &meter), |_, _| Ok(()))
    }

    /// Returns what reads entries of this archive on the thread that calls this.
    pub(crate) fn unpacker(&self) -> Unpacker<'_> {
        Unpacker::new(&self.path, &self.file, &self.reader)
    }

    /// Calls `work` for each of these entries on several threads, and `take` for each result on this thread, in the order of the entries.
    ///
    /// # Errors
    /// The first error in the order of the entries, which ends the work.
    pub(crate) fn for_each<'a, T: Send>(
        &'a self,
        entries: impl Iterator<Item = &'a Entry> + Send,
        work: impl Fn(&mut Unpacker<'a>, &'a Entry) -> Result<T, Error> + Sync,
        mut take: impl FnMut(&'a Entry, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        /// The results are small, and the sizes of entries differ.
        const AHEAD: usize = 16;
        let work = |unpacker: &mut Unpacker<'a>, entries: Vec<&'a Entry>| {
            let mut results = Vec::with_capacity(entries.len());
            for entry in entries {
                let result = work(unpacker, entry);
                let failed = result.is_err();
                results.push((entry, result));
                if failed {
                    break;
                }
            }
            results
        };
        let take = |results: Vec<(&'a Entry, Result<T, Error>)>| {
            results.into_iter().try_for_each(|(entry, result)| take(entry, result?))
        };
        parallel::in_order(Neighbours { entries }, AHEAD, || self.unpacker(), work, take)
    }

    /// Checks the unpacked database of the archive, and compares it with the manifest if the format has one. First
    /// removes the schema objects that run code when the database is read, so that a hostile schema cannot slow the
    /// checks down. Returns the inspection, and the removed objects.
    pub(crate) fn check_database(&self, database: &Path) -> Result<(Inspection, Vec<SchemaObject>), Error> {
        let manifest = self.reader.info().v3();
        let stripped = recheck_damage(database, || strip(database)).map_err(Error::archived(&self.path))?;
        // A database with a manifest is compared unchanged. One from the original may have categories with missing
        // parents, which are removed first.
        let inspect = if manifest.is_some() { inspect } else { inspect_and_remove_orphans };
        let inspection = recheck_damage(database, || inspect(database))
            .map_err(|error| error.locate_value(database))
            .map_err(Error::archived(&self.path))?;
        if let SchemaState::Newer(found) = &inspection.schema {
            return Err(Error::archived(&self.path)(inventory::Error::Newer { found: found.clone() }));
        }
        let Some(manifest) = manifest else { return Ok((inspection, stripped)) };
        let mismatch = |what: String| Error::Mismatch { path: self.path.clone(), what };
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
                None => return Err(mismatch(format!("the list of tables ({name} is missing)"))),
            }
        }
        if let Some(name) = inspection.tables.keys().find(|name| !manifest.tables.contains_key(*name)) {
            return Err(mismatch(format!("the list of tables ({} is not in it)", printable(name))));
        }
        let pending: &[String] = match &inspection.schema {
            SchemaState::Behind(pending) => pending,
            _ => &[],
        };
        let applied = names().into_iter().filter(|name| !pending.iter().any(|missing| missing == name));
        if !applied.eq(manifest.migrations.iter().map(String::as_str)) {
            return Err(mismatch("the list of migrations".to_owned()));
        }
        if inspection.violation_count != manifest.foreign_key_violations {
            return Err(mismatch("the number of broken foreign keys".to_owned()));
        }
        Ok((inspection, stripped))
    }
}

/// Groups entries that one thread reads one after the other. Neighbours share chunks of an encrypted archive, which are then decrypted once.
struct Neighbours<I> {
    entries: I,
}

impl<'a, I: Iterator<Item = &'a Entry>> Iterator for Neighbours<I> {
    type Item = Vec<&'a Entry>;

    fn next(&mut self) -> Option<Vec<&'a Entry>> {
        /// Packed bytes: many chunks, and few enough to share the work evenly.
        const ENOUGH: u64 = 1 << 20;
        const MOST: usize = 32;
        let (mut group, mut bytes) = (Vec::new(), 0);
        while bytes < ENOUGH && group.len() < MOST {
            let Some(entry) = self.entries.next() else { break };
            bytes += entry.compressed_size();
            group.push(entry);
        }
        (!group.is_empty()).then_some(group)
    }
}

/// Returns the parts of an archive that are readable without a key.
pub(crate) fn probe(path: &Path) -> Result<ArchiveProbe, Error> {
    ArchiveProbe::open(open_file(path)?, &Limits::default()).map_err(Error::archive(path))
}

/// Opens the file of an archive, which must be a regular file.
fn open_file(path: &Path) -> Result<File, Error> {
    let file = regular_file::open(path).map_err(|source| match source.kind() {
        _ if NotAFile::of(&source).is_some() => {
            let NotAFile { kind } = NotAFile::of(&source).expect("matched by the guard");
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
