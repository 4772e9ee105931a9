//! What must hold for any bytes that an archive, or a disk, holds in place of a database.
//!
//! Also compiled into `crates/inventory/tests/fuzz_seeds.rs`, so it uses nothing but what that crate
//! does.

use std::path::{Path, PathBuf};

use inventory::sqlite::{Inspection, Preparation, inspect, prepare, references, strip};

/// Any bytes as a database: looked at as verifying does, then made fit to go live as restoring does.
pub fn database(bytes: &[u8]) {
    let scratch = Scratch::new(bytes);
    let _ = went_through(&scratch.0);
    let _ = inventory::LiveDatabase::new(scratch.0.as_path()).state();
    let _ = inventory::LiveDatabase::new(scratch.0.as_path()).row_counts();
}

/// What checking, cleaning and preparing lead to. Only what passes one goes on to the next.
pub fn went_through(path: &Path) -> Result<Inspection, ()> {
    let before = inspect(path).map_err(|error| said(&error))?;
    references(path).map_err(|error| said(&error))?;
    let stripped = strip(path).map_err(|error| said(&error))?;
    let now = chrono::DateTime::from_timestamp(1_795_356_204, 0).expect("a time in range").naive_utc();
    let how = Preparation {
        restore_id: "fuzz",
        archive: "fuzz.zip",
        now,
        page_size: Some(4096),
        objects: &stripped,
        live: None,
    };
    prepare(path, &how).map_err(|error| said(&error))?;
    let after = inspect(path).map_err(|error| said(&error))?;
    assert_eq!(after.schema, inventory::migration::SchemaState::Current);
    for (name, table) in &before.tables {
        // These three are what preparing is about.
        if !["tasks", "mm_restore", "mm_migrations"].contains(&name.as_str()) {
            match after.tables.get(name) {
                // Stock and parents of categories move into these.
                Some(kept) if GROWING.contains(&name.as_str()) => {
                    assert!(kept.rows >= table.rows, "rows of {name}");
                }
                Some(kept) => assert_eq!(kept.rows, table.rows, "rows of {name}"),
                None => panic!("{name} is gone"),
            }
        }
    }
    assert_eq!(inventory::LiveDatabase::new(path).has_marker("fuzz").ok(), Some(true));
    Ok(after)
}

/// Tables that migrations add rows to.
const GROWING: [&str; 3] = ["part_location_allocations", "locationmodel", "mm_category_parent"];

fn said(error: &inventory::Error) {
    assert!(!error.to_string().is_empty());
}

/// A file in memory where there is such a place; gone when dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// A new file with this content.
    pub fn new(bytes: &[u8]) -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("makermatrix-fuzz-{}-{number}.db", std::process::id()));
        std::fs::write(&path, bytes).expect("memory can be written");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(suffix);
            let _ = std::fs::remove_file(name);
        }
    }
}
