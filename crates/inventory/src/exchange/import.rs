//! Imports parts from the rows of a file.

mod draft;
mod known;
mod names;
mod pending;
mod row;
mod write;

use std::collections::HashMap;

use self::known::KnownParts;
use self::names::Names;
use self::pending::PendingRows;
use super::columns::{Field, Target};
use super::places::PlaceNames;
use super::report::ImportReport;
use super::table::{ImportTable, Row};
use crate::parts::ListPlaces;
use crate::{Access, Command, Error, Permission, Query, Work, projects, tags};

/// The number of rows whose parts are read with one query.
const ROWS_PER_QUERY: usize = 500;

/// Imports parts and their stock, all rows or none. A row is a part, or a part at one location.
///
/// A row belongs to the part with its id, else to the one with its number, else to the one with its name, else it creates a part. An
/// empty cell leaves a field as it is. A quantity was counted at the location: the difference is a movement in the ledger. Rows with
/// errors are no error of the command, but stand in the report, and then nothing is written.
#[derive(Clone, Debug)]
pub struct ImportParts {
    /// What was read from the file.
    pub table: ImportTable,
    /// What may be created and changed.
    pub options: ImportOptions,
}

/// What an import may create and change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether parts are created, changed, or both.
    pub mode: ImportMode,
    /// Whether to create locations, categories, tags and projects that do not exist. Otherwise they are errors.
    pub create_missing: bool,
    /// Whether the import is only tried out. It does everything, and takes everything back.
    pub dry_run: bool,
}

/// Whether an import creates parts, changes them, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImportMode {
    /// Rows of parts that exist change them, and all others create parts.
    #[default]
    Both,
    /// All parts are new. A part that exists is an error.
    Create,
    /// All parts exist. A part that does not is an error.
    Update,
}

impl Command for ImportParts {
    const ACCESS: Access = Access::Permission(Permission::PartsCreate);
    type Output = ImportReport;

    async fn run(&self, work: &mut Work) -> Result<ImportReport, Error> {
        work.actor().require(Permission::PartsUpdate)?;
        let places: PlaceNames = ListPlaces.run(work).await?.into();
        let mut import = Import {
            table: &self.table,
            options: self.options,
            names: Names::load(work, places).await?,
            known: KnownParts::default(),
            pending: PendingRows::default(),
            seen: HashMap::new(),
            counted: HashMap::new(),
            report: ImportReport::new(&self.table.columns, self.options.dry_run),
        };
        for rows in self.table.rows.chunks(ROWS_PER_QUERY) {
            import.load(work, rows).await?;
            for row in rows {
                let report = import.row(work, row).await?;
                import.report.add(report);
            }
            import.pending.write(work).await?;
        }
        import.finish(work).await
    }
}

/// An import that is running.
struct Import<'a> {
    table: &'a ImportTable,
    options: ImportOptions,
    names: Names,
    known: KnownParts,
    pending: PendingRows,
    /// The parts of earlier rows, by id.
    seen: HashMap<String, SeenPart>,
    /// The lines that have counted a part at a location.
    counted: HashMap<(String, String), u64>,
    report: ImportReport,
}

/// What earlier rows have said of a part.
#[derive(Clone, Copy, Debug, Default)]
struct SeenPart {
    /// The line of the first row.
    line: u64,
    /// Whether the first row has created the part.
    is_new: bool,
    /// The columns in which a row had a value, as bits.
    columns: u128,
}

impl Import<'_> {
    /// Returns whether an earlier row has created a part.
    fn is_new(&self, part_id: &str) -> bool {
        self.seen.get(part_id).is_some_and(|seen| seen.is_new)
    }

    /// Reads the parts that rows belong to.
    async fn load(&mut self, work: &Work, rows: &[Row]) -> Result<(), Error> {
        let keys = [Field::Id, Field::Number, Field::Name].map(|field| {
            let column =
                self.table.columns.iter().position(|column| column.target == Some(Target::Field(field)));
            let texts = column.map(|column| rows.iter().filter_map(move |row| row.text(column)));
            let mut texts: Vec<&str> = texts.into_iter().flatten().collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        });
        self.known = KnownParts::load(work, [&keys[0], &keys[1], &keys[2]]).await?;
        Ok(())
    }

    /// Updates the counts of tags and projects, and takes everything back unless it is to be written.
    async fn finish(self, work: &mut Work) -> Result<ImportReport, Error> {
        let Self { mut report, names, options, seen, .. } = self;
        names.report(&mut report);
        if options.dry_run || report.has_errors() {
            work.discard();
            // These parts do not exist after all.
            let is_new = |id: &String| seen.get(id).is_some_and(|seen| seen.is_new);
            report.rows.iter_mut().for_each(|row| row.part_id = row.part_id.take().filter(|id| !is_new(id)));
            return Ok(report);
        }
        let (tag_ids, project_ids) = names.linked();
        tags::recount(work, &tag_ids).await?;
        projects::recount(work, &project_ids).await?;
        report.is_applied = true;
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::exchange::{Mapping, read_table};
    use crate::{Actor, Ambient, Inventory};

    /// Imports new parts, and returns the number of statements.
    async fn statements(rows: usize) -> usize {
        let folder = testkit::TestFolder::new();
        let mut inventory = Inventory::create(folder.path().join("x.db"), Ambient::system()).await.unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = count.clone();
        inventory.on_statement(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let mut csv = "name,number,category,tags,projects,location,quantity,minimum\n".to_owned();
        for row in 0..rows {
            writeln!(csv, "Part {row},P-{row},A > B,smd; new,Robot,Shelf > A,{row},5").unwrap();
        }
        let table = read_table(csv.as_bytes(), &Mapping::default()).unwrap();
        let options = ImportOptions { create_missing: true, ..ImportOptions::default() };
        let report = inventory.run(&Actor::System, ImportParts { table, options }).await.unwrap();
        assert_eq!((report.created, report.is_applied), (rows as u64, true));
        inventory.close().await.unwrap();
        count.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn more_new_parts_take_no_more_statements() {
        let few = statements(2).await;
        assert!(few > 20, "statements are counted: {few}");
        // One by one, each of 300 rows would take more than 20 statements.
        assert_eq!(statements(300).await, few);
    }
}
