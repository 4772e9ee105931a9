//! Where tests keep their databases: one folder below the system's temporary folder, one unique
//! name per test. What a test made is removed when it ends, kept when it fails, and swept by a
//! later run when the test was killed.

use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once, Weak};
use std::time::Duration;

use inventory::Ambient;

/// The folder that holds everything tests write.
pub fn root() -> PathBuf {
    std::env::temp_dir().join("makermatrix_test_dbs")
}

/// Panics unless the path lies below [`root`].
pub fn require_inside(path: &Path) -> &Path {
    let climbs = path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    assert!(
        path.starts_with(root()) && !climbs,
        "{} is outside {}: tests never touch other data",
        path.display(),
        root().display()
    );
    path
}

/// A unique name for one test's database, and everything beside it that bears the name. When the last copy is
/// dropped all of it goes, unless the test is failing.
#[derive(Debug)]
pub struct TestDbPath {
    name: Arc<Name>,
}

#[derive(Debug)]
struct Name {
    stem: String,
    _owner: File,
}

/// What bears a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A database.
    Database,
    /// A folder of static files.
    StaticFiles,
}

/// The last name that a fixture gave out in this thread, and to what.
struct Given {
    name: Weak<Name>,
    roles: Vec<Role>,
}

thread_local! {
    static GIVEN: RefCell<Option<Given>> = const { RefCell::new(None) };
}

impl TestDbPath {
    /// A fresh name: `test_backup_{timestamp}_{uuid}`.
    pub fn new() -> Self {
        static SWEEP: Once = Once::new();
        fs::create_dir_all(root()).expect("the temporary folder is writable");
        SWEEP.call_once(sweep);
        let ambient = Ambient::system();
        let id = ambient.uuid().simple().to_string();
        let stem = format!("test_backup_{}_{id}", ambient.local().format("%Y%m%d_%H%M%S"));
        // Locked before it bears the name that sweeps look at.
        let path = owner_of(&stem);
        let unlocked = path.with_extension("new");
        let owner =
            OpenOptions::new().write(true).create_new(true).open(&unlocked).expect("the name is unique");
        owner.lock().expect("nobody else knows the name");
        fs::rename(unlocked, path).expect("the folder is writable");
        Self { name: Arc::new(Name { stem, _owner: owner }) }
    }

    /// Returns the name for a fixture of this test: the database and the static files of one test bear the same. A
    /// second database gets a name of its own, which the next static files share.
    pub fn for_fixture(role: Role) -> Self {
        GIVEN.with_borrow_mut(|given| {
            if let Some(Given { name, roles }) = given
                && let Some(name) = name.upgrade()
                && !roles.contains(&role)
            {
                roles.push(role);
                return Self { name };
            }
            let path = Self::new();
            *given = Some(Given { name: Arc::downgrade(&path.name), roles: vec![role] });
            path
        })
    }

    /// The database: `<tmp>/makermatrix_test_dbs/test_backup_….db`. Nothing is there yet.
    pub fn path(&self) -> PathBuf {
        root().join(format!("{}.db", self.name.stem))
    }

    /// Another path of this test, `{prefix}_test_backup_…`, removed with it.
    pub fn beside(&self, prefix: &str) -> PathBuf {
        root().join(format!("{prefix}_{}", self.name.stem))
    }
}

impl Default for TestDbPath {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for a look: {}/*{}*", root().display(), self.stem);
            let _ = fs::remove_file(owner_of(&self.stem));
        } else {
            remove_all_of(&self.stem);
        }
    }
}

/// Copies a folder and everything in it, to somewhere below [`root`].
pub fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(require_inside(to)).expect("the scratch folder is writable");
    for entry in fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("readable").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("the scratch folder is writable");
        }
    }
}

fn owner_of(stem: &str) -> PathBuf {
    root().join(format!(".{stem}.owner"))
}

/// How long what a killed test left is kept, so that there is time for a look, or for an upload.
const KEPT: Duration = Duration::from_secs(3600);

/// Removes what killed runs left: names whose owner file nobody has held for a while. (A failed
/// test takes its owner file away, so what it keeps stays until somebody removes it.)
fn sweep() {
    let Ok(entries) = fs::read_dir(root()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_prefix('.').and_then(|name| name.strip_suffix(".owner"))
            && File::open(entry.path()).is_ok_and(|owner| is_old(&owner) && owner.try_lock().is_ok())
        {
            remove_all_of(stem);
        }
    }
}

fn is_old(file: &File) -> bool {
    let modified = file.metadata().and_then(|found| found.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > KEPT))
}

fn remove_all_of(stem: &str) {
    let Ok(entries) = fs::read_dir(root()) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().contains(stem) {
            let path = entry.path();
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_unique_and_leaves_nothing_behind() {
        let (one, other) = (TestDbPath::new(), TestDbPath::new());
        assert_ne!(one.path(), other.path());
        let (database, folder) = (one.path(), one.beside("static"));
        fs::write(&database, b"x").unwrap();
        fs::create_dir(&folder).unwrap();
        drop(one);
        assert!(!database.exists() && !folder.exists());
        assert!(owner_of(&other.name.stem).exists(), "that of another test stays");
    }

    #[test]
    fn the_fixtures_of_one_test_share_a_name_and_those_of_two_tests_do_not() {
        let (files, database) =
            (TestDbPath::for_fixture(Role::StaticFiles), TestDbPath::for_fixture(Role::Database));
        assert_eq!(database.name.stem, files.name.stem);
        let second = TestDbPath::for_fixture(Role::Database);
        assert_ne!(second.name.stem, database.name.stem);
        assert_eq!(TestDbPath::for_fixture(Role::StaticFiles).name.stem, second.name.stem);
        let other = std::thread::spawn(|| TestDbPath::for_fixture(Role::Database)).join().unwrap();
        assert_ne!(other.name.stem, second.name.stem);
        fs::write(database.path(), b"x").unwrap();
        drop(files);
        assert!(database.path().exists(), "until the last of them is dropped");
        let path = database.path();
        drop(database);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_swept_and_what_is_in_use_is_not() {
        let alive = TestDbPath::new();
        fs::write(alive.path(), b"x").unwrap();
        let stem = format!("test_backup_19700101_000000_{}", Ambient::system().uuid().simple());
        let long_ago = std::time::UNIX_EPOCH;
        File::create(owner_of(&stem)).unwrap().set_modified(long_ago).unwrap();
        let left = root().join(format!("{stem}.db"));
        fs::write(&left, b"x").unwrap();
        sweep();
        assert!(!left.exists() && !owner_of(&stem).exists());
        assert!(alive.path().exists());
    }

    #[test]
    fn what_a_failing_test_made_is_kept() {
        let (path, stem) = std::thread::spawn(|| {
            let kept = TestDbPath::new();
            fs::write(kept.path(), b"x").unwrap();
            let found = (kept.path(), kept.name.stem.clone());
            let failed = std::thread::spawn(move || {
                let _kept = kept;
                panic!("on purpose, to see what is kept");
            });
            assert!(failed.join().is_err());
            found
        })
        .join()
        .unwrap();
        sweep();
        assert!(path.exists());
        remove_all_of(&stem);
    }

    #[test]
    #[should_panic(expected = "tests never touch other data")]
    fn production_data_cannot_be_touched() {
        require_inside(Path::new("/srv/makermatrix/makers_matrix.db"));
    }

    #[test]
    #[should_panic(expected = "tests never touch other data")]
    fn nor_by_climbing_out() {
        require_inside(&root().join("../makers_matrix.db"));
    }
}
