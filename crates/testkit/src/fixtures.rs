//! The fixtures, named as the test suite is specified with: each test gets its own instances.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backup::{Engine, Places};
use durable::RawDisk;
use inventory::{Ambient, Inventory};
use rstest::fixture;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, TransactionTrait};

use crate::db_engine::few_rounds;
use crate::scratch::{Role, TestDbPath, require_inside};

/// A unique database file path; whatever is there is removed after the test.
#[fixture]
pub fn test_db_path() -> TestDbPath {
    TestDbPath::for_fixture(Role::Database)
}

/// A connection to a database without any table. Foreign keys are on.
#[derive(Debug)]
pub struct TestEngine {
    /// The pool.
    pub connection: DatabaseConnection,
    /// Where the database is.
    pub db_path: TestDbPath,
}

/// An engine for the test database: the tables are not created.
#[fixture]
pub async fn test_engine(test_db_path: TestDbPath) -> TestEngine {
    let file = test_db_path.path();
    require_inside(&file);
    let mut options = ConnectOptions::new("sqlite:");
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.filename(&file).create_if_missing(true).foreign_keys(true)
    });
    let connection = Database::connect(options).await.expect("a new file can be opened");
    TestEngine { connection, db_path: test_db_path }
}

/// A session for queries, rolled back at the end unless it is committed.
pub struct TestSession {
    /// The session.
    pub session: DatabaseTransaction,
    /// What it belongs to.
    pub engine: TestEngine,
}

/// A session of [`test_engine`].
#[fixture]
pub async fn test_session(#[future(awt)] test_engine: TestEngine) -> TestSession {
    let session = test_engine.connection.begin().await.expect("a new database can be used");
    TestSession { session, engine: test_engine }
}

/// An empty inventory: all tables, no rows.
#[derive(Debug)]
pub struct TestDatabase {
    /// The inventory.
    pub inventory: Inventory,
    /// Where the database is.
    pub db_path: TestDbPath,
}

/// An empty database with the full schema.
#[fixture]
pub async fn test_db_with_schema(test_db_path: TestDbPath) -> TestDatabase {
    let path = test_db_path.path();
    require_inside(&path);
    let inventory = Inventory::create(path, Ambient::system()).await.expect("the file is new");
    let inventory = inventory.with_password_rounds(few_rounds());
    TestDatabase { inventory, db_path: test_db_path }
}

impl TestDatabase {
    /// The places of this database with these static files; backups go beside them.
    pub fn places(&self, static_files: &TestStaticFiles) -> Places {
        places(&self.db_path, static_files.root())
    }

    /// The backup engine for this database and these static files.
    pub fn engine(&self, static_files: &TestStaticFiles) -> Engine {
        Engine::new(self.places(static_files), Ambient::system())
    }

    /// The same over another disk.
    pub fn engine_on(&self, static_files: &TestStaticFiles, disk: Arc<dyn RawDisk>) -> Engine {
        Engine::with_disk(self.places(static_files), Ambient::system(), disk)
    }
}

/// Places below the scratch folder for a test that brings its own database file.
pub fn places(db_path: &TestDbPath, static_files: &Path) -> Places {
    require_inside(static_files);
    Places {
        database: db_path.path(),
        static_files: static_files.to_owned(),
        backups: db_path.beside("backups"),
        env_file: db_path.beside("env"),
    }
}

/// A folder with `datasheets/` and `images/`.
#[derive(Debug)]
pub struct TestStaticFiles {
    root: PathBuf,
    _name: TestDbPath,
}

/// A temporary directory for static files, which bears the name of the test's database:
/// `static_test_backup_…/{datasheets,images}` beside `test_backup_….db`.
#[fixture]
pub fn test_static_files_dir() -> TestStaticFiles {
    let name = TestDbPath::for_fixture(Role::StaticFiles);
    let root = name.beside("static");
    for folder in ["datasheets", "images"] {
        std::fs::create_dir_all(root.join(folder)).expect("the scratch folder is writable");
    }
    TestStaticFiles { root, _name: name }
}

impl TestStaticFiles {
    /// The folder that holds both.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file below it, creating folders as needed.
    pub fn write(&self, path: &str, content: &[u8]) -> PathBuf {
        let target = self.root.join(path);
        require_inside(&target);
        std::fs::create_dir_all(target.parent().expect("below the root")).expect("writable");
        std::fs::write(&target, content).expect("writable");
        target
    }
}
