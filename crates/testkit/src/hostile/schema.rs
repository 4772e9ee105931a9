//! Databases that contain code, and databases whose tables are not what their names say.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{Base, Group, Table};

pub(super) fn group(base: &Base) -> Group {
    let mut group = Group::new("schema");
    for (name, sql) in SQL {
        group.zip(*name, &base.legacy_with(&base.edited(sql)));
    }
    for (name, sql) in LARGE {
        let sql = sql();
        let table = sql.split(' ').nth(2).expect("it has a name");
        let database = base.edited_by(|connection| {
            connection.execute_batch("CREATE TABLE odd (a)").expect("is valid");
            let update = "UPDATE sqlite_schema SET sql = ?1, name = ?2, tbl_name = ?2 WHERE name = 'odd'";
            connection.execute(update, [sql.as_str(), table]).expect("the schema may be written");
        });
        group.zip(*name, &base.legacy_with(&database));
    }
    for (name, pragmas) in SETTINGS {
        group.zip(name, &base.legacy_with(&rebuilt(base, &[], pragmas)));
    }
    for (name, sql) in FOREIGN {
        let database =
            base.database_from(&[], |connection| connection.execute_batch(&sql()).expect("is valid"));
        group.zip(*name, &base.legacy_with(&database));
        if name.starts_with("a database") {
            group.zip(format!("{name}, format 3"), &base.v3().database(&database).zip());
        }
    }
    group.zip("triggers on every table", &base.legacy_with(&base.edited_by(add_triggers)));
    group.zip("reserved bytes on each page", &base.legacy_with(&rebuilt(base, &reserved(base), "")));
    group
}

/// Tables that only a schema written by hand can have.
const LARGE: Table<fn() -> String> = &[
    ("30000 columns", || {
        let columns: Vec<String> = (0..30_000).map(|number| format!("c{number}")).collect();
        format!("CREATE TABLE wide ({})", columns.join(", "))
    }),
    ("an expression 5000 deep", || {
        format!("CREATE TABLE deep (a CHECK ({}1{}))", "(".repeat(5_000), ")".repeat(5_000))
    }),
    ("a megabyte of comment", || format!("CREATE TABLE chatty (a /* {} */)", "x".repeat(1 << 20))),
];

const SETTINGS: [(&str, &str); 6] = [
    ("UTF-16, little-endian", "PRAGMA encoding = 'UTF-16le'"),
    ("UTF-16, big-endian", "PRAGMA encoding = 'UTF-16be'"),
    ("small pages", "PRAGMA page_size = 512"),
    ("large pages", "PRAGMA page_size = 65536"),
    ("an auto-vacuum", "PRAGMA auto_vacuum = FULL"),
    ("a write-ahead log that is not there", "PRAGMA journal_mode = WAL"),
];

/// SQL of databases without our tables.
const FOREIGN: Table<fn() -> String> = &[
    ("a database empty", String::new),
    ("a database of another program", || "CREATE TABLE notes (id, text)".to_owned()),
    ("names that a terminal obeys", || {
        "CREATE TABLE \"a\x1b[2J\nb\" (x); CREATE TABLE \"\u{202e}evil\" (x)".to_owned()
    }),
    ("names as long as books", || {
        (0..30).map(|n| format!("CREATE TABLE \"{n}{}\" (x);", "long".repeat(5000))).collect()
    }),
];

fn add_triggers(connection: &Connection) {
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
        .expect("it has tables");
    for (number, table) in tables.iter().enumerate() {
        for event in ["INSERT", "UPDATE", "DELETE"] {
            let sql = format!(
                "CREATE TRIGGER t{number}{event} BEFORE {event} ON {table} \
                     BEGIN DELETE FROM partmodel; SELECT RAISE(ABORT, 'no'); END"
            );
            connection.execute_batch(&sql).expect("is valid");
        }
    }
}

/// Returns an empty database that leaves 32 bytes unused at the end of each page.
fn reserved(base: &Base) -> Vec<u8> {
    let mut database = base.database_from(&[], |connection| {
        connection.execute_batch("CREATE TABLE t (a); DROP TABLE t; VACUUM").expect("is valid");
    });
    database[20] = 32;
    database[105..107].copy_from_slice(&(4096_u16 - 32).to_be_bytes());
    database
}

