//! Tests that migrating a database of the original loses no part, no unit of stock and no location, whatever its age. Ages
//! are detected from columns, so the fixtures are hand-made tables of each age. Real databases are tested if available.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use inventory::migration::{self, MigrationReport, ORIGINAL_SCHEMA};
use inventory::{Adjustment, Census};
use rusqlite::{Connection, params_from_iter};
use testkit::TestFolder;

/// December 2024: categories are a tree, names of parts may be missing or duplicate, and there are no users.
const DECEMBER_2024: &str = "
CREATE TABLE categorymodel (id VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR, parent_id VARCHAR,
    PRIMARY KEY (id), FOREIGN KEY(parent_id) REFERENCES categorymodel (id));
CREATE TABLE locationmodel (id VARCHAR NOT NULL, name VARCHAR, description VARCHAR, parent_id VARCHAR,
    location_type VARCHAR NOT NULL, PRIMARY KEY (id), FOREIGN KEY(parent_id) REFERENCES locationmodel (id));
CREATE TABLE partmodel (id VARCHAR NOT NULL, part_name VARCHAR, description VARCHAR, part_number VARCHAR,
    quantity INTEGER, supplier VARCHAR, location_id VARCHAR, image_url VARCHAR, additional_properties JSON,
    PRIMARY KEY (id), FOREIGN KEY(location_id) REFERENCES locationmodel (id));
CREATE TABLE partcategorylink (part_id VARCHAR NOT NULL, category_id VARCHAR NOT NULL, PRIMARY KEY (part_id, category_id),
    FOREIGN KEY(part_id) REFERENCES partmodel (id), FOREIGN KEY(category_id) REFERENCES categorymodel (id));
CREATE UNIQUE INDEX ix_categorymodel_name ON categorymodel (name);
CREATE INDEX ix_locationmodel_name ON locationmodel (name);
CREATE INDEX ix_partmodel_part_name ON partmodel (part_name);
CREATE INDEX ix_partmodel_part_number ON partmodel (part_number);
";

/// June 2025: there are users, but categories are still a tree.
const JUNE_2025: &str = "
CREATE TABLE rolemodel (id VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR, permissions JSON, PRIMARY KEY (id));
CREATE TABLE usermodel (id VARCHAR NOT NULL, username VARCHAR NOT NULL, email VARCHAR NOT NULL,
    hashed_password VARCHAR NOT NULL, is_active BOOLEAN NOT NULL, password_change_required BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL, last_login DATETIME, PRIMARY KEY (id));
INSERT INTO usermodel VALUES ('u', 'admin', 'a@example.org', 'x', 1, 0, '2025-06-01 00:00:00.000000', NULL);
";

/// Returns the schema of July to October 2025: categories are a flat list, names of parts are unique, and stock is still
/// in the part.
fn july_2025() -> String {
    let parts = "CREATE TABLE partmodel (id VARCHAR NOT NULL, part_name VARCHAR NOT NULL, part_number VARCHAR,
        description VARCHAR, manufacturer VARCHAR, manufacturer_part_number VARCHAR, component_type VARCHAR,
        quantity INTEGER, location_id VARCHAR, supplier VARCHAR, supplier_part_number VARCHAR, supplier_url VARCHAR,
        image_url VARCHAR, rohs_status VARCHAR, lifecycle_status VARCHAR, additional_properties JSON,
        created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, PRIMARY KEY (id),
        FOREIGN KEY(location_id) REFERENCES locationmodel (id) ON DELETE SET NULL);
    CREATE UNIQUE INDEX ix_partmodel_part_name ON partmodel (part_name);
    CREATE INDEX ix_partmodel_location_id ON partmodel (location_id);
    CREATE TABLE categorymodel (id VARCHAR NOT NULL, name VARCHAR NOT NULL, description VARCHAR, PRIMARY KEY (id));
    CREATE TABLE locationmodel (id VARCHAR NOT NULL, name VARCHAR, description VARCHAR, parent_id VARCHAR,
        location_type VARCHAR NOT NULL, image_url VARCHAR, emoji VARCHAR, PRIMARY KEY (id),
        CONSTRAINT uix_location_name_parent UNIQUE (name, parent_id), FOREIGN KEY(parent_id) REFERENCES locationmodel (id));";
    format!("{parts} {JUNE_2025}")
}

