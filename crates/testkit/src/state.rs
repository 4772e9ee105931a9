//! The state of a whole inventory as a value to compare.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backup::Places;
use inventory::sqlite::TRANSIENT_TABLES;
use inventory::static_files::FileKind;
use inventory::{LiveDatabase, StaticFiles, sqlite};
use sha2::{Digest, Sha256};

use crate::scratch::require_inside;

/// Database and static files at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The row count and digest of each table, except for the restore marker.
    pub tables: BTreeMap<String, (u64, String)>,
    /// The hash of each static file.
    pub files: BTreeMap<String, String>,
}

/// Returns the state of the inventory at these places.
pub fn state_of(places: &Places) -> State {
    require_inside(&places.database);
    let copy = durable::with_suffix(&places.database, ".state-copy");
    let _ = std::fs::remove_file(&copy);
    LiveDatabase::new(places.database.as_path())
        .snapshot(&copy, &mut |_, _| {})
        .expect("the database can be copied");
    let found = sqlite::inspect(&copy).expect("the database is sound");
    std::fs::remove_file(&copy).expect("just made");
    assert_eq!(found.violation_count, 0, "{:?}", found.violations);
    let tables = found.tables.into_iter().filter(|(name, _)| !TRANSIENT_TABLES.contains(&name.as_str()));
    State {
        tables: tables.map(|(name, table)| (name, (table.rows, hex(&table.sha256)))).collect(),
        files: files_of(&places.static_files),
    }
}

/// Returns the hashes of the static files below a folder.
pub fn files_of(root: &Path) -> BTreeMap<String, String> {
    let static_files = StaticFiles::new(root);
    let mut files = BTreeMap::new();
    for kind in FileKind::ALL {
        for file in static_files.list(kind).expect("readable").files {
            let content = std::fs::read(static_files.folder(kind).join(&file.path)).expect("readable");
            files.insert(format!("{}/{}", kind.folder(), file.path), hex(&Sha256::digest(content)));
        }
    }
    files
}

/// Returns every file below a folder with its content, and every folder with `None`.
pub fn tree_of(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(tree_of(&path));
            found.insert(path, None);
        } else {
            found.insert(path.clone(), Some(std::fs::read(path).expect("readable")));
        }
    }
    found
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The name of the files cache, which a backup leaves beside the archive.
pub const FILES_CACHE: &str = ".makermatrix-files-cache";

/// Returns the names of temporary files and folders: those that an operation must not leave behind.
pub fn leftovers(places: &Places) -> Vec<String> {
    let mut found = Vec::new();
    let database = places.database.file_name().expect("a file").to_string_lossy().into_owned();
    let usual = ["", "-wal", "-shm", ".lock", ".writers.lock", ".turnstile.lock"]
        .map(|suffix| format!("{database}{suffix}"));
    for entry in
        std::fs::read_dir(places.database.parent().expect("in a folder")).expect("readable").flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&database) && !usual.contains(&name) {
            found.push(name);
        }
    }
    let permanent = [".mm-lease", ".mm-deferred", FILES_CACHE];
    let unfinished = |name: &str| name.starts_with('.') && !permanent.contains(&name);
    for folder in [
        places.static_files.join("datasheets"),
        places.static_files.join("images"),
        places.static_files.clone(),
        places.backups.clone(),
    ] {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let orphan =
                name.strip_suffix(".status.json").is_some_and(|archive| !folder.join(archive).exists());
            if unfinished(&name) || orphan {
                found.push(name);
            }
        }
    }
    found
}

/// Unpacks the database of an archive to a path below the scratch folder.
pub fn unpack_database(archive: &Path, target: &Path) {
    let file = std::fs::File::open(archive).expect("there is an archive");
    let reader = archive::Reader::open(file, &archive::Limits::default()).expect("it is one of ours");
    let entry = reader.entry(archive::Role::Database).expect("it has a database");
    let mut target = std::fs::File::create(require_inside(target)).expect("the scratch folder is writable");
    std::io::copy(&mut reader.read(entry).expect("it is there"), &mut target).expect("it is sound");
}
