//! Finds the database and the files to import. Their places in the original depend on how it was installed.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use durable::{folder_of, regular_file};
use inventory::static_files::FileKind;

use crate::error::ImportPart;
use crate::{Error, Places};

/// Paths of the database below a data folder, which is a Docker volume or a checkout of the source code.
const DATABASES: [&str; 8] = [
    "database/makermatrix.db",
    "database/makers_matrix.db",
    "makermatrix.db",
    "makers_matrix.db",
    "MakerMatrix/makermatrix.db",
    "MakerMatrix/makers_matrix.db",
    "MakerMatrix/database/makermatrix.db",
    "MakerMatrix/database/makers_matrix.db",
];
const STATIC_FILES: [&str; 3] = ["static", "MakerMatrix/services/static", "services/static"];
const BACKUPS: [&str; 3] = ["backups", "MakerMatrix/backups", ""];
const ENV: [&str; 2] = [".env", "MakerMatrix/.env"];

/// The first bytes of every SQLite database, <https://sqlite.org/fileformat2.html>.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The source of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// An archive of the original or of this program.
    Archive(PathBuf),
    /// A database, and the files that belong to it.
    Data {
        /// The database.
        database: PathBuf,
        /// The folder with datasheets and images, if it exists.
        static_files: Option<PathBuf>,
        /// The environment file, which is never imported.
        env: Option<PathBuf>,
    },
}

impl ImportSource {
    /// Returns the path of the archive or of the database.
    pub fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Data { database: path, .. } => path,
        }
    }
}

/// Finds what to import at the path `source`.
pub(super) fn find(source: &Path, static_files: Option<&Path>) -> Result<ImportSource, Error> {
    let found = fs::metadata(source).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Error::ImportNotFound { path: source.to_owned() },
        _ => Error::storage("read", source)(error),
    })?;
    if let Some(folder) = static_files
        && !has_files(folder)
    {
        return Err(Error::ImportNoFiles { path: folder.to_owned() });
    }
    if found.is_dir() {
        return in_folder(source, static_files);
    }
    if is_database(source)? {
        let static_files = static_files.map(Path::to_owned);
        // The file is beside the database, or one level up if the database has a folder of its own.
        let above = [folder_of(source), folder_of(folder_of(source))];
        let env = above.map(|folder| folder.join(".env")).into_iter().find(|path| path.is_file());
        return Ok(ImportSource::Data { database: source.to_owned(), static_files, env });
    }
    // If the file is not an archive, opening it reports what is wrong.
    Ok(ImportSource::Archive(source.to_owned()))
}

/// Returns the databases below a data folder, at the paths where the original keeps its database.
///
/// # Errors
/// When a database cannot be read.
pub fn databases_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut databases = Vec::new();
    for path in DATABASES.map(|path| folder.join(path)) {
        let known = |path: &PathBuf| databases.iter().any(|found: &PathBuf| same_file(found, path));
        if path.is_file() && is_database(&path)? && !known(&path) {
            databases.push(path);
        }
    }
    Ok(databases)
}

/// Finds the database and the files in a data folder.
fn in_folder(folder: &Path, static_files: Option<&Path>) -> Result<ImportSource, Error> {
    let databases = databases_in(folder)?;
    let database = match databases.as_slice() {
        [] => {
            let (path, newest) = (folder.to_owned(), newest_archive(folder));
            return Err(Error::ImportNothing { path, newest });
        }
        [one] => one.clone(),
        _ => {
            return Err(Error::ImportSeveral { part: ImportPart::Database, found: databases });
        }
    };
    let static_files = match static_files {
        Some(folder) => Some(folder.to_owned()),
        None => {
            let mut folders = STATIC_FILES.map(|path| folder.join(path)).to_vec();
            folders.retain(|folder| has_files(folder));
            if folders.len() > 1 {
                return Err(Error::ImportSeveral { part: ImportPart::StaticFiles, found: folders });
            }
            folders.pop()
        }
    };
    let env = ENV.map(|path| folder.join(path)).into_iter().find(|path| path.is_file());
    Ok(ImportSource::Data { database, static_files, env })
}

/// Returns whether a folder contains `datasheets/` or `images/`.
fn has_files(folder: &Path) -> bool {
    FileKind::ALL.into_iter().any(|kind| folder.join(kind.folder()).is_dir())
}

/// Returns whether a file is an SQLite database, judging by its first bytes.
///
/// # Errors
/// When the file cannot be read.
pub fn is_database(path: &Path) -> Result<bool, Error> {
    let mut begin = Vec::new();
    let read =
        regular_file::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin));
    read.map_err(Error::storage("read", path))?;
    Ok(begin == MAGIC)
}

/// Returns the newest archive in the backup folders of the original.
fn newest_archive(folder: &Path) -> Option<PathBuf> {
    let mut newest: Option<(SystemTime, PathBuf)> = None;
    for entry in BACKUPS.iter().filter_map(|path| fs::read_dir(folder.join(path)).ok()).flatten().flatten() {
        let path = entry.path();
        let time = entry.metadata().and_then(|found| found.modified());
        if path.extension().is_some_and(|extension| extension == "zip")
            && let Ok(time) = time
        {
            newest = newest.max(Some((time, path)));
        }
    }
    newest.map(|(_, path)| path)
}

/// Refuses a source that is the inventory itself, or whose folder of files overlaps with that of the inventory.
pub(super) fn refuse_overlap(source: &ImportSource, places: &Places) -> Result<(), Error> {
    let ImportSource::Data { database, static_files, .. } = source else { return Ok(()) };
    let real = |path: &Path| path.canonicalize().ok();
    if same_file(database, &places.database) {
        return Err(Error::ImportSame { path: database.clone(), database: database.clone() });
    }
    if let Some(from) = static_files
        && let (Some(from), Some(to)) = (real(from), real(&places.static_files))
        && (from.starts_with(&to) || to.starts_with(&from))
    {
        return Err(Error::ImportSame { path: from, database: database.clone() });
    }
    Ok(())
}

/// Returns whether two paths lead to the same file.
#[cfg(unix)]
fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|one| Some(one) == identity(other))
}

#[cfg(not(unix))]
fn same_file(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}
