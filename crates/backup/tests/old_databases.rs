//! Databases of the original from before it kept stock by location: restored, imported, migrated and drilled, they hold
//! what they held. What would not is said, and never called proven.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use backup::{DrillOptions, Engine, Error, ImportOptions, RestoreOptions};
use inventory::{Ambient, Census};
use rstest::rstest;
use rusqlite::Connection;
use testkit::engine::{ACTOR, quiet, restore};
use testkit::fixtures::places;
use testkit::original::{self, Locked};
use testkit::samples::sample;
use testkit::{TestDbPath, TestStaticFiles, test_db_path, test_static_files_dir};

/// The tables as they were in September 2025, as far as they matter here.
const SEPTEMBER_2025: &str = "
CREATE TABLE partmodel (id VARCHAR NOT NULL, part_name VARCHAR NOT NULL, part_number VARCHAR, quantity INTEGER,
    location_id VARCHAR, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, PRIMARY KEY (id),
    FOREIGN KEY(location_id) REFERENCES locationmodel (id) ON DELETE SET NULL);
CREATE UNIQUE INDEX ix_partmodel_part_name ON partmodel (part_name);
CREATE TABLE categorymodel (id VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR, PRIMARY KEY (id));
CREATE TABLE locationmodel (id VARCHAR NOT NULL, name VARCHAR, parent_id VARCHAR, location_type VARCHAR NOT NULL, PRIMARY KEY (id));
CREATE TABLE rolemodel (id VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR, permissions JSON, PRIMARY KEY (id));
CREATE TABLE usermodel (id VARCHAR NOT NULL, username VARCHAR NOT NULL, email VARCHAR NOT NULL,
    hashed_password VARCHAR NOT NULL, is_active BOOLEAN NOT NULL, password_change_required BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL, last_login DATETIME, PRIMARY KEY (id));
INSERT INTO locationmodel VALUES ('shelf', 'Shelf', NULL, 'standard');
INSERT INTO partmodel VALUES ('a', 'Resistor', NULL, 100, 'shelf', 'x', 'x'), ('b', 'Capacitor', NULL, 50, 'shelf', 'x', 'x'),
    ('c', 'Loose', NULL, 7, NULL, 'x', 'x');
";

/// A table that swallows all but one part of each location: whatever loses stock, it is found out.
const SWALLOWS: &str = "
CREATE TABLE part_location_allocations (id VARCHAR NOT NULL PRIMARY KEY, part_id VARCHAR,
    location_id VARCHAR UNIQUE ON CONFLICT IGNORE, quantity_at_location INTEGER NOT NULL,
    is_primary_storage BOOLEAN NOT NULL, allocated_at DATETIME NOT NULL, last_updated DATETIME NOT NULL);
";

struct Shop {
    engine: Engine,
    at: TestDbPath,
    files: TestStaticFiles,
}

impl Shop {
    fn new(at: TestDbPath, files: TestStaticFiles) -> Self {
        Self { engine: Engine::new(places(&at, files.root()), Ambient::system()), at, files }
    }

    fn database(&self, statements: &str) -> PathBuf {
        let path = self.at.beside("old.db");
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        path
    }

    /// An archive as the original makes it.
    fn archive(&self, database: &Path) -> PathBuf {
        let path = self.at.beside("old.zip");
        let files: [(&str, &[u8]); 1] = [("images/a.png", b"png")];
        fs::write(&path, original::archive(&fs::read(database).unwrap(), &files, Locked::No).bytes())
            .unwrap();
        path
    }

    fn stock(&self) -> Vec<(String, i64)> {
        let database = Connection::open(&self.engine.places().database).unwrap();
        let sql = "SELECT part_id, quantity_at_location FROM part_location_allocations ORDER BY part_id";
        let mut statement = database.prepare(sql).unwrap();
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }

    fn drill(&self, archive: &Path) -> Result<backup::DrillReport, Error> {
        let options = DrillOptions { archive: archive.to_owned(), scratch: None, allow_violations: false };
        self.engine.drill(ACTOR, &options, &mut quiet)
    }
}

fn expected() -> [(String, i64); 3] {
    [("a", 100), ("b", 50), ("c", 7)].map(|(part, units)| (part.to_owned(), units))
}

#[rstest]
fn o1_a_restore_and_a_drill_of_an_old_archive_keep_the_stock(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let archive = shop.archive(&shop.database(SEPTEMBER_2025));
    let report = restore(&shop.engine, &archive).unwrap();
    assert_eq!(shop.stock(), expected());
    let totals = report.plan.totals;
    let before = Census { parts: 3, units: 157, parts_with_location: 2, users: 0, files: 1 };
    assert_eq!((totals.before, totals.after), (before, Census { parts_with_location: 3, ..before }));
    assert_eq!(shop.drill(&archive).unwrap().totals, totals);
}

#[rstest]
fn o1_an_import_of_an_old_database_keeps_the_stock(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let old = shop.database(SEPTEMBER_2025);
    let import = ImportOptions::new(&old);
    let report = shop.engine.stage_import(ACTOR, &import, &mut quiet).unwrap().commit(&mut quiet).unwrap();
    assert_eq!(shop.stock(), expected());
    // What stays as the first backup is the database as it was, and can be proven.
    let drilled = shop.drill(&report.archive).unwrap();
    assert_eq!((drilled.totals.before.units, drilled.totals.after.units), (157, 157));
}

#[rstest]
fn o1_init_on_an_old_database_keeps_the_stock_and_says_what_it_did(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let old = shop.database(SEPTEMBER_2025);
    fs::rename(old, &shop.engine.places().database).unwrap();
    let (migrated, _) = shop.engine.migrate(ACTOR, &mut quiet).unwrap().unwrap();
    assert_eq!(shop.stock(), expected());
    assert_eq!((migrated.before.units, migrated.after.units), (157, 157));
    assert_eq!(migrated.adjustments.len(), 2, "{:?}", migrated.adjustments);
}

#[rstest]
fn stock_that_a_restore_would_lose_is_in_the_plan_and_the_drill_does_not_prove_it(
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let archive = shop.archive(&shop.database(&[SEPTEMBER_2025, SWALLOWS].concat()));
    let options = RestoreOptions::new(&archive);
    let staged = shop.engine.stage_restore(ACTOR, &options, &mut quiet).unwrap();
    let said: Vec<String> = staged.plan().totals.differences().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["units of stock: 157 before, 107 after"]);
    drop(staged);
    let error = shop.drill(&archive).unwrap_err();
    assert!(matches!(&error, Error::NotProven { what, .. } if what == &said[0]), "{error}");
}

#[rstest]
#[case("old/2024-12.db", 30, 1441)]
#[case("old/2025-07-09.db", 5, 150)]
fn o1_the_originals_own_old_databases_can_be_imported(
    #[case] name: &str,
    #[case] parts: u64,
    #[case] units: u64,
    test_db_path: TestDbPath,
    test_static_files_dir: TestStaticFiles,
) {
    let Some(sample) = sample(name) else { return };
    let shop = Shop::new(test_db_path, test_static_files_dir);
    let copy = shop.at.beside("sample.db");
    fs::copy(sample, &copy).unwrap();
    let import = ImportOptions::new(&copy);
    let report = shop.engine.stage_import(ACTOR, &import, &mut quiet).unwrap().commit(&mut quiet).unwrap();
    let totals = report.restored.plan.totals;
    assert_eq!((totals.before.parts, totals.before.units), (parts, units));
    assert_eq!((totals.after.parts, totals.after.units), (parts, units));
    shop.drill(&report.archive).unwrap();
    assert!(shop.files.root().exists());
}