const STOCK: &str = "
INSERT INTO locationmodel (id, name, location_type) VALUES ('shelf', 'Shelf', 'standard');
INSERT INTO locationmodel (id, name, location_type, parent_id) VALUES ('drawer', 'Drawer', 'standard', 'shelf');
";

fn part(id: &str, name: &str, quantity: &str, location: &str) -> String {
    format!(
        "INSERT INTO partmodel (id, part_name, quantity, location_id, created_at, updated_at) \
         VALUES ('{id}', '{name}', {quantity}, {location}, '2025-07-01 00:00:00.000000', '2025-07-02 00:00:00.000000');"
    )
}

struct Fixture {
    folder: TestFolder,
    path: PathBuf,
}

impl Fixture {
    fn new(statements: &str) -> Self {
        let folder = TestFolder::new();
        let path = folder.path().join("old.db");
        let made = Self { folder, path };
        made.open().execute_batch(statements).unwrap();
        made
    }

    fn open(&self) -> Connection {
        let connection = Connection::open(&self.path).unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        connection
    }

    fn migrate(&self) -> MigrationReport {
        migration::migrate(&self.path).unwrap()
    }

    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.open(), sql)
    }
}

fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let read = statement.query_map(params_from_iter([0; 0]), |row| {
        let values: Vec<String> = (0..width)
            .map(|at| match row.get::<_, rusqlite::types::Value>(at).unwrap() {
                rusqlite::types::Value::Null => "-".to_owned(),
                rusqlite::types::Value::Integer(value) => value.to_string(),
                rusqlite::types::Value::Text(value) => value,
                other => format!("{other:?}"),
            })
            .collect();
        Ok(values.join("|"))
    });
    read.unwrap().collect::<Result<_, _>>().unwrap()
}

const ALLOCATIONS: &str = "SELECT part_id, name, quantity_at_location, is_primary_storage \
                           FROM part_location_allocations JOIN locationmodel ON locationmodel.id = location_id \
                           ORDER BY part_id";

/// Asserts that the current original can open a database: it has the same tables and indexes, and no broken foreign key.
fn assert_is_of_today(path: &Path, tables: &[&str]) {
    let ours = Connection::open(path).unwrap();
    let theirs = Connection::open_in_memory().unwrap();
    theirs.execute_batch(ORIGINAL_SCHEMA).unwrap();
    for table in tables {
        let statement = format!("SELECT sql FROM sqlite_schema WHERE name = '{table}'");
        assert_eq!(rows(&ours, &statement), rows(&theirs, &statement));
    }
    let indexes = "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL \
                   AND name NOT LIKE '%mm_%' ORDER BY name";
    assert_eq!(rows(&ours, indexes), rows(&theirs, indexes));
    assert_eq!(rows(&ours, "PRAGMA foreign_key_check"), Vec::<String>::new());
    assert_eq!(rows(&ours, "PRAGMA integrity_check"), ["ok"]);
}

fn census(parts: u64, units: u64, parts_with_location: u64, users: u64) -> Census {
    Census { parts, units, parts_with_location, users, files: 0 }
}

fn sentences(report: &MigrationReport) -> Vec<String> {
    report.adjustments.iter().map(ToString::to_string).collect()
}

#[test]
fn o1_stock_from_before_october_2025_is_not_lost() {
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        part("a", "Resistor", "100", "'shelf'"),
        part("b", "Capacitor", "50", "'drawer'"),
        part("c", "Empty bag", "0", "'drawer'"),
        part("d", "Neither", "NULL", "NULL"),
    ];
    let old = Fixture::new(&statements.concat());
    let report = old.migrate();
    assert_eq!(old.rows(ALLOCATIONS), ["a|Shelf|100|1", "b|Drawer|50|1", "c|Drawer|0|1"]);
    assert_eq!((report.before, report.after), (census(4, 150, 3, 1), census(4, 150, 3, 1)));
    assert_eq!(sentences(&report), ["150 units of 3 parts moved from the part to its location"]);
    let times = "SELECT DISTINCT allocated_at, last_updated FROM part_location_allocations";
    assert_eq!(old.rows(times), ["2025-07-02 00:00:00.000000|2025-07-02 00:00:00.000000"]);
    let columns = "SELECT name FROM pragma_table_info('partmodel')";
    let columns = old.rows(columns);
    assert!(!columns.contains(&"quantity".to_owned()) && !columns.contains(&"location_id".to_owned()));
    assert!(columns.contains(&"rohs_status".to_owned()), "a column with other data is kept");
    assert_is_of_today(&old.path, &[]);
    assert_eq!(fs::read_dir(old.folder.path()).unwrap().count(), 1);
}

