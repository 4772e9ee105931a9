//! Reads the tables, their columns and their references from a newly migrated database, so that tables
//! of later migrations are filled without a change here.

use rusqlite::{Connection, Result};

use inventory::sqlite::TRANSIENT_TABLES;
use inventory::{Ambient, Inventory};

use crate::scratch::TestDbPath;

/// The table that records migrations, which random rows would falsify.
const MIGRATIONS: &str = "mm_migrations";

/// The tables that hold data, each after the tables that its rows require.
#[derive(Debug)]
pub struct Schema {
    /// The tables.
    pub tables: Vec<Table>,
    /// The SQL that creates an empty database with these tables in any encoding.
    pub(super) statements: Vec<String>,
}

/// A table.
#[derive(Debug)]
pub struct Table {
    /// The name.
    pub name: String,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The references to other tables.
    pub foreign_keys: Vec<ForeignKey>,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The declared type.
    pub declared: String,
    /// Whether NULL is not allowed.
    pub required: bool,
}

/// A foreign key.
#[derive(Debug)]
pub struct ForeignKey {
    /// The table referred to.
    pub parent: String,
    /// The columns that refer, by position, and the columns referred to.
    pub columns: Vec<(usize, String)>,
    /// Whether the reference cannot be NULL.
    pub required: bool,
}

impl Schema {
    /// Reads the schema that this version of the program creates.
    pub fn current() -> Self {
        let scratch = TestDbPath::new();
        let path = scratch.path();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("threads can be started").block_on(async {
            let inventory = Inventory::create(&path, Ambient::system()).await.expect("the file is new");
            inventory.close().await.expect("nobody uses it");
        });
        let connection = Connection::open(&path).expect("just made");
        let statements = statements(&connection).expect("just made");
        let tables = tables(&connection).expect("just made");
        Self { tables: needed_first(tables), statements }
    }
}

fn statements(connection: &Connection) -> Result<Vec<String>> {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL UNION ALL SELECT 'INSERT INTO mm_migrations \
               VALUES (' || quote(version) || ', ' || quote(applied_at) || ')' FROM mm_migrations";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn tables(connection: &Connection) -> Result<Vec<Table>> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let names: Vec<String> =
        connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_>>()?;
    let names =
        names.into_iter().filter(|name| name != MIGRATIONS && !TRANSIENT_TABLES.contains(&name.as_str()));
    names.map(|name| table(connection, name)).collect()
}

fn table(connection: &Connection, name: String) -> Result<Table> {
    let columns: Vec<Column> = connection
        .prepare("SELECT name, type, \"notnull\" OR pk > 0 FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([&name], |row| {
            Ok(Column { name: row.get(0)?, declared: row.get(1)?, required: row.get(2)? })
        })?
        .collect::<Result<_>>()?;
    let position = |wanted: &str| {
        columns.iter().position(|column| column.name == wanted).expect("a key has columns of its table")
    };
    let mut foreign_keys: Vec<(i64, ForeignKey)> = Vec::new();
    let mut statement = connection.prepare(
        "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
    )?;
    let mut rows = statement.query([&name])?;
    while let Some(row) = rows.next()? {
        let (id, from): (i64, String) = (row.get(0)?, row.get(2)?);
        let column = (position(&from), row.get(3)?);
        match foreign_keys.last_mut() {
            Some((last, key)) if *last == id => key.columns.push(column),
            _ => {
                let key = ForeignKey { parent: row.get(1)?, columns: vec![column], required: false };
                foreign_keys.push((id, key));
            }
        }
    }
    let foreign_keys = foreign_keys.into_iter().map(|(_, mut key)| {
        key.required = key.columns.iter().any(|(column, _)| columns[*column].required);
        key
    });
    let foreign_keys = foreign_keys.collect();
    Ok(Table { name, columns, foreign_keys })
}

/// Sorts the tables so that each follows those that its rows require. References that may be NULL do not
/// count, cycles included: they are set at the end.
fn needed_first(mut left: Vec<Table>) -> Vec<Table> {
    let mut sorted: Vec<Table> = Vec::new();
    while !left.is_empty() {
        let ready = left.iter().position(|table| {
            let mut needed = table.foreign_keys.iter().filter(|key| key.required);
            needed.all(|key| sorted.iter().any(|table| table.name == key.parent))
        });
        sorted.push(left.remove(ready.expect("no table's first row needs one of its own")));
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tables_are_known_with_what_they_refer_to() {
        let schema = Schema::current();
        let original = inventory::migration::ORIGINAL_SCHEMA.matches("CREATE TABLE ").count();
        assert_eq!(original, 39);
        assert!(schema.tables.len() > original, "and ours");
        let place = |name: &str| schema.tables.iter().position(|table| table.name == name).expect(name);
        assert!(place("partmodel") < place("part_location_allocations"));
        let locations = &schema.tables[place("locationmodel")];
        assert!(locations.foreign_keys.iter().any(|key| key.parent == "locationmodel" && !key.required));
        let trees = &schema.tables[place("mm_category_parent")];
        assert_eq!(trees.foreign_keys.len(), 2);
        assert!(trees.columns.iter().all(|column| column.required));
    }
}
