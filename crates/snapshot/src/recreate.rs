//! Recreates the definitions that were removed from a copy, as far as [`crate::allowlist`] permits. Views, triggers and
//! virtual tables are code, and an archive may be hostile, so they are not recreated. Their definitions stay in the table
//! of definitions, and users can read and run them.

use rusqlite::{Connection, Result};

use crate::allowlist::{Token, is_allowed, tokens};
use crate::digest::quote_identifier;
use crate::objects::{ObjectKind, SchemaObject, delete_stored_object, drop_objects_table_if_empty};
use crate::rebuild::rebuild_table;

/// The result of recreating the definitions that are stored in a copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecreatedObjects {
    /// The objects that are in the schema again.
    pub done: Vec<SchemaObject>,
    /// The objects that were not recreated.
    pub skipped: Vec<SchemaObject>,
}

/// Recreates the permitted objects. Skips objects that cannot be created because the data violates them or the table has
/// changed.
///
/// # Errors
/// When the copy cannot be read or written.
pub fn recreate_objects(connection: &Connection, mut objects: Vec<SchemaObject>) -> Result<RecreatedObjects> {
    // Tables come before their columns, and columns before their indexes.
    objects.sort_by_key(|object| object.kind);
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)?;
    let generated = generated_column_names(&objects);
    let mut result = RecreatedObjects::default();
    for object in objects {
        connection.execute_batch("SAVEPOINT recreate")?;
        if may_be_recreated(&object, &generated) && make(connection, &object).is_ok() {
            delete_stored_object(connection, &object)?;
            connection.execute_batch("RELEASE recreate")?;
            result.done.push(object);
        } else {
            connection.execute_batch("ROLLBACK TO recreate; RELEASE recreate")?;
            result.skipped.push(object);
        }
    }
    drop_objects_table_if_empty(connection)?;
    connection.pragma_update(None, "legacy_alter_table", false)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(result)
}

/// Returns whether an object may be recreated: its kind allows it, its statement creates this very object, and the
/// allowlist permits the statement.
pub fn may_be_recreated(object: &SchemaObject, generated: &[String]) -> bool {
    let Some(tokens) = tokens(&object.sql) else { return false };
    let begins = match object.kind {
        ObjectKind::Table => begins_with(&tokens, &["create", "table"], &object.table),
        ObjectKind::Index => {
            begins_with(&tokens, &["create", "index"], &object.name)
                || begins_with(&tokens, &["create", "unique", "index"], &object.name)
        }
        ObjectKind::GeneratedColumn => {
            let column = object.name.strip_prefix(&object.table).and_then(|rest| rest.strip_prefix('.'));
            column.is_some_and(|column| begins_with(&tokens, &[], column))
        }
        ObjectKind::VirtualTable | ObjectKind::View | ObjectKind::Trigger => false,
    };
    let ours = |name: &str| name.starts_with("mm_") || name.starts_with("sqlite_");
    begins && !ours(&object.table.to_ascii_lowercase()) && is_allowed(&object.sql, generated)
}

fn begins_with(tokens: &[Token<'_>], words: &[&str], name: &str) -> bool {
    tokens.len() > words.len()
        && words.iter().zip(tokens).all(|(word, token)| token.is(word))
        && tokens[words.len()].name().is_some_and(|found| found == name)
}

/// Returns the names of all generated columns. No generated column may refer to one of them.
pub fn generated_column_names(objects: &[SchemaObject]) -> Vec<String> {
    let mut names = Vec::new();
    for object in objects {
        match object.kind {
            ObjectKind::GeneratedColumn => {
                names.extend(object.name.rsplit_once('.').map(|(_, column)| column.to_owned()));
            }
            ObjectKind::Table => names.extend(generated_in(&object.sql)),
            _ => {}
        }
    }
    names
}

/// Returns the generated columns of a CREATE TABLE statement: the first token of each column definition with an `AS (`.
fn generated_in(sql: &str) -> Vec<String> {
    let Some(tokens) = tokens(sql) else { return Vec::new() };
    let Some(open) = tokens.iter().position(|token| token.is_symbol("(")) else { return Vec::new() };
    let (mut depth, mut first, mut names) = (0_i32, open + 1, Vec::new());
    for (at, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
            if depth == 2 && at > 0 && tokens[at - 1].is("as") {
                names.extend(tokens[first].name());
            }
        } else if token.is_symbol(")") {
            depth -= 1;
        } else if depth == 1 && token.is_symbol(",") {
            first = at + 1;
        }
    }
    names
}