#[test]
fn o1_stock_without_a_location_gets_one_and_is_reported() {
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        part("a", "Resistor", "7", "NULL"),
        part("b", "Dangling", "5", "'gone'"),
        part("c", "Placed", "1", "'shelf'"),
    ];
    let old = Fixture::new(&statements.concat());
    let report = old.migrate();
    assert_eq!(old.rows(ALLOCATIONS), ["a|Unsorted|7|1", "b|Unsorted|5|1", "c|Shelf|1|1"]);
    assert_eq!(
        sentences(&report),
        [
            "13 units of 3 parts moved from the part to its location",
            "2 parts with stock but no location put into \"Unsorted\": Resistor, Dangling"
        ]
    );
    assert_eq!((report.before.units, report.after.units), (13, 13));
    let differences = report.before.differences(&report.after);
    assert!(differences.iter().all(|difference| !difference.is_wrong()), "{differences:?}");
    assert_eq!(differences[0].to_string(), "parts with a location: 1 before, 3 after");
}

#[test]
fn o1_stock_without_a_location_uses_the_same_location_as_the_original() {
    let unsorted =
        "INSERT INTO locationmodel (id, name, location_type) VALUES ('theirs', 'Unsorted', 'standard');";
    let old = Fixture::new(&[july_2025(), unsorted.to_owned(), part("a", "Resistor", "7", "NULL")].concat());
    old.migrate();
    assert_eq!(old.rows("SELECT location_id FROM part_location_allocations"), ["theirs"]);
    assert_eq!(old.rows("SELECT count(*) FROM locationmodel"), ["1"]);
}

#[test]
fn o1_invalid_quantities_are_reported() {
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        part("a", "Overdrawn", "-3", "'shelf'"),
        part("b", "Cut", "2.5", "'shelf'"),
        part("c", "Many", "'many'", "'shelf'"),
        part("d", "Spelt", "'12'", "'shelf'"),
        part("e", "Huge", "9223372036854775807", "'shelf'"),
        part("f", "Huge too", "9223372036854775807", "'shelf'"),
    ];
    let old = Fixture::new(&statements.concat());
    let report = old.migrate();
    let quantities = "SELECT quantity_at_location FROM part_location_allocations ORDER BY part_id";
    assert_eq!(old.rows(quantities), ["0", "2", "0", "12", "9223372036854775807", "9223372036854775807"]);
    assert_eq!(
        sentences(&report)[1],
        "3 parts with a quantity that no stock can have: Overdrawn (-3, kept as 0), Cut (2.5, kept as 2), \
         Many (\"many\", kept as 0)"
    );
    assert_eq!(report.before, report.after);
}

