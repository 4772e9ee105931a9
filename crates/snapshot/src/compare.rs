//! Compares the rows of two databases, table by table, in bounded memory. Two cursors in the order of the
//! primary key are merged, and only the current row of each cursor is in memory.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Row};

use crate::Error;

use crate::connection::{open_copy, open_live_reader, sqlite_error};
use crate::digest::{quote_identifier, tables};

/// The number of rows by which one table differs between two databases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowChanges {
    /// Rows that only the copy has.
    pub added: u64,
    /// Rows that only the live database has.
    pub removed: u64,
    /// Rows that both have under the same primary key, with different values.
    pub changed: u64,
}

impl RowChanges {
    /// Returns whether the tables differ at all.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// Compares the live database with the copy that would replace it. Compares only the tables and columns that
/// both have. Omits tables that cannot be compared (an encoding other than UTF-8, an index with an unknown
/// collation).
///
/// # Errors
/// When one of the databases cannot be opened.
pub fn compare_rows(live: &Path, copy: &Path) -> std::result::Result<BTreeMap<String, RowChanges>, Error> {
    let (live_db, copy_db) = (open_live_reader(live)?, open_copy(copy)?);
    let begin = || -> Result<_> {
        let transaction = live_db.unchecked_transaction()?;
        let names = tables(&transaction)?;
        Ok((transaction, names, is_utf8(&live_db)?))
    };
    let (transaction, live_tables, live_utf8) = begin().map_err(|error| sqlite_error(live, error))?;
    let read_schema = || -> Result<_> { Ok((tables(&copy_db)?, is_utf8(&copy_db)?)) };
    let (copy_tables, copy_utf8) = read_schema().map_err(|error| sqlite_error(copy, error))?;
    if !live_utf8 || !copy_utf8 {
        // SQLite orders text by its bytes, which differ between encodings.
        return Ok(BTreeMap::new());
    }
    let both = copy_tables.into_iter().filter(|name| live_tables.contains(name));
    let compared = both.filter_map(|name| Some((compare(&transaction, &copy_db, &name).ok()?, name)));
    Ok(compared.map(|(changes, name)| (name, changes)).collect())
}

fn is_utf8(connection: &Connection) -> Result<bool> {
    let encoding: String = connection.pragma_query_value(None, "encoding", |row| row.get(0))?;
    Ok(encoding == "UTF-8")
}

fn compare(live: &Connection, copy: &Connection, table: &str) -> Result<RowChanges> {
    let (columns, live_columns) = (columns(copy, table)?, columns(live, table)?);
    let common: Vec<&Column> = columns.iter().filter(|column| live_columns.contains(column)).collect();
    let mut key: Vec<&Column> = common.iter().copied().filter(|column| column.key > 0).collect();
    key.sort_by_key(|column| column.key);
    if key.len() != columns.iter().filter(|column| column.key > 0).count() {
        key.clear();
    }
    // Rows whose key may be NULL, and rows without a key, are matched by all their columns.
    let exact = !key.is_empty() && key.iter().all(|column| column.required);
    let mut ordered: Vec<&Column> = if exact { key.clone() } else { Vec::new() };
    ordered.extend(common.iter().copied().filter(|column| !exact || column.key == 0));
    let key_length = if exact { key.len() } else { ordered.len() };
    if ordered.is_empty() {
        return Ok(RowChanges::default());
    }
    let names: Vec<&str> = ordered.iter().map(|column| column.name.as_str()).collect();
    let order: Vec<String> =
        names[..key_length].iter().map(|name| format!("{name} COLLATE BINARY")).collect();
    let sql =
        format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), quote_identifier(table), order.join(", "));
    let (mut old, mut new) = (live.prepare(&sql)?, copy.prepare(&sql)?);
    let (mut old, mut new) = (old.query([])?, new.query([])?);
    old.advance()?;
    new.advance()?;
    let mut changes = RowChanges::default();
    loop {
        let order = match (old.get(), new.get()) {
            (None, None) => return Ok(changes),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => {
                let order = compare_values(old, new, 0..key_length)?;
                if order == Ordering::Equal && !same_values(old, new, ordered.len())? {
                    changes.changed += 1;
                }
                order
            }
        };
        changes.removed += u64::from(order == Ordering::Less);
        changes.added += u64::from(order == Ordering::Greater);
        if order != Ordering::Greater {
            old.advance()?;
        }
        if order != Ordering::Less {
            new.advance()?;
        }
    }
}

struct Column {
    name: String,
    /// The position of the column in the primary key, counted from 1, or 0.
    key: i64,
    required: bool,
}

/// Treats two columns as the same if their names are equal, ignoring case.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>> {
    let sql = "SELECT name, pk, \"notnull\" OR (pk = 1 AND type = 'INTEGER') FROM pragma_table_info(?1)";
    let mut statement = connection.prepare(sql)?;
    let columns = statement.query_map([table], |row| {
        Ok(Column {
            name: quote_identifier(&row.get::<_, String>(0)?),
            key: row.get(1)?,
            required: row.get(2)?,
        })
    })?;
    columns.collect()
}

fn compare_values(one: &Row<'_>, other: &Row<'_>, columns: std::ops::Range<usize>) -> Result<Ordering> {
    for column in columns {
        let order = compare_value(one.get_ref(column)?, other.get_ref(column)?);
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// Compares values bit by bit: 1 and 1.0 differ, as they do in a digest.
fn same_values(one: &Row<'_>, other: &Row<'_>, columns: usize) -> Result<bool> {
    for column in 0..columns {
        let same = match (one.get_ref(column)?, other.get_ref(column)?) {
            (ValueRef::Real(one), ValueRef::Real(other)) => one.to_bits() == other.to_bits(),
            (one, other) => one == other,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns the order in which SQLite sorts two values: NULL, numbers, text, blobs.
/// See <https://sqlite.org/datatype3.html#sort_order>.
fn compare_value(one: ValueRef<'_>, other: ValueRef<'_>) -> Ordering {
    let class = |value: &ValueRef<'_>| match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    };
    match (one, other) {
        (ValueRef::Integer(one), ValueRef::Integer(other)) => one.cmp(&other),
        (ValueRef::Real(one), ValueRef::Real(other)) => one.partial_cmp(&other).unwrap_or(Ordering::Equal),
        (ValueRef::Integer(one), ValueRef::Real(other)) => compare_mixed(one, other),
        (ValueRef::Real(one), ValueRef::Integer(other)) => compare_mixed(other, one).reverse(),
        (ValueRef::Text(one), ValueRef::Text(other)) | (ValueRef::Blob(one), ValueRef::Blob(other)) => {
            one.cmp(other)
        }
        _ => class(&one).cmp(&class(&other)),
    }
}

/// Compares an integer with a real number without converting the integer to a real, which would round it.
fn compare_mixed(integer: i64, real: f64) -> Ordering {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if real >= LIMIT {
        Ordering::Less
    } else if real < -LIMIT {
        Ordering::Greater
    } else {
        let whole = real.trunc() as i64;
        integer.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&real.fract()).unwrap_or(Ordering::Equal))
    }
}

#[cfg(test)]
mod tests;
