//! Imports an inventory of the original from its data folder, its database, or an archive. A data folder is
//! first backed up into an archive, which is read back like any other. That archive is then restored, with the
//! same guarantees as every restore.
//!
//! The source is only read. The import creates no lock or journal there, defers no deletes, and SQLite opens no file
//! there. So the source may be on a read-only medium.

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

/// The options of an import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// A data folder of the original, its database, or an archive.
    pub source: PathBuf,
    /// The folder with datasheets and images, if it is not in its usual place below the source.
    pub static_files: Option<PathBuf>,
    /// The options of the restore. The path of the archive in them is ignored.
    pub restore: RestoreOptions,
}

impl ImportOptions {
    /// Creates options with a safety backup, and without accepting broken foreign keys.
    pub fn new(source: impl Into<PathBuf>) -> Self {
        let source = source.into();
        Self { restore: RestoreOptions::new(&source), source, static_files: None }
    }
}

/// The contents of the source.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Number of rows per table.
    pub rows: BTreeMap<String, u64>,
    /// Size of the database in bytes.
    pub database_size: u64,
    /// Number and total bytes of the datasheets.
    pub datasheets: (u64, u64),
    /// Number and total bytes of the images.
    pub images: (u64, u64),
    /// References to missing files; empty for archives of the original, which do not record them.
    pub dangling: Vec<String>,
    /// Plain-text passwords that the import removes.
    pub passwords: Vec<RedactedPasswords>,
    /// Users who still have the default password of the original.
    pub default_passwords: Vec<String>,
}

/// An import that is ready to be committed. Dropping it removes everything that was staged.
#[derive(Debug)]
pub struct StagedImport {
    source: ImportSource,
    contents: Contents,
    imported: Option<ImportedArchive>,
    staged: StagedRestore,
}

/// The result of a dry run of an import.
#[derive(Debug)]
pub struct ImportPreview {
    /// The source of the import.
    pub source: ImportSource,
    /// The contents of the source.
    pub contents: Contents,
    /// The plan of the restore.
    pub plan: Plan,
}

/// The report of a completed import.
#[derive(Debug)]
pub struct ImportReport {
    /// The source of the import.
    pub source: ImportSource,
    /// The contents of the source.
    pub contents: Contents,
    /// The archive that was made of the source, which stays as the first backup; or the imported archive itself.
    pub archive: PathBuf,
    /// The report of the restore.
    pub restored: RestoreReport,
}

impl Engine {
    /// Finds the database and the files to import. Changes nothing.
    ///
    /// # Errors
    /// When the source holds nothing to import, or several candidates.
    pub fn find_import(&self, actor: &Actor, options: &ImportOptions) -> Result<ImportSource, Error> {
        crate::permission::require(actor, "importing an inventory", Permission::BackupRestore)?;
        let source = find::find(&options.source, options.static_files.as_deref())?;
        find::refuse_overlap(&source, &self.places)?;
        Ok(source)
    }

    /// Copies and checks the source, and stages the import.
    ///
    /// # Errors
    /// Any fault of the source. Then neither the source nor the inventory has been changed.
    pub fn stage_import(
        &self,
        actor: &Actor,
        options: &ImportOptions,
        observer: &mut dyn Observer,
    ) -> Result<StagedImport, Error> {
        crate::permission::require(actor, "importing an inventory", Permission::BackupRestore)?;
        let source = self.find_import(actor, options)?;
        let imported = match &source {
            ImportSource::Archive(_) => None,
            ImportSource::Data { database, static_files, .. } => {
                Some(self.archive_source(database, static_files.as_deref(), observer)?)
            }
        };
        let (engine, archive) = imported
            .as_ref()
            .map_or((self, source.path()), |imported| (&imported.engine, imported.archive.as_path()));
        let restore = RestoreOptions { archive: archive.to_owned(), ..options.restore.clone() };
        let staged = engine.stage_restore(actor, &restore, observer)?;
        let contents =
            engine.contents(archive, redacted_of(imported.as_ref()), staged.plan(), &staged.database())?;
        Ok(StagedImport { source, contents, imported, staged })
    }

