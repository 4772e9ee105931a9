//! A real archive with changes: flipped bits, swapped blocks, and parts of an older archive. Every change
//! is refused before anything live is touched, except in fields that nothing relies on, which are listed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "every_byte/layout.rs"]
mod layout;
#[path = "every_byte/splice.rs"]
mod splice;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use archive::{Limits, ModifiedTime, Reader, Sha256Hex};
use backup::{BackupOptions, Engine, Event, RestoreOptions};
use inventory::Actor;
use inventory::parts::CreatePart;
use rstest::rstest;
use testkit::long_run::figure;
use testkit::{
    State, TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use layout::fields;

const ACTOR: &Actor = &Actor::System;

/// The fields with bits that may change unnoticed, because nothing relies on them.
const HARMLESS: [&str; 9] = [
    "directory: attributes",
    "directory: extra field",
    "directory: internal attributes",
    "directory: time and date",
    "directory: version made by",
    "directory: version needed",
    "local: extra field",
    "local: time and date",
    "local: version needed",
];

/// Two archives of an inventory that changed in between.
struct Two {
    engine: Engine,
    older: Vec<u8>,
    newer: Vec<u8>,
    now: State,
    path: PathBuf,
    _keep: (TestDatabase, TestStaticFiles),
}

async fn two(database: TestDatabase, files: TestStaticFiles) -> Two {
    populate_test_database(&database.inventory, files.root()).await;
    let changed = files.write("images/nested/changed.png", b"as it was, first");
    let engine = database.engine(&files);
    let back_up = || {
        let report = engine.backup(ACTOR, &BackupOptions::default(), &mut |_: Event| {}).unwrap();
        fs::read(report.path).unwrap()
    };
    let older = back_up();
    let part = CreatePart { name: "made between".into(), ..CreatePart::default() };
    database.inventory.run(ACTOR, part).await.unwrap();
    fs::write(changed, b"as it is, later.").unwrap();
    let newer = back_up();
    database.inventory.close().await.unwrap();
    let (now, path) = (state_of(engine.places()), database.db_path.beside("changed.zip"));
    Two { engine, older, newer, now, path, _keep: (database, files) }
}

impl Two {
    /// Asserts that verify and restore refuse an archive, and returns their common message.
    fn refused(&self, what: &str, bytes: &[u8]) -> String {
        fs::write(&self.path, bytes).unwrap();
        let verified = self.engine.verify(ACTOR, &self.path, &mut |_: Event| {});
        let verified = verified.err().unwrap_or_else(|| panic!("{what} was verified")).to_string();
        let staged = self.engine.stage_restore(ACTOR, &RestoreOptions::new(&self.path), &mut |_: Event| {});
        let restored = staged.err().unwrap_or_else(|| panic!("{what} was staged")).to_string();
        assert_eq!(verified, restored, "{what}: verify and restore agree");
        verified
    }

    fn nothing_has_changed(&self) {
        assert_eq!(state_of(self.engine.places()), self.now);
        assert_eq!(testkit::state::leftovers(self.engine.places()), Vec::<String>::new());
    }
}

/// Reads every entry, and returns the hashes and the modification times.
fn read_all(bytes: &[u8]) -> Result<BTreeMap<String, (Sha256Hex, Option<ModifiedTime>)>, archive::Error> {
    let reader = Reader::open(std::io::Cursor::new(bytes), &Limits::default())?;
    let hash = |entry: &archive::Entry| {
        let mut content = reader.read(entry)?;
        std::io::copy(&mut content, &mut std::io::sink()).map_err(archive::error::from_io)?;
        Ok((entry.name.clone(), (content.hash().unwrap(), entry.modified)))
    };
    reader.entries().iter().map(hash).collect()
}

/// Flips every bit outside of packed data. (`archive/tests/round_trip` flips every bit of a small archive,
/// data included, and cuts it at every length.)
#[rstest]
#[tokio::test]
async fn flipped_bits_are_noticed_except_in_fields_that_mean_nothing(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let whole = read_all(&two.newer).unwrap();
    let is_file = |name: &str| name.contains('/');
    assert!(whole.iter().all(|(name, (_, modified))| modified.is_some() == is_file(name)), "{whole:?}");
    let mut changed = two.newer.clone();
    let (mut flips, mut harmless) = (0_u32, BTreeMap::<&str, u32>::new());
    for (at, field) in fields(&two.newer).into_iter().enumerate() {
        let Some(field) = field else { continue };
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            flips += 1;
            if let Ok(read) = read_all(&changed) {
                assert!(read == whole, "{field}: another content");
                *harmless.entry(field).or_default() += 1;
            }
            changed[at] ^= 1 << bit;
        }
    }
    assert_eq!(harmless.keys().copied().collect::<Vec<_>>(), HARMLESS, "of {flips} bits");
    let refused = flips - harmless.values().sum::<u32>();
    figure("bits flipped in the headers of a real archive", &format!("{flips}, {refused} of them refused"));
    for (field, count) in harmless {
        let what = format!("bits flipped in the headers of a real archive: meaningless, {field}");
        figure(&what, &format!("{count} (all hashes match)"));
    }
}

#[rstest]
#[tokio::test]
async fn any_two_swapped_blocks_are_noticed(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let mut count = 0;
    for size in [512, 4096] {
        let blocks: Vec<&[u8]> = two.newer.chunks_exact(size).collect();
        for one in 0..blocks.len() {
            for other in (0..one).filter(|&other| blocks[other] != blocks[one]) {
                let mut swapped = two.newer.clone();
                swapped[one * size..][..size].copy_from_slice(blocks[other]);
                swapped[other * size..][..size].copy_from_slice(blocks[one]);
                assert!(read_all(&swapped).is_err(), "blocks {one} and {other} of {size} bytes");
                count += 1;
            }
        }
    }
    figure("pairs of blocks swapped in a real archive, all refused", &count.to_string());
}