#[test]
fn o1_stock_that_an_earlier_version_did_not_migrate_is_recovered() {
    // The result of the earlier version: all current tables, its four migrations, and only those allocations that users have
    // entered since.
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        part("a", "Resistor", "100", "'shelf'"),
        part("b", "Counted again", "50", "'shelf'"),
        part("c", "Entered as it was", "5", "'shelf'"),
    ];
    let old = Fixture::new(&statements.concat());
    let fresh = Fixture::new("");
    fresh.migrate();
    let tables = fresh.rows(
        "SELECT sql || ';' FROM sqlite_schema WHERE sql IS NOT NULL AND type = 'table' \
         AND name NOT IN ('mm_stock_movement', 'mm_idempotency', 'mm_low_stock_limit', 'mm_saved_view')",
    );
    let old_database = old.open();
    for table in tables {
        old_database.execute_batch(&table.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)).unwrap();
    }
    for column in ["product_url VARCHAR", "emoji VARCHAR(50)"] {
        old_database.execute_batch(&format!("ALTER TABLE partmodel ADD COLUMN {column}")).unwrap();
    }
    for name in ["m0001_original_schema", "m0002_category_tree", "m0003_restore_marker", "m0004_passwords"] {
        old_database.execute("INSERT INTO mm_migrations VALUES (?1, 0)", [name]).unwrap();
    }
    for column in [
        "is_mobile",
        "is_auto_generated_slot",
        "is_smart_location",
        "auto_created",
        "hidden_by_default",
        "is_connected",
    ] {
        let sql = format!("ALTER TABLE locationmodel ADD COLUMN {column} BOOLEAN DEFAULT 0 NOT NULL");
        old_database.execute_batch(&sql).unwrap();
    }
    old_database
        .execute_batch(
            "INSERT INTO part_location_allocations VALUES ('1', 'b', 'drawer', 30, 1, 'x', 'x', NULL, 0, NULL); \
             INSERT INTO part_location_allocations VALUES ('2', 'b', 'shelf', 12, 0, 'x', 'x', NULL, 0, NULL); \
             INSERT INTO part_location_allocations VALUES ('3', 'c', 'shelf', 5, 1, 'x', 'x', NULL, 0, NULL);",
        )
        .unwrap();
    drop(old_database);

    let report = old.migrate();
    assert_eq!(
        report.applied,
        [
            "m0005_stock_by_location",
            "m0006_stock_movements",
            "m0007_idempotency",
            "m0009_low_stock_limits",
            "m0010_saved_views"
        ]
    );
    let found = old.rows(
        "SELECT part_id, location_id, quantity_at_location FROM part_location_allocations ORDER BY 1, 2",
    );
    assert_eq!(found, ["a|shelf|100", "b|drawer|30", "b|shelf|12", "c|shelf|5"]);
    assert_eq!((report.before.units, report.after.units), (147, 147));
    assert_eq!(
        sentences(&report)[1],
        "1 part with stock by location and another quantity in the part, which was given up: Counted again (50)"
    );
}

#[test]
fn o1_stock_that_the_original_has_migrated_is_not_counted_twice() {
    let allocations =
        "CREATE TABLE part_location_allocations (id VARCHAR NOT NULL PRIMARY KEY, part_id VARCHAR,
        location_id VARCHAR, quantity_at_location INTEGER NOT NULL, is_primary_storage BOOLEAN NOT NULL,
        allocated_at DATETIME NOT NULL, last_updated DATETIME NOT NULL, notes VARCHAR,
        CONSTRAINT uix_part_location UNIQUE (part_id, location_id));
        INSERT INTO part_location_allocations VALUES ('1', 'a', 'shelf', 100, 1, 'x', 'x', NULL);";
    let statements =
        [july_2025(), STOCK.to_owned(), allocations.to_owned(), part("a", "Resistor", "100", "'shelf'")];
    let old = Fixture::new(&statements.concat());
    let report = old.migrate();
    assert_eq!(old.rows(ALLOCATIONS), ["a|Shelf|100|1"]);
    assert_eq!((report.before.units, report.after.units, report.adjustments.len()), (100, 100, 0));
}

#[test]
fn o1_migration_is_deterministic() {
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        part("a", "Resistor", "7", "NULL"),
        part("b", "Capacitor", "8", "'shelf'"),
    ];
    let everything = "SELECT * FROM part_location_allocations ORDER BY id";
    let locations = "SELECT * FROM locationmodel ORDER BY id";
    let [one, two] = [0, 1].map(|_| Fixture::new(&statements.concat()));
    assert_eq!(one.migrate(), two.migrate());
    assert_eq!(one.rows(everything), two.rows(everything));
    assert_eq!(one.rows(locations), two.rows(locations));
    // Migrates again, as after a restore that found a missing table.
    one.open().execute("DELETE FROM mm_migrations WHERE version = 'm0005_stock_by_location'", []).unwrap();
    let before = one.rows(everything);
    let again = one.migrate();
    assert_eq!((again.applied.len(), again.adjustments.len()), (1, 0));
    assert_eq!(one.rows(everything), before);
}

