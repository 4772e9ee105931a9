//! Writes a random inventory to disk, and reads the rows of a database back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use backup::Places;
use durable::with_suffix;
use inventory::sqlite::TRANSIENT_TABLES;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use crate::scratch::require_inside;

use super::cell::Cell;
use super::schema::{ForeignKey, Table};
use super::{AnyInventory, IMAGE_URL, Row};

/// Tables of kinds that users add: without a key, strict, without row ids, numbered by SQLite, with names
/// that need quotes and indexes that call functions.
const OWN_TABLES: &str = r#"
    CREATE TABLE "our ""own"" ünïcode" (a, "b c" DEFAULT 'x');
    CREATE INDEX "odd index" ON "our ""own"" ünïcode" (lower(a)) WHERE "b c" IS NOT NULL;
    INSERT INTO "our ""own"" ünïcode" (a, "b c") VALUES (NULL, NULL), (NULL, NULL), (1, 1.0), (1.0, 1), ('1', x'31'),
        (x'', ''), (-0.0, 9e999), (CAST(x'ff00' AS TEXT), CAST(x'6100' AS TEXT));
    CREATE TABLE own_strict (k TEXT PRIMARY KEY, v ANY, n INT UNIQUE) STRICT, WITHOUT ROWID;
    INSERT INTO own_strict VALUES ('', '007', 7), ('b', 7, NULL), ('a', 7.0, NULL);
    CREATE TABLE own_numbers (n INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT COLLATE NOCASE REFERENCES own_strict (k));
    INSERT INTO own_numbers VALUES (9223372036854775806, 'a'), (-5, NULL);
    DELETE FROM own_numbers WHERE n > 0;
    CREATE TABLE own_empty_key (k TEXT PRIMARY KEY, v);
    INSERT INTO own_empty_key VALUES (NULL, 2), (NULL, 1), ('k', NULL);
"#;

impl AnyInventory {
    /// Creates the database and the files. Nothing may exist there yet.
    pub fn put(&self, places: &Places) {
        require_inside(&places.database);
        let (how, connection) = (&self.circumstances, unconstrained(&places.database));
        connection.pragma_update(None, "encoding", how.encoding).expect("an encoding");
        connection.pragma_update(None, "page_size", how.page_size).expect("a page size");
        connection.pragma_update(None, "journal_mode", how.journal_mode).expect("nobody else uses it");
        let tables = self.schema.statements.join(";\n");
        let own = if how.own_tables { OWN_TABLES } else { "" };
        connection.execute_batch(&format!("BEGIN; {tables}; {own} COMMIT")).expect("the file is new");
        drop(connection);
        self.put_rows(&places.database);
        self.put_files(places);
    }

    /// Replaces the inventory that exists: the rows in its database, or the whole database.
    pub fn put_over(&self, places: &Places, keep_database: bool) {
        require_inside(&places.static_files);
        fs::remove_dir_all(&places.static_files).expect("it is there");
        if keep_database {
            let connection = unconstrained(&places.database);
            for table in &self.schema.tables {
                connection.execute(&format!("DELETE FROM \"{}\"", table.name), []).expect("a table");
            }
            drop(connection);
            self.put_rows(&places.database);
            self.put_files(places);
        } else {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                let _ = fs::remove_file(with_suffix(&places.database, suffix));
            }
            self.put(places);
        }
    }

    fn put_files(&self, places: &Places) {
        for folder in ["datasheets", "images"] {
            fs::create_dir_all(places.static_files.join(folder)).expect("the scratch folder is writable");
        }
        for file in &self.files {
            let path = places.static_files.join(file.name());
            fs::create_dir_all(path.parent().expect("below the root")).expect("no file is in the way");
            fs::write(path, &file.content).expect("a usable name");
        }
    }

    /// Makes the columns for file names refer to the file of the row.
    fn name_file(&self, table: &Table, row: &mut Row) {
        let Some(file) = row.file.filter(|_| !self.files.is_empty()) else { return };
        let path = &self.files[file % self.files.len()].path;
        for (column, cell) in table.columns.iter().zip(&mut row.cells) {
            match column.name.as_str() {
                "filename" => *cell = Cell::text(path),
                "image_url" => *cell = Cell::text(format!("{IMAGE_URL}{path}")),
                _ => {}
            }
        }
    }

    fn put_rows(&self, database: &Path) {
        let mut connection = unconstrained(database);
        let transaction = connection.transaction().expect("nobody else uses it");
        // By row id, since any value may be the key of a row.
        let mut placed: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        let mut later = Vec::new();
        for (number, table) in self.schema.tables.iter().enumerate() {
            for row in self.rows.iter().filter(|row| row.table == number) {
                let mut row = row.clone();
                self.name_file(table, &mut row);
                let mut unresolved = Vec::new();
                let mut orphan = false;
                for (key, parent) in table.foreign_keys.iter().zip(row.parents.clone()) {
                    match placed.get(key.parent.as_str()).filter(|_| key.required) {
                        Some(parents) => {
                            refer(&transaction, &mut row, key, parents[parent.unwrap_or(0) % parents.len()]);
                        }
                        None if key.required => orphan = true,
                        None => {
                            key.columns.iter().for_each(|(column, _)| row.cells[*column] = Cell::Null);
                            unresolved.extend(parent.map(|parent| (key, parent)));
                        }
                    }
                }
                if !orphan && let Some(id) = insert(&transaction, table, &row) {
                    placed.entry(table.name.as_str()).or_default().push(id);
                    later.extend(unresolved.into_iter().map(|(key, parent)| (table, id, key, parent)));
                }
            }
        }
        // Now a row can also refer to itself, to later rows, and in cycles.
        for (table, id, key, parent) in later {
            if let Some(parents) = placed.get(key.parent.as_str()) {
                point(&transaction, table, id, key, parents[parent % parents.len()]);
            }
        }
        transaction.commit().expect("nobody else uses it");
    }
}