/// Copies all tables and rows into a database that begins as these bytes and has these settings.
fn rebuilt(base: &Base, begin: &[u8], pragmas: &str) -> Vec<u8> {
    // Not attached: it may have another encoding.
    let source = Connection::open(base.database_file()).expect("a database");
    base.database_from(begin, |target| {
        target.execute_batch("PRAGMA writable_schema = OFF").expect("is only a setting");
        target.execute_batch(pragmas).expect("is only a setting");
        let statements: Vec<(String, String, String)> = source
            .prepare("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
            .and_then(|mut rows| {
                rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
            })
            .expect("it has a schema");
        for (kind, name, sql) in statements {
            target.execute_batch(&sql).expect("is valid");
            if kind == "table" {
                copy_rows(&source, target, &name).expect("has the same columns");
            }
        }
    })
}

fn copy_rows(source: &Connection, target: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut rows = source.prepare(&format!("SELECT * FROM \"{table}\""))?;
    let width = rows.column_count();
    let places = vec!["?"; width].join(", ");
    let mut insert = target.prepare(&format!("INSERT INTO \"{table}\" VALUES ({places})"))?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value> = (0..width).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        insert.execute(rusqlite::params_from_iter(values))?;
    }
    Ok(())
}

const SQL: &[(&str, &str)] = &[
    (
        "thousands of migrations from the future",
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000) \
         INSERT INTO mm_migrations SELECT 'm9999_' || hex(zeroblob(100)) || x, 0 FROM n",
    ),
    (
        "a trigger on the mark of a restore",
        "CREATE TRIGGER t AFTER INSERT ON mm_restore BEGIN DELETE FROM partmodel; END",
    ),
    (
        "a trigger on deletes of marks",
        "INSERT INTO mm_restore VALUES ('x', 'x', 'x'); \
         CREATE TRIGGER t BEFORE DELETE ON mm_restore BEGIN SELECT RAISE(IGNORE); END",
    ),
    (
        "a trigger on the record of migrations",
        "CREATE TRIGGER t BEFORE INSERT ON mm_migrations BEGIN SELECT RAISE(ABORT, 'no'); END",
    ),
    (
        "a trigger that calls itself",
        "CREATE TRIGGER t AFTER UPDATE ON tasks BEGIN UPDATE tasks SET status = 'RUNNING'; END",
    ),
    (
        "a trigger with a name to inject",
        "CREATE TRIGGER \"t\"\"; DROP TABLE partmodel; --\" AFTER INSERT ON tasks BEGIN SELECT 1; END",
    ),
    (
        "a trigger with a name that a terminal obeys",
        "CREATE TRIGGER \"t\x1b[2J\" AFTER INSERT ON tasks BEGIN SELECT 1; END",
    ),
    ("a view", "CREATE VIEW v AS SELECT * FROM partmodel"),
    ("a view of a function that loads code", "CREATE VIEW v AS SELECT load_extension('/tmp/x.so')"),
    (
        "a view with a trigger",
        "CREATE VIEW v AS SELECT 1 AS a; CREATE TRIGGER t INSTEAD OF INSERT ON v BEGIN DELETE FROM partmodel; END",
    ),
    (
        "a view in place of the parts",
        "DROP TABLE partmodel; CREATE VIEW partmodel AS SELECT 'x' AS id, 'y' AS part_name",
    ),
    (
        "a view in place of the tasks",
        "DROP TABLE tasks; CREATE VIEW tasks AS SELECT 'x' AS id, 'RUNNING' AS status",
    ),
    (
        "a view in place of the marks",
        "DROP TABLE mm_restore; CREATE VIEW mm_restore AS SELECT 'x' AS id, 'y' AS restored_at, 'z' AS archive",
    ),
    ("a full-text index", "CREATE VIRTUAL TABLE notes USING fts5 (text); INSERT INTO notes VALUES ('hello')"),
    (
        "a full-text index in place of the parts",
        "DROP TABLE partmodel; CREATE VIRTUAL TABLE partmodel USING fts5 (id, part_name)",
    ),
    (
        "a full-text index with broken tables",
        "CREATE VIRTUAL TABLE notes USING fts5 (text); INSERT INTO notes VALUES ('hello'); \
         DELETE FROM notes_data; INSERT INTO notes_data VALUES (1, x'ffffffffffffffff'), (10, x'00')",
    ),
    (
        "a full-text index with broken settings",
        "CREATE VIRTUAL TABLE notes USING fts5 (text); UPDATE notes_config SET v = 99",
    ),
    (
        "an index of places with broken nodes",
        "CREATE VIRTUAL TABLE spots USING rtree (id, a, b); INSERT INTO spots VALUES (1, 2, 3); \
         UPDATE spots_node SET data = x'ffff'",
    ),
    (
        "a virtual table of no module",
        "INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING unknown (a)')",
    ),
    (
        "a virtual table of a built-in function",
        "INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING dbstat')",
    ),
    ("a generated column", "ALTER TABLE partmodel ADD COLUMN shout AS (upper(part_name))"),
    (
        "a constraint that no row fulfils",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', 'PRIMARY KEY (id), CHECK (0)') \
         WHERE name = 'partmodel'",
    ),
    (
        "a constraint that loads code",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', \
         'PRIMARY KEY (id), CHECK (load_extension(''/tmp/x.so'') IS NULL)') WHERE name = 'partmodel'",
    ),
    (
        "a constraint of no function",
        "UPDATE sqlite_schema SET sql = replace(sql, 'PRIMARY KEY (id)', 'PRIMARY KEY (id), CHECK (unknown(id))') \
         WHERE name = 'partmodel'",
    ),
    (
        "a constraint on the mark of a restore",
        "DROP TABLE mm_restore; CREATE TABLE mm_restore (id, restored_at, archive, CHECK (0))",
    ),
    ("a default that loads code", "CREATE TABLE extra (a, b DEFAULT (load_extension('/tmp/x.so')))"),
    ("an index on an expression", "CREATE INDEX i ON partmodel (lower(part_name))"),
    (
        "an index on a function that loads code",
        "CREATE INDEX i ON partmodel (id); \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON partmodel (load_extension(id))' WHERE name = 'i'",
    ),
    (
        "a collation that nobody has",
        "UPDATE sqlite_schema SET sql = replace(sql, 'id VARCHAR NOT NULL', 'id VARCHAR COLLATE unknown NOT NULL') \
         WHERE name = 'partmodel'",
    ),
    (
        "an index with a collation that nobody has",
        "CREATE INDEX i ON partmodel (id); \
         UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON partmodel (id COLLATE unknown)' WHERE name = 'i'",
    ),
    (
        "a foreign key to nothing",
        "CREATE TABLE extra (a REFERENCES nowhere (b)); INSERT INTO extra VALUES (1)",
    ),
    ("a foreign key to itself", "CREATE TABLE extra (a REFERENCES extra (a)); INSERT INTO extra VALUES (1)"),
    ("rows that break a foreign key", "UPDATE part_location_allocations SET location_id = 'nowhere ' || id"),
    ("a table more", "CREATE TABLE extra (a, b); INSERT INTO extra VALUES (1, NULL)"),
    (
        "a table more, without row ids",
        "CREATE TABLE extra (a PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO extra VALUES (1, 2)",
    ),
    ("a table more, strict", "CREATE TABLE extra (a INT, b ANY) STRICT; INSERT INTO extra VALUES (1, x'00')"),
    (
        "a table with a name to inject",
        "CREATE TABLE \"x\"\"; DROP TABLE partmodel; --\" (\"a\"\"b\", \"select\")",
    ),
    ("a table with an empty name", "CREATE TABLE \"\" (\"\")"),
    (
        "a table with a NUL in a value",
        "CREATE TABLE extra (a); INSERT INTO extra VALUES (CAST(x'610062' AS TEXT))",
    ),
    ("text that is not UTF-8", "UPDATE partmodel SET description = CAST(x'fffe41' AS TEXT)"),
    (
        "a name that is not UTF-8",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE \"' || CAST(x'ff' AS TEXT) || '\" (a)', \
         name = CAST(x'ff' AS TEXT), tbl_name = CAST(x'ff' AS TEXT) WHERE name = 'tagmodel'",
    ),
    ("a table of ours with other columns", "DROP TABLE tagmodel; CREATE TABLE tagmodel (x)"),
    ("a table of ours missing", "DROP TABLE tagmodel"),
    ("a column of ours missing", "ALTER TABLE partmodel DROP COLUMN emoji"),
    ("the parts missing", "DROP TABLE partmodel"),
    ("the tasks missing", "DROP TABLE tasks"),
    ("the marks missing", "DROP TABLE mm_restore"),
    ("the categories' tree missing", "DROP TABLE mm_category_parent"),
    ("the record of migrations missing", "DROP TABLE mm_migrations"),
    ("the record of migrations empty", "DELETE FROM mm_migrations"),
    (
        "the record of migrations with other columns",
        "DROP TABLE mm_migrations; CREATE TABLE mm_migrations (a)",
    ),
    (
        "the record of migrations with numbers",
        "UPDATE mm_migrations SET version = CAST(x'00ff' || version AS BLOB)",
    ),
    ("a migration from the future", "INSERT INTO mm_migrations VALUES ('m9999_future', 0)"),
    (
        "a migration with a name that a terminal obeys",
        "INSERT INTO mm_migrations VALUES ('m9999' || char(27) || '[2J', 0)",
    ),
    ("another user_version", "PRAGMA user_version = 99; PRAGMA application_id = 99"),
    ("a root that is the schema", "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 'tagmodel'"),
    ("a root that is no page", "UPDATE sqlite_schema SET rootpage = 0 WHERE name = 'tagmodel'"),
    ("a root behind the end", "UPDATE sqlite_schema SET rootpage = 99999999 WHERE name = 'tagmodel'"),
    ("a root before the start", "UPDATE sqlite_schema SET rootpage = -5 WHERE name = 'tagmodel'"),
    ("a root that is text", "UPDATE sqlite_schema SET rootpage = 'x' WHERE name = 'tagmodel'"),
    (
        "two tables with one root",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'tasks') \
         WHERE name = 'tagmodel'",
    ),
    (
        "an index with the root of its table",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'partmodel') \
         WHERE name = 'ix_partmodel_part_name'",
    ),
    (
        "an index with the root of another",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'ix_partmodel_supplier_part_number') \
         WHERE name = 'ix_partmodel_part_name'",
    ),
    ("a schema that is no SQL", "UPDATE sqlite_schema SET sql = 'not SQL' WHERE name = 'tagmodel'"),
    ("a schema that is empty", "UPDATE sqlite_schema SET sql = '' WHERE name = 'tagmodel'"),
    ("a schema that is missing", "UPDATE sqlite_schema SET sql = NULL WHERE name = 'tagmodel'"),
    (
        "a schema of another table",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE other (a)' WHERE name = 'tagmodel'",
    ),
    (
        "a schema that selects",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE tagmodel AS SELECT 1' WHERE name = 'tagmodel'",
    ),
    (
        "a schema that is two statements",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE tagmodel (a); DROP TABLE partmodel' WHERE name = 'tagmodel'",
    ),
    (
        "a table listed twice",
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'tagmodel'",
    ),
    ("a kind that does not exist", "UPDATE sqlite_schema SET type = 'thing' WHERE name = 'tagmodel'"),
    (
        "an index of no table",
        "UPDATE sqlite_schema SET tbl_name = 'nowhere' WHERE name = 'ix_partmodel_part_name'",
    ),
    (
        "a table of SQLite's own",
        "UPDATE sqlite_schema SET name = 'sqlite_x', tbl_name = 'sqlite_x', \
         sql = 'CREATE TABLE sqlite_x (a)' WHERE name = 'tagmodel'",
    ),
    (
        "statistics that lie",
        "ANALYZE; UPDATE sqlite_stat1 SET stat = 'x ' || hex(zeroblob(5000)); UPDATE sqlite_stat1 SET idx = NULL",
    ),
];
