//! A corpus of hostile archives, built by code from a real one. Each is a named vector: what has to
//! happen to it stands in the snapshot of the test that reads them all.
//!
//! Reading order: [`base`] (the real archive, taken apart), [`zip`] (a zip whose every field can
//! lie), then the groups, a file each.

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

/// One hostile archive.
#[derive(Debug, Clone)]
pub struct Vector {
    /// What it is about.
    pub group: &'static str,
    /// What is wrong with it.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The vectors of one group.
struct Group {
    name: &'static str,
    vectors: Vec<Vector>,
}

impl Group {
    fn new(name: &'static str) -> Self {
        Self { name, vectors: Vec::new() }
    }

    fn add(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.vectors.push(Vector { group: self.name, name: name.into(), bytes: bytes.into() });
    }

    fn zip(&mut self, name: impl Into<String>, zip: &zip::Zip) {
        self.add(name, zip.bytes());
    }
}

/// All of them.
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
