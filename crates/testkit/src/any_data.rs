//! Random inventories for property tests: rows in every table with every kind of value that SQLite
//! stores, and files of every name and size. [`any_inventory`] is a strategy of proptest, which
//! generates them and shrinks those that fail.
//!
//! Reading order: [`schema`] (the tables to fill), [`cell`], `values`, `files`, `put`.

pub mod cell;
mod files;
mod put;
pub mod schema;
mod values;

use std::fmt;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{BoxedStrategy, Just, Strategy, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::long_run::rng;

pub use cell::Cell;
pub use files::AnyFile;
pub use put::rows_of;
pub use schema::Schema;

use schema::{Column, Table};

/// The address of an image, before its name.
const IMAGE_URL: &str = "/api/utility/get_image/";

/// A random inventory.
#[derive(Clone)]
pub struct AnyInventory {
    /// The tables of the database.
    pub schema: Arc<Schema>,
    /// The rows of all tables.
    pub rows: Vec<Row>,
    /// The static files.
    pub files: Vec<AnyFile>,
    /// The properties of the database that are not content.
    pub circumstances: Circumstances,
}

/// The properties of a database that are not content, and may nevertheless affect a backup.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The bytes per page.
    pub page_size: u32,
    /// The journal mode: `WAL` or `DELETE`.
    pub journal_mode: &'static str,
    /// The encoding of texts: `UTF-8`, `UTF-16le` or `UTF-16be`.
    pub encoding: &'static str,
    /// Whether users have added tables, of kinds that our schema does not have.
    pub own_tables: bool,
}

/// A row.
#[derive(Debug, Clone)]
pub struct Row {
    /// The table of the row, by position in the schema.
    pub table: usize,
    /// A value for each column, before those that refer to other rows or files are replaced.
    pub cells: Vec<Cell>,
    /// The row that each foreign key refers to, modulo the number of rows to refer to.
    pub parents: Vec<Option<usize>>,
    /// The file that the columns for file names refer to, modulo the number of files.
    pub file: Option<usize>,
}

/// Returns a strategy for inventories with these tables. A failing case loses rows and files first, one
/// at a time; then values become empty.
pub fn any_inventory(schema: &Arc<Schema>) -> impl Strategy<Value = AnyInventory> + use<> {
    let tables: Vec<_> = schema.tables.iter().enumerate().map(|(number, table)| row(number, table)).collect();
    let row = select(tables.clone()).no_shrink().prop_flat_map(|row| row);
    // Some inventories have a table that fills a tree of pages.
    let long = select(tables).no_shrink().prop_flat_map(|row| vec(row, 0..300));
    let schema = Arc::clone(schema);
    (weighted(0.2, long), files::files(), vec(row, 0..160), circumstances()).prop_map(
        move |(long, files, rows, circumstances)| AnyInventory {
            schema: Arc::clone(&schema),
            rows: long.into_iter().flatten().chain(rows).collect(),
            files,
            circumstances,
        },
    )
}

fn row(number: usize, table: &Table) -> BoxedStrategy<Row> {
    let cells: Vec<_> = table.columns.iter().map(cell).collect();
    let parents: Vec<_> = table.foreign_keys.iter().map(|_| weighted(0.75, position())).collect();
    let row = (cells, parents, weighted(0.5, position()));
    row.prop_map(move |(cells, parents, file)| Row { table: number, cells, parents, file }).boxed()
}

/// Returns a strategy for positions in lists of unknown length.
fn position() -> impl Strategy<Value = usize> {
    (0..1000_usize).no_shrink()
}

fn cell(column: &Column) -> BoxedStrategy<Cell> {
    match column.name.as_str() {
        // The one column that does not come back: archives hold no passwords.
        "encryption_password" => Just(Cell::Null).boxed(),
        "image_url" => {
            let missing = values::text().prop_map(|name| Cell::text(format!("{IMAGE_URL}{name}")));
            prop_oneof![2 => values::value(column), 1 => missing].boxed()
        }
        _ => values::value(column),
    }
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let page_size = prop_oneof![Just(4096), (0..8_u32).prop_map(|power| 512 << power)];
    let journal_mode = prop_oneof![2 => Just("WAL"), 1 => Just("DELETE")];
    let encoding = prop_oneof![10 => Just("UTF-8"), 1 => Just("UTF-16le"), 1 => Just("UTF-16be")];
    let all = (page_size, journal_mode, encoding, proptest::bool::weighted(0.25));
    all.prop_map(|(page_size, journal_mode, encoding, own_tables)| Circumstances {
        page_size,
        journal_mode,
        encoding,
        own_tables,
    })
}

/// Returns a runner that tries a property with so many random values, beginning with the seed of the run.
pub fn runner(purpose: &str, cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    TestRunner::new_with_rng(config, rng(purpose))
}

impl fmt::Debug for AnyInventory {
    /// Writes a line for each row and file, without values that are NULL or the key of another row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "AnyInventory, {:?}", self.circumstances)?;
        for row in &self.rows {
            let table = &self.schema.tables[row.table];
            write!(f, "  {}:", table.name)?;
            for (number, (cell, column)) in row.cells.iter().zip(&table.columns).enumerate() {
                let refers =
                    table.foreign_keys.iter().any(|key| key.columns.iter().any(|(n, _)| *n == number));
                if *cell != Cell::Null && !refers {
                    write!(f, " {}={cell:?}", column.name)?;
                }
            }
            for (key, parent) in table.foreign_keys.iter().zip(&row.parents) {
                if let Some(parent) = parent {
                    write!(f, " → {} #{parent}", key.parent)?;
                }
            }
            writeln!(f)?;
        }
        self.files.iter().try_for_each(|file| writeln!(f, "  {file:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree;
    use proptest::test_runner::{TestCaseError, TestError};

    use super::*;

    #[test]
    fn random_inventories_fill_every_table_with_values_of_every_type() {
        let schema = Arc::new(Schema::current());
        let (mut tables, mut types) = (BTreeSet::new(), BTreeSet::new());
        let mut runner = runner("coverage", 1);
        for _ in 0..20 {
            let tree = any_inventory(&schema).new_tree(&mut runner).expect("no value is rejected");
            for row in tree.current().rows {
                tables.insert(row.table);
                types.extend(row.cells.iter().map(|cell| format!("{:?}", std::mem::discriminant(cell))));
            }
        }
        assert_eq!((tables.len(), types.len()), (schema.tables.len(), 5));
    }

    #[test]
    fn an_inventory_that_fails_shrinks_to_the_value_that_fails() {
        let is_infinite = |cell: &Cell| *cell == Cell::real(f64::INFINITY);
        let any = any_inventory(&Arc::new(Schema::current()));
        let result = runner("shrinking", 1000).run(&any, |tried| {
            let fails = tried.rows.iter().flat_map(|row| &row.cells).any(is_infinite);
            if fails { Err(TestCaseError::fail("infinite")) } else { Ok(()) }
        });
        let Err(TestError::Fail(_, small)) = result else { panic!("{result:?}") };
        assert_eq!((small.rows.len(), small.files.len()), (1, 0), "{small:?}");
        let remains = |cell: &&Cell| ![Cell::Null, Cell::text("")].contains(cell);
        assert_eq!(small.rows[0].cells.iter().filter(remains).count(), 1, "{small:?}");
    }
}
