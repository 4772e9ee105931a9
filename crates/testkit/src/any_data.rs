//! Any inventory at all: rows in every table, with every kind of value that SQLite lets into them,
//! and files of every name and size. For properties: [`any_inventory`] makes one at random, and when
//! something fails in it, makes it smaller until little more is left than what fails.
//!
//! Reading order: [`schema`] (what there is to fill), [`cell`], `values`, `files`, then `put` and
//! `shrink`.

pub mod cell;
mod files;
mod put;
pub mod schema;
mod shrink;
mod values;

use std::fmt;
use std::sync::Arc;

use proptest::arbitrary::any;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::long_run::Random;

pub use cell::Cell;
pub use files::AnyFile;
pub use put::rows_of;
pub use schema::Schema;
pub use shrink::Shrinking;

/// An inventory that nobody has thought of.
#[derive(Clone, PartialEq, Eq)]
pub struct AnyInventory {
    /// The tables there are.
    pub schema: Arc<Schema>,
    /// Rows of any of them.
    pub rows: Vec<Row>,
    /// Static files.
    pub files: Vec<AnyFile>,
    /// How the database is made.
    pub circumstances: Circumstances,
}

/// What is not content, and may still get in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// Bytes per page of the database.
    pub page_size: u32,
    /// Whether the database is in WAL mode.
    pub wal: bool,
    /// How texts are encoded: `UTF-8`, `UTF-16le` or `UTF-16be`.
    pub encoding: &'static str,
    /// Whether people have made tables of their own, as the schema of ours would never be.
    pub own_tables: bool,
}

impl Circumstances {
    /// As our own program makes a database.
    pub const USUAL: Self = Self { page_size: 4096, wal: true, encoding: "UTF-8", own_tables: false };
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its table, by position in the schema.
    pub table: usize,
    /// A value for each column; those of foreign keys are replaced by what they refer to.
    pub cells: Vec<Cell>,
    /// For each foreign key which row it refers to, counted round and round through those there are.
    pub parents: Vec<Option<usize>>,
}

/// Random inventories with these tables.
pub fn any_inventory(schema: &Arc<Schema>) -> Anything {
    Anything { schema: Arc::clone(schema) }
}

/// Makes [`AnyInventory`]s.
#[derive(Debug, Clone)]
pub struct Anything {
    schema: Arc<Schema>,
}

impl Strategy for Anything {
    type Tree = Shrinking;
    type Value = AnyInventory;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = any::<u64>().new_tree(runner)?.current();
        Ok(Shrinking::new(self.generate(&mut Random::with_seed(seed))))
    }
}

impl Anything {
    fn generate(&self, random: &mut Random) -> AnyInventory {
        let files = files::files(random);
        let mut rows = Vec::new();
        for table in 0..self.schema.tables.len() {
            // One in some inventories is long enough for a tree of pages.
            let count = if random.below(200) == 0 { random.below(300) } else { random.below(5) };
            rows.extend((0..count).map(|_| self.row(random, table, &files)));
        }
        let circumstances = Circumstances {
            page_size: if random.below(2) == 0 { 4096 } else { 512 << random.below(8) },
            wal: random.below(3) > 0,
            encoding: if random.below(6) > 0 {
                "UTF-8"
            } else {
                ["UTF-16le", "UTF-16be"][random.below(2) as usize]
            },
            own_tables: random.below(4) == 0,
        };
        AnyInventory { schema: Arc::clone(&self.schema), rows, files, circumstances }
    }

    fn row(&self, random: &mut Random, table: usize, files: &[AnyFile]) -> Row {
        let of = &self.schema.tables[table];
        let mut cell = |column: &schema::Column| {
            // What refers to files, should sometimes find one.
            let file = (!files.is_empty()).then(|| values::pick(random, files));
            match (column.name.as_str(), file) {
                // The one column that does not come back: no password travels in an archive.
                ("encryption_password", _) => Cell::Null,
                ("filename", Some(file)) if random.below(2) == 0 => Cell::text(&*file.path),
                ("image_url", Some(file)) if random.below(2) == 0 => {
                    Cell::text(format!("/api/utility/get_image/{}", file.path))
                }
                ("image_url", _) if random.below(3) == 0 => {
                    let mut url = b"/api/utility/get_image/".to_vec();
                    url.extend(
                        values::value(random, column).bytes_mut().map(std::mem::take).unwrap_or_default(),
                    );
                    Cell::Text(url)
                }
                _ => values::value(random, column),
            }
        };
        let cells = of.columns.iter().map(&mut cell).collect();
        let parent = |_: &schema::ForeignKey| (random.below(4) > 0).then(|| random.below(1000) as usize);
        Row { table, cells, parents: of.foreign_keys.iter().map(parent).collect() }
    }
}

/// A runner of properties: `cases` of them, beginning with the seed of the run.
pub fn runner(purpose: &str, cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut random = Random::new(purpose);
    let seed: Vec<u8> = (0..4).flat_map(|_| values::bits(&mut random).to_le_bytes()).collect();
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

impl fmt::Debug for AnyInventory {
    /// A line for each row and file; what is NULL or no value of the row itself is not shown.
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