fn unconstrained(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("a database");
    connection.pragma_update(None, "foreign_keys", false).expect("is only a setting");
    connection.pragma_update(None, "synchronous", "OFF").expect("is only a setting");
    connection
}

/// Sets the columns of a foreign key to the key of the parent.
fn refer(connection: &Connection, row: &mut Row, key: &ForeignKey, parent: i64) {
    for (column, to) in &key.columns {
        row.cells[*column] = key_of(connection, &key.parent, to, parent);
    }
}

fn key_of(connection: &Connection, table: &str, column: &str, id: i64) -> Cell {
    let sql = format!("SELECT \"{column}\" FROM \"{table}\" WHERE rowid = ?1");
    let mut statement = connection.prepare_cached(&sql).expect("a column");
    statement.query_row([id], |row| Ok(Cell::of(row.get_ref(0)?))).expect("it was inserted")
}

/// Inserts a row, unless it violates a unique constraint.
fn insert(connection: &Connection, table: &Table, row: &Row) -> Option<i64> {
    let holes: Vec<&str> = table.columns.iter().map(|_| "?").collect();
    let sql = format!("INSERT INTO \"{}\" VALUES ({})", table.name, holes.join(", "));
    let mut statement = connection.prepare_cached(&sql).expect("a table");
    accepted(statement.insert(params_from_iter(&row.cells)))
}

fn point(connection: &Connection, table: &Table, id: i64, key: &ForeignKey, parent: i64) {
    for (column, to) in &key.columns {
        let value = key_of(connection, &key.parent, to, parent);
        let sql = format!(
            "UPDATE \"{}\" SET \"{}\" = ?1 WHERE rowid = ?2",
            table.name, table.columns[*column].name
        );
        accepted(connection.execute(&sql, rusqlite::params![value, id]));
    }
}

fn accepted<T>(result: rusqlite::Result<T>) -> Option<T> {
    match result {
        Ok(done) => Some(done),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            let why = error.to_string();
            assert!(why.contains("UNIQUE"), "{why}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Returns the sorted rows of every table that is part of the data, as they are stored: the values
/// themselves, for comparisons that must not rely on our digest.
pub fn rows_of(database: &Path) -> BTreeMap<String, Vec<Vec<Cell>>> {
    let connection = Connection::open(require_inside(database)).expect("a database");
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
    let mut tables = connection.prepare(sql).expect("a database");
    let names: Vec<String> =
        tables.query_map([], |row| row.get(0)).expect("a database").collect::<Result<_, _>>().expect("names");
    let names = names.into_iter().filter(|name| !TRANSIENT_TABLES.contains(&name.as_str()));
    let rows = |name: &String| {
        let mut statement =
            connection.prepare(&format!("SELECT * FROM \"{}\"", name.replace('"', "\"\""))).expect("a table");
        let width = statement.column_count();
        let rows = statement
            .query_map([], |row| (0..width).map(|column| Ok(Cell::of(row.get_ref(column)?))).collect());
        let mut rows: Vec<Vec<Cell>> =
            rows.expect("a table").collect::<Result<_, _>>().expect("rows can be read");
        rows.sort();
        rows
    };
    names.map(|name| (name.clone(), rows(&name))).collect()
}
