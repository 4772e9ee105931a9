//! Finding what there is to import: the original keeps its things in one of a few places, depending on
//! how it is run.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use durable::{folder_of, regular_file};
use inventory::static_files::FileKind;

use crate::{Error, Places};

/// Below a data folder (a Docker volume, or a checkout of the source).
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

/// With which every SQLite database begins, <https://sqlite.org/fileformat2.html>.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// An archive, of the original or of ours.
    Archive(PathBuf),
    /// A database, and the files that belong to it.
    Data {
        /// The database.
        database: PathBuf,
        /// The folder with datasheets and images, if there is one.
        static_files: Option<PathBuf>,
        /// The environment file, which is never imported.
        env: Option<PathBuf>,
    },
}

/// What there may be only one of in a folder that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportPart {
    /// The database.
    Database,
    /// The folder with datasheets and images.
    StaticFiles,
}

impl std::fmt::Display for ImportPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Database => "databases",
            Self::StaticFiles => "folders of files",
        })
    }
}

impl ImportSource {
    /// The archive or the database.
    pub fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Data { database: path, .. } => path,
        }
    }
}

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
        // Beside it, or above a folder that holds nothing but the database.
        let above = [folder_of(source), folder_of(folder_of(source))];
        let env = above.map(|folder| folder.join(".env")).into_iter().find(|path| path.is_file());
        return Ok(ImportSource::Data { database: source.to_owned(), static_files, env });
    }
    // An archive, or something that opening it has better words for.
    Ok(ImportSource::Archive(source.to_owned()))
}

/// Returns the databases that lie below a data folder where the original keeps its own.
///
/// # Errors
/// When one of them cannot be read.
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

fn has_files(folder: &Path) -> bool {
    FileKind::ALL.into_iter().any(|kind| folder.join(kind.folder()).is_dir())
}

/// Returns whether a file begins as SQLite databases do.
///
/// # Errors
/// When it cannot be read.
pub fn is_database(path: &Path) -> Result<bool, Error> {
    let mut begin = Vec::new();
    let read =
        regular_file::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin));
    read.map_err(Error::storage("read", path))?;
    Ok(begin == MAGIC)
}

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

/// Refuses to import an inventory over itself, or files from where they go to.
pub(super) fn must_be_elsewhere(source: &ImportSource, places: &Places) -> Result<(), Error> {
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
