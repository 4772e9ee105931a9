//! Rows R: what a restore accepts, and what it leaves behind when it fails.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use backup::{Engine, Error, Event, Kind, Note, RestoreOptions};
use durable::with_suffix;
use inventory::{Actor, Ambient, Inventory, Permission, migration};
use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::{ADMIN_PASSWORD, add_many_parts, noise};
use testkit::hostile::Base;
use testkit::hostile::zip::{Entry, Zip};
use testkit::state::leftovers;
use testkit::{
    State, TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use super::{ACTOR, back_up, number, quiet, restore};

const PARTS: &str = "SELECT count(*) FROM partmodel";
const IMAGE: &str = "images/board.png";

/// A live inventory, and the parts of an archive of it.
struct Live {
    database: TestDatabase,
    files: TestStaticFiles,
    engine: Engine,
    base: Base,
    before: State,
}

async fn live(database: TestDatabase, files: TestStaticFiles) -> Live {
    populate_test_database(&database.inventory, files.root()).await;
    files.write(IMAGE, &noise(5000, 4));
    let engine = database.engine(&files);
    let archive = back_up(&engine);
    let base = Base::of(&archive, IMAGE);
    // A restore that fails must not create this folder again.
    fs::remove_dir_all(&engine.places().backups).unwrap();
    let before = state_of(engine.places());
    Live { database, files, engine, base, before }
}

impl Live {
    fn archive(&self, zip: &Zip) -> PathBuf {
        let path = self.database.db_path.beside("archive.zip");
        fs::write(&path, zip.bytes()).unwrap();
        path
    }

    /// Asserts that verify and restore refuse an archive for the same reason, and returns the error.
    fn refused(&self, zip: &Zip) -> Error {
        let archive = self.archive(zip);
        let error = restore(&self.engine, &archive).unwrap_err();
        let verified = self.engine.verify(ACTOR, &archive, &mut quiet).unwrap_err();
        assert_eq!(verified.kind(), error.kind(), "{verified}");
        error
    }

    fn is_unchanged(&self) {
        assert_eq!(state_of(self.engine.places()), self.before);
        assert_eq!(leftovers(self.engine.places()), Vec::<String>::new());
        assert!(!self.engine.places().backups.exists(), "not even a safety backup was begun");
    }
}

/// The original overwrote the file and kept its log: with a few frames the restore had no effect, with
/// many the database became malformed.
#[rstest]
#[case::a_few_frames(5)]
#[case::thousands_of_frames(3000)]
#[tokio::test]
async fn r1_a_restore_over_a_database_with_a_log_is_complete(
    #[case] frames: u32,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 5);
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine);
    let archived = state_of(engine.places());

    let (writer, reader) = (Connection::open(&path).unwrap(), Connection::open(&path).unwrap());
    writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0").unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
               INSERT INTO partmodel (id, part_name, description, created_at, updated_at)
               SELECT 'late-' || i, 'late ' || i, hex(zeroblob(2000)), '', '' FROM n";
    writer.execute(sql, [frames]).unwrap();
    assert!(with_suffix(&path, "-wal").metadata().unwrap().len() > u64::from(frames) * 4096);
    reader.execute_batch("BEGIN").unwrap();
    let late = i64::from(frames) + 5;
    assert_eq!(number(&reader, PARTS), late);

    restore(&engine, &archive).unwrap();
    assert_eq!(number(&reader, PARTS), late, "its own moment, to the end of its transaction");
    reader.execute_batch("COMMIT").unwrap();
    for connection in [&reader, &writer, &Connection::open(&path).unwrap()] {
        assert_eq!(number(connection, PARTS), 5);
        let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
    assert_eq!(state_of(engine.places()), archived);
}

/// Returns files that the original restored as a database.
fn foreign_databases(base: &Base) -> [(&'static str, Vec<u8>); 4] {
    [
        ("random bytes", noise(20_000, 7)),
        ("nothing", Vec::new()),
        (
            "a database of another program",
            base.database_from(b"", |new| {
                new.execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
            }),
        ),
        (
            "a database without tables",
            base.database_from(b"", |new| {
                new.execute_batch("CREATE TABLE t (a); DROP TABLE t").unwrap();
            }),
        ),
    ]
}

#[rstest]
#[tokio::test]
async fn r2_a_file_that_is_not_our_database_is_not_restored(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    for (what, database) in foreign_databases(&live.base) {
        let error = live.refused(&live.base.legacy_with(&database));
        assert_eq!(error.kind(), Kind::Refused, "{what}: {error}");
        let words = error.to_string();
        assert!(words.contains("is not a") && words.contains("database"), "{what}: {words}");
        live.is_unchanged();
    }
}

/// The rollback of the original wrote into the destroyed database. Nobody could sign in; after a restart
/// everybody could, as admin with the password in its source.
#[rstest]
#[tokio::test]
async fn r3_after_a_refused_restore_only_the_same_users_can_sign_in(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    for (what, database) in foreign_databases(&live.base) {
        live.refused(&live.base.legacy_with(&database));
        assert_eq!(
            live.database.inventory.query(ACTOR, inventory::users::ListUsers::default()).await.unwrap().total,
            Some(2),
            "{what}"
        );
    }
    let restarted = Inventory::open(&live.engine.places().database, Ambient::system())
        .await
        .unwrap()
        .with_password_rounds(testkit::few_rounds());
    for inventory in [&live.database.inventory, &restarted] {
        let known = inventory.sign_in("test_admin", ADMIN_PASSWORD).await.unwrap();
        assert_eq!(known.unwrap().username, "test_admin");
    }
    assert!(restarted.sign_in("admin", "Admin123!").await.unwrap().is_none());
    assert_eq!(restarted.query(ACTOR, inventory::users::ListUsers::default()).await.unwrap().total, Some(2));
    restarted.close().await.unwrap();
}

/// In the original, every failure led to a "rollback", which lost what users had written meanwhile.
#[rstest]
#[tokio::test]
async fn r4_writes_acknowledged_while_a_restore_fails_are_kept(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    // The last file is damaged, so nearly everything is staged before the damage is found.
    let last = live.base.files.last().unwrap().0.clone();
    let archive = live.archive(&live.base.v3().zip().changing(&last, |entry| entry.data[0] ^= 1));
    let writer = Mutex::new(Connection::open(&live.engine.places().database).unwrap());
    let mut acknowledged = 0;
    let mut write = |_: Event| {
        acknowledged += 1;
        let sql = "INSERT INTO categorymodel (id, name) VALUES (?1, ?1)";
        writer.lock().unwrap().execute(sql, [format!("meanwhile {acknowledged}")]).unwrap();
    };
    let options = RestoreOptions::new(&archive);
    let error = live.engine.stage_restore(ACTOR, &options, &mut write).unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    assert!(error.to_string().contains(&last), "{error}");
    assert!(acknowledged > 2, "{acknowledged}");
    let writer = writer.into_inner().unwrap();
    let kept = number(&writer, "SELECT count(*) FROM categorymodel WHERE id LIKE 'meanwhile %'");
    assert_eq!(kept, acknowledged);
    writer.execute("DELETE FROM categorymodel WHERE id LIKE 'meanwhile %'", []).unwrap();
    live.is_unchanged();
}

/// In the original, a zip of one image removed all others, and any other zip was restored as well.
#[rstest]
#[case::only_an_image("images/x.png")]
#[case::nothing_of_a_backup("hello.txt")]
#[tokio::test]
async fn r7_an_archive_without_a_database_is_not_restored(
    #[case] only: &str,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    let error = live.refused(&Zip::of([Entry::stored(only, b"hello")]));
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    assert!(error.to_string().contains("makers_matrix.db"), "{error}");
    live.is_unchanged();
}

/// In the original, an older database was restored without a migration, and the program failed on it.
#[rstest]
#[tokio::test]
async fn r13_an_older_database_is_brought_up_to_date(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    let older = live.base.edited(
        "ALTER TABLE backup_config DROP COLUMN encryption_password;
         DROP TABLE mm_migrations; DROP TABLE mm_category_parent; DROP TABLE mm_restore",
    );
    let report = restore(&live.engine, &live.archive(&live.base.legacy_with(&older))).unwrap();
    assert_eq!(report.plan.migrations, migration::names());
    let path = &live.engine.places().database;
    let database = Connection::open(path).unwrap();
    assert_eq!(number(&database, "SELECT count(encryption_password) FROM backup_config"), 0);
    Inventory::open(path, Ambient::system()).await.unwrap().close().await.unwrap();
}

#[rstest]
#[tokio::test]
async fn r13_an_unknown_format_is_refused(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    let theirs = br#"{"backup_name": "x", "backup_format_version": "99.0"}"#;
    let theirs = live.base.legacy().changing("backup_info.json", |entry| {
        *entry = Entry::stored("backup_info.json", theirs);
    });
    let ours = live.base.v3().lying(|manifest| manifest["format_version"] = "99.0".into());
    for zip in [theirs, ours] {
        let error = live.refused(&zip);
        assert_eq!(error.kind(), Kind::Refused, "{error}");
        assert!(error.to_string().contains("99.0"), "{error}");
        live.is_unchanged();
    }
}

/// In the original, the secrets of an archive replaced the live ones.
#[rstest]
#[case::over_another(Some("JWT_SECRET_KEY=live"))]
#[case::into_nothing(None)]
#[tokio::test]
async fn r15_an_environment_file_is_never_restored(
    #[case] env: Option<&str>,
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    let place = &live.engine.places().env_file;
    env.iter().for_each(|content| fs::write(place, content).unwrap());
    let archive = live.archive(&live.base.legacy().and(Entry::stored(".env", b"JWT_SECRET_KEY=archived")));
    let mut said = false;
    let mut listen = |event: Event| said |= event == Event::Note(Note::EnvNotRestored { encrypted: false });
    let options = RestoreOptions::new(&archive);
    live.engine.stage_restore(ACTOR, &options, &mut listen).unwrap().commit(&mut quiet).unwrap();
    assert!(said);
    assert_eq!(fs::read_to_string(place).ok().as_deref(), env);
    assert!(!live.files.root().join(".env").exists());
}

/// In the original, permission to retry tasks was enough to repeat an administrator's restore.
#[rstest]
#[case::of_tasks(&[Permission::TasksCreate, Permission::TasksUpdate])]
#[case::of_backups(&[Permission::BackupCreate])]
#[tokio::test]
async fn r16_other_permissions_do_not_allow_a_restore(
    #[case] permissions: &[Permission],
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let live = live(test_db_with_schema, test_static_files_dir).await;
    let permissions = permissions.iter().copied().collect();
    let manager = Actor::User { id: "1".into(), username: "manager".into(), permissions };
    let options = RestoreOptions::new(live.archive(&live.base.legacy()));
    let error = live.engine.stage_restore(&manager, &options, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }), "{error}");
    live.is_unchanged();
}