    /// Finds, copies and checks the source, and returns what importing it would do. Changes neither the source nor
    /// the inventory.
    ///
    /// # Errors
    /// The errors of an import.
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
        let imported = match &source {
            ImportSource::Archive(_) => None,
            ImportSource::Data { database, static_files, .. } => {
                let copy = scratch.path().join("source.db");
                let output = Some(scratch.path().to_owned());
                Some(self.archive_copy((database, &copy), static_files.as_deref(), output, observer)?)
            }
        };
        let (engine, archive) = imported
            .as_ref()
            .map_or((self, source.path()), |imported| (&imported.engine, imported.archive.as_path()));
        let restore = RestoreOptions { archive: archive.to_owned(), ..options.restore.clone() };
        let (plan, contents) = engine.preview(actor, &restore, observer, |plan, staged| {
            let contents = engine.contents(archive, redacted_of(imported.as_ref()), &plan, staged)?;
            Ok((plan, contents))
        })?;
        drop(imported);
        scratch.remove()?;
        Ok(ImportPreview { source, contents, plan })
    }

    /// Backs up the source into the backup folder of this inventory.
    fn archive_source(
        &self,
        database: &Path,
        static_files: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<ImportedArchive, Error> {
        // The copy has a name that the next session removes, in case this import is killed. So hold the lock.
        let _session = self.session("an import")?;
        let copy = self.places.private_copy(&self.ambient.uuid().to_string());
        let imported = self.archive_copy((database, &copy), static_files, None, observer);
        for suffix in ["", "-wal", "-shm", "-journal"] {
            // Errors are ignored: the next session removes the file.
            let _ = self.disk.remove(&with_suffix(&copy, suffix));
        }
        imported
    }

    /// Copies the database of the source to `copy`, and archives the copy and the files.
    fn archive_copy(
        &self,
        (database, copy): (&Path, &Path),
        static_files: Option<&Path>,
        output: Option<PathBuf>,
        observer: &mut dyn Observer,
    ) -> Result<ImportedArchive, Error> {
        copy_database(&self.disk, database, copy)?;
        // A source without files is archived with a folder that does not exist, which counts as empty.
        let no_files = with_suffix(copy, ".static");
        let source = Source {
            purpose: Purpose::Import,
            database: copy,
            display_path: database,
            static_files: static_files.unwrap_or(&no_files),
            can_be_locked: false,
            private_copies: None,
        };
        // If the source has no folder of files, the archive includes none, and the live files stay.
        let files = static_files.is_some();
        let options = BackupOptions { datasheets: files, images: files, output, ..BackupOptions::default() };
        let imported = self.archive(&options, &source, observer)?;
        Ok(ImportedArchive {
            engine: self.clone().with_keys(imported.keys),
            archive: imported.path,
            redacted: imported.redacted,
            kept: false,
        })
    }

    /// Returns the contents of the source, from its archive and the plan.
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
    /// Returns the source of the import.
    pub fn source(&self) -> &ImportSource {
        &self.source
    }

    /// Returns the contents of the source.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Returns the plan of the restore.
    pub fn plan(&self) -> &Plan {
        self.staged.plan()
    }

    /// Commits the import.
    ///
    /// # Errors
    /// The errors of a restore. The archive that was made of the source is kept.
    pub fn commit(mut self, observer: &mut dyn Observer) -> Result<ImportReport, Error> {
        let imported = self.imported.as_mut().map(|imported| {
            imported.kept = true;
            imported.archive.clone()
        });
        let archive = imported.unwrap_or_else(|| self.source.path().to_owned());
        let restored = self.staged.commit(observer)?;
        Ok(ImportReport { source: self.source, contents: self.contents, archive, restored })
    }
}

/// The archive that was made of the source. Dropping it removes the archive unless `kept` is set.
#[derive(Debug)]
struct ImportedArchive {
    /// An engine with the keys of the archive, which may be encrypted for somebody else.
    engine: Engine,
    archive: PathBuf,
    /// The passwords that were left out of the archive.
    redacted: Vec<RedactedPasswords>,
    kept: bool,
}

fn redacted_of(imported: Option<&ImportedArchive>) -> &[RedactedPasswords] {
    imported.map_or(&[], |imported| &imported.redacted)
}

impl Drop for ImportedArchive {
    fn drop(&mut self) {
        if !self.kept {
            // Errors are ignored: a remaining archive is intact, and its name says what it is.
            let _ = self.engine.remove_archive(&self.archive);
        }
    }
}
