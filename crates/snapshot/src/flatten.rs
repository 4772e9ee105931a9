//! A table with generated columns as a table without them, and back.

use rusqlite::{Connection, Result};

use crate::digest::quoted;

/// The name of a table while it is made anew.
const ASIDE: &str = "mm_table_aside";

/// Makes a table anew without its generated columns. Columns, keys, references and unique constraints that do not
/// involve them are kept, checks are not. All rows are kept, in their order.
pub(crate) fn flatten(connection: &Connection, table: &str) -> Result<()> {
    let (without_rowid, strict): (bool, bool) = connection.query_row(
        "SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?1",
        [table],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut parts: Vec<String> = Vec::new();
    let mut keys = Vec::new();
    for column in columns(connection, table)? {
        let required = if column.required { " NOT NULL" } else { "" };
        let default =
            column.default.as_ref().map_or(String::new(), |default| format!(" DEFAULT ({default})"));
        parts.push(format!("{} {}{required}{default}", quoted(&column.name), column.kind));
        if column.key > 0 {
            keys.push((column.key, quoted(&column.name)));
        }
    }
    keys.sort();
    if !keys.is_empty() {
        let keys: Vec<&str> = keys.iter().map(|(_, name)| name.as_str()).collect();
        parts.push(format!("PRIMARY KEY ({})", keys.join(", ")));
    }
    parts.extend(strings(
        connection,
        "SELECT printf('UNIQUE (%s)', group_concat(printf('\"%w\"', part.name), ', ')) \
         FROM pragma_index_list(?1) AS list, pragma_index_info(list.name) AS part \
         WHERE list.origin = 'u' GROUP BY list.name \
         HAVING count(*) = sum(part.name IN (SELECT name FROM pragma_table_info(?1)))",
        table,
    )?);
    parts.extend(strings(
        connection,
        "SELECT printf('FOREIGN KEY (%s) REFERENCES \"%w\"%s ON UPDATE %s ON DELETE %s', \
                  group_concat(printf('\"%w\"', \"from\"), ', '), \"table\", \
                  iif(count(\"to\"), printf(' (%s)', group_concat(printf('\"%w\"', \"to\"), ', ')), ''), \
                  on_update, on_delete) \
         FROM pragma_foreign_key_list(?1) GROUP BY id \
         HAVING count(*) = sum(\"from\" IN (SELECT name FROM pragma_table_info(?1))) ORDER BY id",
        table,
    )?);
    let mut options = Vec::new();
    options.extend(without_rowid.then_some("WITHOUT ROWID"));
    options.extend(strict.then_some("STRICT"));
    let statement = format!("CREATE TABLE {} ({}) {}", quoted(table), parts.join(", "), options.join(", "));
    make_anew(connection, table, &statement, !without_rowid)
}

/// Makes a table anew by another statement, with all rows and indexes. The ordinary columns must be the same.
pub(crate) fn make_anew(
    connection: &Connection,
    table: &str,
    statement: &str,
    has_rowid: bool,
) -> Result<()> {
    let names = |table: &str| -> Result<Vec<String>> {
        Ok(columns(connection, table)?.into_iter().map(|column| column.name).collect())
    };
    let before = names(table)?;
    let indexes = strings(
        connection,
        "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL ORDER BY rowid",
        table,
    )?;
    connection.execute_batch(&format!("ALTER TABLE {} RENAME TO {ASIDE}", quoted(table)))?;
    // As one statement: what comes from an archive must not smuggle in a second.
    connection.execute(statement, [])?;
    if names(table)? != before {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    let listed: Vec<String> = before.iter().map(|name| quoted(name)).collect();
    let (listed, order) = (listed.join(", "), if has_rowid { " ORDER BY rowid" } else { "" });
    connection.execute_batch(&format!(
        "INSERT INTO {} ({listed}) SELECT {listed} FROM {ASIDE}{order}; DROP TABLE {ASIDE}",
        quoted(table)
    ))?;
    indexes.iter().try_for_each(|sql| connection.execute_batch(sql))
}

struct Column {
    name: String,
    kind: String,
    required: bool,
    default: Option<String>,
    key: i64,
}

/// The columns that are not generated.
fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?1) ORDER BY cid";
    let column = |row: &rusqlite::Row<'_>| {
        Ok(Column {
            name: row.get(0)?,
            kind: row.get(1)?,
            required: row.get(2)?,
            default: row.get(3)?,
            key: row.get(4)?,
        })
    };
    connection.prepare(sql)?.query_map([table], column)?.collect()
}

fn strings(connection: &Connection, sql: &str, table: &str) -> Result<Vec<String>> {
    connection.prepare(sql)?.query_map([table], |row| row.get(0))?.collect()
}