fn make(connection: &Connection, object: &SchemaObject) -> Result<()> {
    match object.kind {
        ObjectKind::Table => {
            let sql = "SELECT NOT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
            let has_rowid: bool = connection.query_row(sql, [&object.table], |row| row.get(0))?;
            rebuild_table(connection, &object.table, &object.sql, has_rowid)
        }
        ObjectKind::GeneratedColumn => {
            let sql = format!("ALTER TABLE {} ADD COLUMN {}", quote_identifier(&object.table), object.sql);
            connection.execute(&sql, []).map(|_| ())
        }
        _ => connection.execute(&object.sql, []).map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::connection::open_copy;
    use crate::{store_objects, stored_objects, strip};

    use super::*;

    const SCHEMA: &str = "
        CREATE TABLE people (name TEXT UNIQUE);
        CREATE TABLE loans (id INTEGER PRIMARY KEY, who TEXT, part TEXT,
            key TEXT AS (lower(who) || '/' || part) UNIQUE,
            long INTEGER GENERATED ALWAYS AS (length(part)) STORED CHECK (long < 100),
            FOREIGN KEY (who) REFERENCES people (name));
        CREATE INDEX by_part ON loans (part);
        CREATE TABLE plain (a TEXT, shout AS (upper(a)));
        CREATE UNIQUE INDEX one_each ON plain (lower(a)) WHERE a <> '';
        CREATE INDEX by_shout ON plain (shout);
        CREATE INDEX costly ON plain (hex(a));
        CREATE VIEW report AS SELECT who FROM loans;
        CREATE TRIGGER noted AFTER INSERT ON loans BEGIN SELECT 1; END;
        CREATE VIRTUAL TABLE notes USING fts5 (text);
        INSERT INTO notes VALUES ('a note');
        INSERT INTO people VALUES ('Ann'), ('Bob');
        INSERT INTO loans (who, part) VALUES ('Ann', 'r1'), ('Bob', 'r2');
        INSERT INTO plain (a) VALUES ('x'), ('y');";

    fn names(objects: &[SchemaObject]) -> Vec<String> {
        let mut names: Vec<String> = objects.iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    fn rows(connection: &Connection, sql: &str) -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    fn round_trip(path: &Path) -> RecreatedObjects {
        let stripped = strip(path, &|_| false).unwrap();
        store_objects(path, &stripped).unwrap();
        let connection = open_copy(path).unwrap();
        let carried = stored_objects(&connection).unwrap();
        assert_eq!(names(&carried), names(&stripped));
        recreate_objects(&connection, carried).unwrap()
    }

    #[test]
    fn permitted_objects_are_recreated_and_the_others_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        Connection::open(&path).unwrap().execute_batch(SCHEMA).unwrap();
        let result = round_trip(&path);
        assert_eq!(
            names(&result.done),
            [
                "generated column plain.shout",
                "generated columns of table loans",
                "index by_shout",
                "index one_each"
            ]
        );
        assert_eq!(
            names(&result.skipped),
            ["index costly", "trigger noted", "view report", "virtual table notes"]
        );
        let connection = Connection::open(&path).unwrap();
        assert_eq!(rows(&connection, "SELECT key FROM loans ORDER BY id"), ["ann/r1", "bob/r2"]);
        assert_eq!(rows(&connection, "SELECT shout FROM plain ORDER BY a"), ["X", "Y"]);
        assert_eq!(
            rows(&connection, "SELECT c0 FROM notes_content"),
            ["a note"],
            "the data of the virtual table is kept"
        );
        for refused in
            ["INSERT INTO loans (who, part) VALUES ('ANN', 'r1')", "INSERT INTO plain (a) VALUES ('X')"]
        {
            assert!(connection.execute(refused, []).is_err(), "{refused}");
        }
        assert_eq!(rows(&connection, "SELECT name FROM sqlite_schema WHERE name = 'by_part'"), ["by_part"]);
        assert_eq!(rows(&connection, "PRAGMA integrity_check"), ["ok"]);
        assert_eq!(names(&stored_objects(&connection).unwrap()).len(), 4, "the skipped objects stay stored");
    }

    #[test]
    fn row_1_no_generated_column_blocks_a_copy() {
        for table in [
            "CREATE TABLE t (a, b AS (a) UNIQUE)",
            "CREATE TABLE t (a, b AS (a), CHECK (b > 0))",
            "CREATE TABLE t (a, b AS (a) REFERENCES t (a))",
            "CREATE TABLE t (a, b AS (a) STORED, UNIQUE (a, b))",
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT DEFAULT 'x', c AS (a) STORED UNIQUE)",
            "CREATE TABLE t (a TEXT PRIMARY KEY, b AS (a) UNIQUE) WITHOUT ROWID, STRICT",
        ] {
            let table = table.replace("b AS (a) UNIQUE) WITHOUT", "b TEXT AS (a) UNIQUE) WITHOUT");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.db");
            let connection = Connection::open(&path).unwrap();
            connection.pragma_update(None, "foreign_keys", false).unwrap();
            connection.execute_batch(&format!("{table}; INSERT INTO t (a) VALUES (1), (2)")).unwrap();
            drop(connection);
            let result = round_trip(&path);
            assert_eq!(result.skipped, [], "{table}");
            let connection = Connection::open(&path).unwrap();
            let sql = "SELECT sql FROM sqlite_schema WHERE name = 't'";
            assert_eq!(rows(&connection, sql), [table.as_str()]);
            assert_eq!(rows(&connection, "SELECT CAST(count(*) AS TEXT) FROM t"), ["2"]);
        }
    }

    #[test]
    fn a_definition_that_does_not_match_its_object_is_not_recreated() {
        let object = |kind, name: &str, table: &str, sql: &str| SchemaObject {
            kind,
            name: name.to_owned(),
            table: table.to_owned(),
            sql: sql.to_owned(),
        };
        for refused in [
            object(ObjectKind::Index, "i", "t", "DROP TABLE t"),
            object(ObjectKind::Index, "i", "t", "CREATE INDEX other ON t (a)"),
            object(ObjectKind::Index, "i", "mm_restore", "CREATE INDEX i ON mm_restore (id)"),
            object(ObjectKind::Table, "t", "t", "CREATE TABLE usermodel (a, b AS (a))"),
            object(ObjectKind::Table, "t", "t", "CREATE TABLE t AS SELECT 1"),
            object(ObjectKind::GeneratedColumn, "t.b", "t", "c AS (a)"),
            object(ObjectKind::View, "v", "v", "CREATE VIEW v AS VALUES (1)"),
            object(ObjectKind::Trigger, "x", "t", "CREATE TRIGGER x AFTER INSERT ON t BEGIN VALUES (1); END"),
        ] {
            assert!(!may_be_recreated(&refused, &[]), "{refused:?}");
        }
    }
}
