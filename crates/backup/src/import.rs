//! Moving in from the original: its data folder, its database, or an archive, in place of the
//! inventory here. A data folder is first copied as of one moment and made into an archive of ours,
//! read back like any other; what follows is a restore, with all that belongs to one.
//!
//! The source is only read: no lock, no lease and no journal is left there, and nothing of it is opened
//! by SQLite, so that it may lie where nothing can be written.

mod find;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use durable::with_suffix;
use inventory::sqlite::RedactedPasswords;
use inventory::{Actor, Permission, sqlite};

use crate::create::Source;
use crate::database_files::copy_database;
use crate::{
    BackupOptions, Engine, Error, Observer, Plan, Purpose, RestoreOptions, RestoreReport, StagedRestore,
};

pub use find::{ImportSource, databases_in, is_database};

/// Where to import from, and how careful to be.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// A data folder of the original, its database, or an archive.
    pub source: PathBuf,
    /// Its folder with datasheets and images, where that is not found by itself.
    pub static_files: Option<PathBuf>,
    /// As for a restore. The archive in it does not matter: it is what is made of the source.
    pub restore: RestoreOptions,
}

impl ImportOptions {
    /// An import with a safety backup that accepts no violations.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        let source = source.into();
        Self { restore: RestoreOptions::new(&source), source, static_files: None }
    }
}

/// What the source holds.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// Bytes of the database.
    pub database_size: u64,
    /// Number and bytes of the datasheets.
    pub datasheets: (u64, u64),
    /// Number and bytes of the images.
    pub images: (u64, u64),
    /// References to files that are missing; none are known of an archive of the original.
    pub dangling: Vec<String>,
    /// Passwords that were kept in the clear and are taken out: in which tables, how many.
    pub passwords: Vec<RedactedPasswords>,
    /// Users whose password is still the one that the original gives its first user.
    pub default_passwords: Vec<String>,
}

/// An import that needs only to be committed. Dropped instead, it leaves nothing behind.
#[derive(Debug)]
pub struct StagedImport {
    source: ImportSource,
    contents: Contents,
    made: Option<ImportedArchive>,
    staged: StagedRestore,
}

/// What an import would do.
#[derive(Debug)]
pub struct ImportPreview {
    /// Where it comes from.
    pub source: ImportSource,
    /// What is there.
    pub contents: Contents,
    /// What committing would do.
    pub plan: Plan,
}

/// An import that is complete.
#[derive(Debug)]
pub struct ImportReport {
    /// Where it came from.
    pub source: ImportSource,
    /// What was there.
    pub contents: Contents,
    /// The archive of it, which stays as the first backup; or the one that was imported.
    pub archive: PathBuf,
    /// What the restore did.
    pub restored: RestoreReport,
}

impl Engine {
    /// Finds out what would be imported. Only looks.
    ///
    /// # Errors
    /// When there is nothing to import, or more than one thing.
    pub fn find_import(&self, actor: &Actor, options: &ImportOptions) -> Result<ImportSource, Error> {
        crate::permission::require(actor, "importing an inventory", Permission::BackupRestore)?;
        let source = find::find(&options.source, options.static_files.as_deref())?;
        find::must_be_elsewhere(&source, &self.places)?;
        Ok(source)
    }

    /// Copies and checks the source, and stages it for being put in place.
    ///
    /// # Errors
    /// Everything that is wrong with the source; then nothing has been changed, there or here.
    pub fn stage_import(
        &self,
        actor: &Actor,
        options: &ImportOptions,
        observer: &mut dyn Observer,
    ) -> Result<StagedImport, Error> {
        crate::permission::require(actor, "importing an inventory", Permission::BackupRestore)?;
        let source = self.find_import(actor, options)?;
        let made = match &source {
            ImportSource::Archive(_) => None,
            ImportSource::Data { database, static_files, .. } => {
                Some(self.archive_of(database, static_files.as_deref(), observer)?)
            }
        };
        let (engine, archive) =
            made.as_ref().map_or((self, source.path()), |made| (&made.engine, made.archive.as_path()));
        let restore = RestoreOptions { archive: archive.to_owned(), ..options.restore.clone() };
        let staged = engine.stage_restore(actor, &restore, observer)?;
        let contents =
            engine.contents(archive, redacted_of(made.as_ref()), staged.plan(), &staged.database())?;
        Ok(StagedImport { source, contents, made, staged })
    }

