//! Rebuilds a table with its current schema. Keeps all rows and all columns that a user added.

use snapshot::sql::{Connection, Result, Transaction};

use super::ORIGINAL_SCHEMA;
use super::columns::definition_in;
use super::defaults::DEFAULTS;

/// Keywords in the statement of a table that a rebuild would lose: everything beyond columns, keys and references.
const UNSUPPORTED_KEYWORDS: [&str; 9] =
    ["CHECK", "COLLATE", "GENERATED", " AS ", " AS(", "STRICT", "WITHOUT", "UNIQUE", "CONFLICT"];

/// Removes the `old` columns, whose content has been moved, and gives the other columns their current constraints. Keeps
/// the order of the rows and all columns that a user added. If a user added rules to the table, only empties the old
/// columns.
pub(super) fn rebuild_with_current_schema(
    transaction: &Transaction<'_>,
    table: &str,
    old: &[&str],
) -> Result<()> {
    let present = columns(transaction, table)?;
    if !present.iter().any(|column| old.contains(&column.name.as_str())) {
        return Ok(());
    }
    let statement: String = transaction.query_row(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1 COLLATE NOCASE",
        [table],
        |row| row.get(0),
    )?;
    let upper = statement.to_uppercase().replace(['\t', '\n', '\r'], " ");
    let modern = current_columns(table)?;
    if UNSUPPORTED_KEYWORDS.iter().any(|word| upper.contains(word))
        || is_used_by_code(transaction, table, old)?
        || lacks_a_value(transaction, table, &present, &modern)?
    {
        return empty_columns(transaction, table, present.iter().filter(|found| old.contains(&&*found.name)));
    }
    // Indexes and triggers are dropped with the table. Automatic indexes have no statement.
    let dependents: Vec<String> = transaction
        .prepare(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 COLLATE NOCASE AND type IN ('index', 'trigger') \
             AND sql IS NOT NULL ORDER BY rowid",
        )?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let added = present.iter().filter(|column| {
        !old.contains(&column.name.as_str()) && !modern.iter().any(|known| known.name == column.name)
    });
    transaction.execute_batch(&format!("ALTER TABLE {table} RENAME TO mm_old_{table}"))?;
    transaction.execute_batch(&definition_in(ORIGINAL_SCHEMA, table))?;
    for column in added {
        transaction.execute_batch(&format!("ALTER TABLE {table} ADD COLUMN {}", column.definition()))?;
    }
    let kept = present.iter().filter(|column| !old.contains(&column.name.as_str()));
    let kept: Vec<String> = kept.map(|column| quoted(&column.name)).collect();
    let values = present.iter().filter(|column| !old.contains(&column.name.as_str()));
    let values: Vec<String> = values
        .map(|column| match default_of(table, &column.name) {
            Some(default) => format!("coalesce({}, {default})", quoted(&column.name)),
            None => quoted(&column.name),
        })
        .collect();
    transaction.execute_batch(&format!(
        "INSERT INTO {table} ({}) SELECT {} FROM mm_old_{table} ORDER BY rowid; DROP TABLE mm_old_{table}",
        kept.join(", "),
        values.join(", ")
    ))?;
    for statement in dependents {
        // An index of a removed column is not recreated.
        if let Err(error) = transaction.execute_batch(&statement)
            && !error.to_string().contains("no such column")
        {
            return Err(error);
        }
    }
    Ok(())
}

/// Returns whether a trigger or a view uses the table and one of the columns, and so would fail without them.
fn is_used_by_code(connection: &Connection, table: &str, columns: &[&str]) -> Result<bool> {
    let mut statement = connection.prepare(
        "SELECT sql FROM sqlite_schema WHERE type IN ('trigger', 'view') AND instr(lower(sql), ?1)",
    )?;
    let code: Vec<String> = statement.query_map([table], |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(code.iter().any(|sql| columns.iter().any(|column| sql.to_lowercase().contains(column))))
}

fn empty_columns<'a>(
    transaction: &Transaction<'_>,
    table: &str,
    columns: impl Iterator<Item = &'a Column>,
) -> Result<()> {
    for column in columns {
        let (name, empty) = (quoted(&column.name), if column.required { "0" } else { "NULL" });
        transaction
            .execute(&format!("UPDATE {table} SET {name} = {empty} WHERE {name} IS NOT {empty}"), [])?;
    }
    Ok(())
}

struct Column {
    name: String,
    kind: String,
    required: bool,
    default: Option<String>,
    references: Option<String>,
}

impl Column {
    /// Returns the definition of the column for `ADD COLUMN`.
    fn definition(&self) -> String {
        let mut definition = format!("{} {}", quoted(&self.name), self.kind);
        if let Some(default) = &self.default {
            definition += &format!(" DEFAULT ({default})");
            if self.required {
                definition += " NOT NULL";
            }
        } else if let Some(references) = &self.references {
            definition += references;
        }
        definition
    }
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT info.name, info.type, info.\"notnull\", info.dflt_value, \
                 (SELECT printf(' REFERENCES \"%w\" (\"%w\") ON DELETE %s', keys.\"table\", keys.\"to\", keys.on_delete) \
                  FROM pragma_foreign_key_list(?1) AS keys WHERE keys.\"from\" = info.name) \
               FROM pragma_table_info(?1) AS info ORDER BY info.cid";
    let column = |row: &snapshot::sql::Row<'_>| {
        Ok(Column {
            name: row.get(0)?,
            kind: row.get(1)?,
            required: row.get(2)?,
            default: row.get(3)?,
            references: row.get(4)?,
        })
    };
    connection.prepare(sql)?.query_map([table], column)?.collect()
}

fn current_columns(table: &str) -> Result<Vec<Column>> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(&definition_in(ORIGINAL_SCHEMA, table))?;
    columns(&model, table)
}

/// Returns whether a column that is now required lacks a value in some row and has no default.
fn lacks_a_value(
    connection: &Connection,
    table: &str,
    present: &[Column],
    modern: &[Column],
) -> Result<bool> {
    let required =
        modern.iter().filter(|column| column.required && default_of(table, &column.name).is_none());
    for column in required.filter(|column| present.iter().any(|found| found.name == column.name)) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE {} IS NULL)", quoted(&column.name));
        if connection.query_row(&sql, [], |row| row.get(0))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn default_of(table: &str, column: &str) -> Option<&'static str> {
    DEFAULTS.iter().find(|(of, name, _)| *of == table && *name == column).map(|(_, _, default)| *default)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
