//! Imports parts from the rows of a file.

mod draft;
mod known;
mod names;
mod row;
mod write;

use std::collections::HashMap;

use self::known::KnownParts;
use self::names::Names;
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