#[test]
fn o1b_a_database_of_december_2024_is_migrated() {
    let rows = "
        INSERT INTO categorymodel VALUES ('top', 'Passive', NULL, NULL), ('mid', 'Resistors', NULL, 'top'),
            ('low', 'SMD', NULL, 'mid'), ('lost', 'Lost', NULL, 'gone'), ('x', 'Circle one', NULL, 'y'),
            ('y', 'Circle two', NULL, 'x');
        INSERT INTO locationmodel VALUES ('1', 'Shelf', NULL, NULL, 'standard'), ('2', 'Box', NULL, '1', 'standard'),
            ('3', 'Box', NULL, '1', 'standard'), ('4', 'Shelf', NULL, NULL, 'standard');
        INSERT INTO partmodel (id, part_name, part_number, quantity, location_id) VALUES
            ('a', 'Resistor', 'R-1', 10, '2'), ('b', 'Resistor', 'R-2', 20, '3'), ('c', NULL, 'C-1', 30, '1'),
            ('d', NULL, NULL, NULL, NULL), ('e', NULL, NULL, 4, NULL), ('f', 'Resistor (2)', NULL, 0, '1');
        INSERT INTO partcategorylink VALUES ('a', 'low');";
    let old = Fixture::new(&[DECEMBER_2024, rows].concat());
    let report = old.migrate();
    assert_eq!((report.before, report.after.units), (census(6, 64, 4, 0), 64));
    assert_eq!(
        sentences(&report),
        [
            "4 parts renamed, since every part needs a name of its own: Resistor is now Resistor (3), one without a \
             name is now C-1, one without a name is now Unnamed part, one without a name is now Unnamed part (3)",
            "1 location renamed, since the name was taken: Box is now Box (2)",
            "64 units of 5 parts moved from the part to its location",
            "1 part with stock but no location put into \"Unsorted\": Unnamed part (3)",
            "2 categories keep their parents",
            "3 categories with a parent that cannot be kept: Lost, Circle one, Circle two",
        ]
    );
    assert_eq!(
        old.rows("SELECT id, part_name FROM partmodel ORDER BY id"),
        ["a|Resistor", "b|Resistor (3)", "c|C-1", "d|Unnamed part", "e|Unnamed part (3)", "f|Resistor (2)"]
    );
    let parents = "SELECT category_id, parent_id FROM mm_category_parent ORDER BY category_id";
    assert_eq!(old.rows(parents), ["low|mid", "mid|top"]);
    assert_eq!(old.rows("SELECT * FROM partcategorylink"), ["a|low"]);
    assert_is_of_today(&old.path, &["partmodel", "categorymodel"]);
    inventory::LiveDatabase::new(old.path.as_path()).check_replaceable().unwrap();
}

#[test]
fn o1b_the_ages_in_between_are_detected_by_their_columns() {
    let rows = "
        INSERT INTO categorymodel VALUES ('top', 'Passive', NULL, NULL), ('mid', 'Resistors', NULL, 'top');
        INSERT INTO locationmodel VALUES ('1', 'Shelf', NULL, NULL, 'standard');
        INSERT INTO partmodel (id, part_name, quantity, location_id) VALUES ('a', 'Resistor', 10, '1');";
    let old = Fixture::new(&[DECEMBER_2024, JUNE_2025, rows].concat());
    inventory::LiveDatabase::new(old.path.as_path()).check_replaceable().unwrap();
    let report = old.migrate();
    assert_eq!((report.before, report.after), (census(1, 10, 1, 1), census(1, 10, 1, 1)));
    assert_eq!(old.rows("SELECT * FROM mm_category_parent"), ["mid|top"]);
    assert_is_of_today(&old.path, &["partmodel", "categorymodel"]);
}

#[test]
fn o1b_a_database_without_users_that_is_not_an_inventory_is_still_refused() {
    let other = Fixture::new(
        "CREATE TABLE partmodel (id, part_name); CREATE TABLE locationmodel (id, name, parent_id); \
         CREATE TABLE categorymodel (id, name);",
    );
    let refused = inventory::LiveDatabase::new(other.path.as_path()).check_replaceable();
    assert!(matches!(refused, Err(inventory::Error::Foreign { .. })), "{refused:?}");
}