    /// Finds, copies and checks the source, and returns what importing it would do. Changes nothing, there or
    /// here.
    ///
    /// # Errors
    /// Those of an import.
    pub fn preview_import(
        &self,
        actor: &Actor,
        options: &ImportOptions,
        observer: &mut dyn Observer,
    ) -> Result<ImportPreview, Error> {
        crate::permission::require(actor, "importing an inventory", Permission::BackupRestore)?;
        self.places.check()?;
        let source = self.find_import(actor, options)?;
        let scratch = self.preview_scratch()?;
        let made = match &source {
            ImportSource::Archive(_) => None,
            ImportSource::Data { database, static_files, .. } => {
                let copy = scratch.path().join("source.db");
                let output = Some(scratch.path().to_owned());
                Some(self.archive_of_copy((database, &copy), static_files.as_deref(), output, observer)?)
            }
        };
        let (engine, archive) =
            made.as_ref().map_or((self, source.path()), |made| (&made.engine, made.archive.as_path()));
        let restore = RestoreOptions { archive: archive.to_owned(), ..options.restore.clone() };
        let (plan, contents) = engine.preview(actor, &restore, observer, |plan, staged| {
            let contents = engine.contents(archive, redacted_of(made.as_ref()), &plan, staged)?;
            Ok((plan, contents))
        })?;
        drop(made);
        scratch.remove()?;
        Ok(ImportPreview { source, contents, plan })
    }

    /// One of our backups of what lies elsewhere.
    fn archive_of(
        &self,
        database: &Path,
        static_files: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<ImportedArchive, Error> {
        // Under the lock, since the copy bears a name that is tidied up: what a killed import leaves
        // must not stay.
        let _session = self.session("an import")?;
        let copy = self.places.private_copy(&self.ambient.uuid().to_string());
        let made = self.archive_of_copy((database, &copy), static_files, None, observer);
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // Best effort: the next backup removes it.
            let _ = self.disk.remove(&with_suffix(&copy, suffix));
        }
        made
    }

    fn archive_of_copy(
        &self,
        (database, copy): (&Path, &Path),
        static_files: Option<&Path>,
        output: Option<PathBuf>,
        observer: &mut dyn Observer,
    ) -> Result<ImportedArchive, Error> {
        copy_database(&self.disk, database, copy)?;
        // Without a folder of files there is an empty one.
        let nowhere = with_suffix(copy, ".static");
        let source = Source {
            purpose: Purpose::Import,
            database: copy,
            known_as: database,
            static_files: static_files.unwrap_or(&nowhere),
            can_be_locked: false,
            private_copies: None,
        };
        // A source without files says nothing about them, so those here stay.
        let files = static_files.is_some();
        let options = BackupOptions { datasheets: files, images: files, output, ..BackupOptions::default() };
        let made = self.archive(&options, &source, observer)?;
        Ok(ImportedArchive {
            engine: self.clone().with_keys(made.keys),
            archive: made.path,
            redacted: made.redacted,
            kept: false,
        })
    }

    fn contents(
        &self,
        archive: &Path,
        redacted: &[RedactedPasswords],
        plan: &Plan,
        staged_database: &Path,
    ) -> Result<Contents, Error> {
        let summary = self.summary_of(archive)?.contents.expect("it was opened to be staged");
        let dangling = summary.info.v3().map_or_else(Vec::new, |manifest| manifest.dangling.clone());
        let default_passwords = sqlite::users_with_default_password(staged_database);
        Ok(Contents {
            rows: plan.rows_after.clone(),
            database_size: summary.database_size,
            datasheets: summary.datasheets,
            images: summary.images,
            dangling,
            passwords: [redacted, plan.redacted.as_slice()].concat(),
            default_passwords: default_passwords.map_err(Error::archived(archive))?,
        })
    }
}

impl StagedImport {
    /// Where it comes from.
    pub fn source(&self) -> &ImportSource {
        &self.source
    }

    /// What is there.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// What committing would do.
    pub fn plan(&self) -> &Plan {
        self.staged.plan()
    }

    /// Makes the change.
    ///
    /// # Errors
    /// Those of a restore. The archive that was made of the source stays.
    pub fn commit(mut self, observer: &mut dyn Observer) -> Result<ImportReport, Error> {
        let made = self.made.as_mut().map(|made| {
            made.kept = true;
            made.archive.clone()
        });
        let archive = made.unwrap_or_else(|| self.source.path().to_owned());
        let restored = self.staged.commit(observer)?;
        Ok(ImportReport { source: self.source, contents: self.contents, archive, restored })
    }
}

/// The archive that was made of the source. Goes away when nothing comes of it.
#[derive(Debug)]
struct ImportedArchive {
    /// With what opens the archive: it may have been encrypted for somebody else, and whoever wrote it
    /// can still read it.
    engine: Engine,
    archive: PathBuf,
    /// The passwords that it does not hold.
    redacted: Vec<RedactedPasswords>,
    kept: bool,
}

fn redacted_of(made: Option<&ImportedArchive>) -> &[RedactedPasswords] {
    made.map_or(&[], |made| &made.redacted)
}

impl Drop for ImportedArchive {
    fn drop(&mut self) {
        if !self.kept {
            // Best effort: what stays is a sound archive, under a name that says what it is.
            let _ = self.engine.remove_archive(&self.archive);
        }
    }
}
