//! Rebuilds tables: without their generated columns, or by the original statement with them.

use rusqlite::{Connection, Result};

use crate::digest::quote_identifier;

/// The temporary name of a table while it is rebuilt.
const TEMPORARY_NAME: &str = "mm_table_aside";

/// Rebuilds a table without its generated columns. Keeps all rows in their order, and all columns, keys, references and
/// unique constraints that do not involve a generated column. Drops CHECK constraints.
pub(crate) fn drop_generated_columns(connection: &Connection, table: &str) -> Result<()> {
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
        parts.push(format!("{} {}{required}{default}", quote_identifier(&column.name), column.kind));
        if column.key > 0 {
            keys.push((column.key, quote_identifier(&column.name)));
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
    let statement =
        format!("CREATE TABLE {} ({}) {}", quote_identifier(table), parts.join(", "), options.join(", "));
    rebuild_table(connection, table, &statement, !without_rowid)
}

/// Rebuilds a table by another statement. Keeps all rows and indexes. The ordinary columns must be the same.
pub(crate) fn rebuild_table(
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
    connection
        .execute_batch(&format!("ALTER TABLE {} RENAME TO {TEMPORARY_NAME}", quote_identifier(table)))?;
    // `execute` accepts only one statement: the text comes from an archive, and must not add a second one.
    connection.execute(statement, [])?;
    if names(table)? != before {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    }
    let listed: Vec<String> = before.iter().map(|name| quote_identifier(name)).collect();
    let (listed, order) = (listed.join(", "), if has_rowid { " ORDER BY rowid" } else { "" });
    connection.execute_batch(&format!(
        "INSERT INTO {} ({listed}) SELECT {listed} FROM {TEMPORARY_NAME}{order}; DROP TABLE {TEMPORARY_NAME}",
        quote_identifier(table)
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

/// Returns the columns that are not generated.
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