#[test]
fn columns_indexes_and_references_that_users_added_survive_a_rebuild() {
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        "ALTER TABLE partmodel ADD COLUMN colour VARCHAR DEFAULT 'red' NOT NULL; \
         ALTER TABLE partmodel ADD COLUMN \"who's\" VARCHAR REFERENCES usermodel (id); \
         CREATE INDEX by_colour ON partmodel (colour); \
         CREATE TABLE loans (part VARCHAR REFERENCES partmodel (id) ON DELETE CASCADE); \
         INSERT INTO loans VALUES ('a'); \
         CREATE VIEW names AS SELECT part_name FROM partmodel; \
         CREATE TRIGGER shout AFTER UPDATE ON partmodel BEGIN SELECT 1; END;"
            .to_owned(),
        part("a", "Resistor", "7", "'shelf'"),
    ];
    let old = Fixture::new(&statements.concat());
    old.migrate();
    assert_eq!(old.rows("SELECT id, colour, \"who's\" FROM partmodel"), ["a|red|-"]);
    assert_eq!(old.rows("SELECT part FROM loans"), ["a"]);
    assert_eq!(old.rows("SELECT part_name FROM names"), ["Resistor"]);
    let kept = "SELECT name FROM sqlite_schema WHERE name IN ('by_colour', 'shout', 'names') ORDER BY name";
    assert_eq!(old.rows(kept), ["by_colour", "names", "shout"]);
    let references = "SELECT \"table\" FROM pragma_foreign_key_list('loans')";
    assert_eq!(old.rows(references), ["partmodel"]);
}

#[test]
fn a_table_with_added_rules_is_not_rebuilt_but_its_stock_is_migrated() {
    let own = july_2025()
        .replace("quantity INTEGER, location_id", "quantity INTEGER CHECK (quantity >= 0), location_id");
    let statements = [own, STOCK.to_owned(), part("a", "Resistor", "7", "'shelf'")];
    let old = Fixture::new(&statements.concat());
    let report = old.migrate();
    assert_eq!(old.rows(ALLOCATIONS), ["a|Shelf|7|1"]);
    assert_eq!(report.before, report.after);
    assert_eq!(
        old.rows("SELECT quantity, location_id FROM partmodel"),
        ["-|-"],
        "the old quantity is cleared, so that it cannot be counted twice"
    );
}

#[test]
fn the_totals_show_stock_that_a_migration_loses() {
    // A table that silently discards inserted rows.
    let swallows = "CREATE TABLE part_location_allocations (id VARCHAR NOT NULL PRIMARY KEY, part_id VARCHAR,
        location_id VARCHAR UNIQUE ON CONFLICT IGNORE, quantity_at_location INTEGER NOT NULL,
        is_primary_storage BOOLEAN NOT NULL, allocated_at DATETIME NOT NULL, last_updated DATETIME NOT NULL);";
    let statements = [
        july_2025(),
        STOCK.to_owned(),
        swallows.to_owned(),
        part("a", "Resistor", "7", "'shelf'"),
        part("b", "Capacitor", "8", "'shelf'"),
    ];
    let report = Fixture::new(&statements.concat()).migrate();
    let differences = report.before.differences(&report.after);
    let said: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["units of stock: 15 before, 7 after", "parts with a location: 2 before, 1 after"]);
    assert!(differences.iter().all(inventory::Difference::is_wrong));
}

#[test]
fn o1_real_old_databases_of_the_original_are_migrated() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/samples/old");
    for (name, before, with_location, parents) in
        [("2025-07-09.db", census(5, 150, 5, 1), 5, 0), ("2024-12.db", census(30, 1441, 0, 0), 0, 6)]
    {
        let sample = samples.join(name);
        if !sample.exists() {
            println!("skipped: {} is absent", sample.display());
            continue;
        }
        let old = Fixture::new("");
        fs::copy(sample, &old.path).unwrap();
        let ids = old.rows("SELECT id FROM partmodel ORDER BY rowid");
        let report = old.migrate();
        assert_eq!(report.before.parts, before.parts);
        assert_eq!((report.before.units, report.after.units), (before.units, before.units), "{name}");
        assert_eq!((report.before.users, report.after.users), (before.users, before.users));
        if with_location > 0 {
            assert_eq!(
                old.rows("SELECT count(*) FROM part_location_allocations"),
                [with_location.to_string()]
            );
        } else {
            let homeless = report.adjustments.iter().find_map(|adjustment| match adjustment {
                Adjustment::WithoutLocation { parts, .. } => Some(parts.count),
                _ => None,
            });
            assert_eq!(homeless, Some(3));
        }
        assert_eq!(old.rows("SELECT count(*) FROM mm_category_parent"), [parents.to_string()]);
        assert_eq!(
            old.rows("SELECT id FROM partmodel ORDER BY rowid"),
            ids,
            "ids and their order do not change"
        );
        assert_is_of_today(&old.path, &["categorymodel"]);
    }
}
