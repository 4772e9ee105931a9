//! A corpus of hostile archives, built from a real one. Each is a named vector; the snapshot of the test
//! that reads them all states the outcome of each.
//!
//! Reading order: [`base`] (the parts of the real archive), [`zip`] (a writer in which every field can
//! lie), then the groups, one file each.

pub mod base;
mod bombs;
mod headers;
mod kinds;
mod layout;
mod manifest;
mod names;
mod other;
mod packing;
mod pages;
mod schema;
mod sums;
pub mod zip;
mod zip64;

pub use base::Base;

use zip::{Entry, Zip};

/// A hostile archive.
#[derive(Debug, Clone)]
pub struct Vector {
    /// The part of an archive that the vector attacks.
    pub group: &'static str,
    /// The defect of this archive.
    pub name: String,
    /// The bytes of the archive.
    pub bytes: Vec<u8>,
}

/// The vectors that attack the same part of an archive.
struct Group {
    name: &'static str,
    vectors: Vec<Vector>,
}

/// Defects by name, with what makes them.
type Table<F> = &'static [(&'static str, F)];

/// Builds an archive with a defect.
type Build = fn(&Base) -> Zip;

/// Gives a defect to an entry.
type Change = fn(&mut Entry);

impl Group {
    fn new(name: &'static str) -> Self {
        Self { name, vectors: Vec::new() }
    }

    fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.vectors.push(Vector { group: self.name, name: name.into(), bytes: bytes.into() });
    }

    fn zip(&mut self, name: impl Into<String>, zip: &Zip) {
        self.add(name, zip.bytes());
    }

    /// Adds one vector per row of the table.
    fn build(&mut self, base: &Base, table: Table<Build>) {
        table.iter().for_each(|(name, build)| self.zip(*name, &build(base)));
    }

    /// Adds one copy of `zip` per row of the table, with the entry named `entry` changed.
    fn change(&mut self, zip: &Zip, entry: &str, table: Table<Change>) {
        table.iter().for_each(|(name, change)| self.zip(*name, &zip.clone().changing(entry, change)));
    }
}

/// Builds every vector of the corpus from the base.
pub fn vectors(base: &Base) -> Vec<Vector> {
    let groups = [
        names::group,
        kinds::group,
        headers::group,
        packing::group,
        layout::group,
        zip64::group,
        bombs::group,
        schema::group,
        pages::group,
        manifest::group,
        sums::group,
        other::group,
    ];
    groups.into_iter().flat_map(|group| group(base).vectors).collect()
}
