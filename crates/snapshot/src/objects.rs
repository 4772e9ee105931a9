//! Executable definitions in a schema: triggers, views, virtual tables, generated columns, expression indexes and partial
//! indexes. They are removed from every copy (see [`crate::strip`]) and stored as text in a separate table.

use std::fmt;
use std::path::Path;

use durable::printable;
use rusqlite::{Connection, Result, params};

use crate::Error;
use crate::connection::{open_copy, open_live_reader, sqlite_error};

/// The largest number of definitions that are read from a copy.
const MAX_OBJECTS: usize = 10_000;

/// The table in which a copy stores the definitions that were removed from it.
pub const OBJECTS_TABLE: &str = "mm_schema_objects";

/// An executable definition in a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaObject {
    /// The kind of object.
    pub kind: ObjectKind,
    /// The name of the object: `table.column` for a generated column.
    pub name: String,
    /// The table that the object belongs to: the table itself for a table.
    pub table: String,
    /// The statement that creates the object: the column definition for a generated column.
    pub sql: String,
}

/// The kinds of [`SchemaObject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A table whose generated columns can only be created with the whole table.
    Table,
    /// A virtual generated column.
    GeneratedColumn,
    /// An expression index, an index of generated columns, or a partial index.
    Index,
    /// A virtual table. Its data stays in the ordinary tables of its module.
    VirtualTable,
    /// A view.
    View,
    /// A trigger.
    Trigger,
}

impl ObjectKind {
    const ALL: [Self; 6] =
        [Self::Table, Self::GeneratedColumn, Self::Index, Self::VirtualTable, Self::View, Self::Trigger];

    fn as_str(self) -> &'static str {
        match self {
            Self::Table => "generated columns of table",
            Self::GeneratedColumn => "generated column",
            Self::Index => "index",
            Self::VirtualTable => "virtual table",
            Self::View => "view",
            Self::Trigger => "trigger",
        }
    }
}

impl fmt::Display for SchemaObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), printable(&self.name))
    }
}

/// Stores definitions in a copy. Replaces stored definitions of the same name.
pub fn store_objects(copy: &Path, objects: &[SchemaObject]) -> std::result::Result<(), Error> {
    if objects.is_empty() {
        return Ok(());
    }
    let connection = open_copy(copy)?;
    let write = || {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(&format!(
            "CREATE TABLE IF NOT EXISTS {OBJECTS_TABLE} (kind VARCHAR NOT NULL, name VARCHAR NOT NULL, \
             table_name VARCHAR NOT NULL, sql VARCHAR NOT NULL, PRIMARY KEY (kind, name))"
        ))?;
        for object in objects {
            let sql = format!("INSERT OR REPLACE INTO {OBJECTS_TABLE} VALUES (?1, ?2, ?3, ?4)");
            transaction
                .execute(&sql, params![object.kind.as_str(), object.name, object.table, object.sql])?;
        }
        transaction.commit()
    };
    write().map_err(|error| sqlite_error(copy, error))
}

/// Returns the definitions that are stored in a copy. Returns none if the table has different columns.
pub fn stored_objects(connection: &Connection) -> Result<Vec<SchemaObject>> {
    for column in ["kind", "name", "table_name", "sql"] {
        if !connection.column_exists(None, OBJECTS_TABLE, column)? {
            return Ok(Vec::new());
        }
    }
    let sql = format!(
        "SELECT kind, name, table_name, sql FROM {OBJECTS_TABLE} \
         WHERE typeof(kind) = 'text' AND typeof(name) = 'text' AND typeof(table_name) = 'text' AND typeof(sql) = 'text' \
         ORDER BY kind, name LIMIT {MAX_OBJECTS}"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut objects = Vec::new();
    while let Some(row) = rows.next()? {
        let (Ok(kind), Ok(name), Ok(table), Ok(sql)) =
            (row.get::<_, String>(0), row.get(1), row.get(2), row.get(3))
        else {
            continue;
        };
        if let Some(kind) = ObjectKind::ALL.into_iter().find(|known| known.as_str() == kind) {
            objects.push(SchemaObject { kind, name, table, sql });
        }
    }
    Ok(objects)
}

/// Deletes the stored definition of a recreated object.
pub(crate) fn delete_stored_object(connection: &Connection, object: &SchemaObject) -> Result<()> {
    if connection.table_exists(None, OBJECTS_TABLE)? {
        let sql = format!("DELETE FROM {OBJECTS_TABLE} WHERE kind = ?1 AND name = ?2");
        connection.execute(&sql, params![object.kind.as_str(), object.name])?;
    }
    Ok(())
}

/// Drops the table of definitions if it is empty.
pub(crate) fn drop_objects_table_if_empty(connection: &Connection) -> Result<()> {
    if connection.table_exists(None, OBJECTS_TABLE)? {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {OBJECTS_TABLE})");
        if !connection.query_row(&sql, [], |row| row.get::<_, bool>(0))? {
            connection.execute_batch(&format!("DROP TABLE {OBJECTS_TABLE}"))?;
        }
    }
    Ok(())
}

/// Returns the executable definitions of the live database, for messages.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::Damaged`], [`Error::Busy`].
pub fn live_objects(
    live: &Path,
    keep: &dyn Fn(&str) -> bool,
) -> std::result::Result<Vec<SchemaObject>, Error> {
    let connection = open_live_reader(live)?;
    let find = || {
        let mut objects = named_objects(&connection)?;
        objects.extend(computed_indexes(&connection, keep)?);
        objects.extend(generated_columns(&connection)?);
        Ok(objects)
    };
    find().map_err(|error| sqlite_error(live, error))
}

/// Returns the triggers, views and virtual tables.
pub(crate) fn named_objects(connection: &Connection) -> Result<Vec<SchemaObject>> {
    objects(
        connection,
        "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema WHERE type IN ('trigger', 'view') UNION ALL \
         SELECT 'virtual table', list.name, list.name, coalesce(made.sql, '') \
         FROM pragma_table_list AS list LEFT JOIN sqlite_schema AS made \
           ON made.type = 'table' AND made.name = list.name \
         WHERE list.schema = 'main' AND list.type = 'virtual'",
    )
}

/// Returns the expression indexes, indexes of generated columns and partial indexes, except those that `keep` accepts.
pub(crate) fn computed_indexes(
    connection: &Connection,
    keep: &dyn Fn(&str) -> bool,
) -> Result<Vec<SchemaObject>> {
    let found = objects(
        connection,
        "SELECT 'index', list.name, made.tbl_name, made.sql \
         FROM pragma_table_list AS tables, pragma_index_list(tables.name) AS list, sqlite_schema AS made \
         WHERE tables.schema = 'main' AND tables.type IN ('table', 'shadow') \
           AND made.type = 'index' AND made.name = list.name AND made.sql IS NOT NULL \
           AND (list.partial \
                OR EXISTS (SELECT 1 FROM pragma_index_xinfo(list.name) WHERE cid = -2) \
                OR EXISTS (SELECT 1 FROM pragma_index_xinfo(list.name) AS part, \
                                         pragma_table_xinfo(tables.name) AS info \
                           WHERE part.cid = info.cid AND info.hidden IN (2, 3)))",
    )?;
    Ok(found.into_iter().filter(|object| !keep(&object.sql)).collect())
}

/// Returns the generated columns, the last column of each table first, since it may refer to earlier ones. Their `sql` is
/// the statement of the whole table.
pub(crate) fn generated_columns(connection: &Connection) -> Result<Vec<SchemaObject>> {
    objects(
        connection,
        "SELECT 'generated column', list.name || '.' || info.name, list.name, coalesce(made.sql, '') \
         FROM pragma_table_list AS list, pragma_table_xinfo(list.name) AS info, sqlite_schema AS made \
         WHERE list.schema = 'main' AND list.type IN ('table', 'shadow') AND info.hidden IN (2, 3) \
           AND made.type = 'table' AND made.name = list.name \
         ORDER BY list.name, info.cid DESC",
    )
}

fn objects(connection: &Connection, sql: &str) -> Result<Vec<SchemaObject>> {
    let object = |row: &rusqlite::Row<'_>| {
        let kind: String = row.get(0)?;
        let kind = ObjectKind::ALL.into_iter().find(|known| known.as_str() == kind);
        let kind = kind.expect("the queries return known kinds only");
        Ok(SchemaObject { kind, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    };
    connection.prepare(sql)?.query_map([], object)?.collect()
}
