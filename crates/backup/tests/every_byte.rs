//! A real archive, changed: bits flipped, cut short, blocks swapped, parts of an older one put in. Verify
//! and restore refuse whatever is not what was written, before anything live is touched; and what may
//! change unnoticed, since nobody relies on it, is counted by field, and is all there is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "every_byte/fields.rs"]
mod fields;
#[path = "every_byte/splice.rs"]
mod splice;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use archive::{Limits, Reader, Sha256Hex};
use backup::{BackupOptions, Engine, Error, Event, RestoreOptions};
use inventory::Actor;
use inventory::parts::CreatePart;
use rstest::rstest;
use testkit::long_run::{Random, amount, figure};
use testkit::{
    State, TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

use fields::{Field, HARMLESS, fields};

const ACTOR: &Actor = &Actor::System;

/// Two archives of one inventory, with a change in between.
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
    fn verify(&self, bytes: &[u8]) -> Result<(), Error> {
        fs::write(&self.path, bytes).unwrap();
        self.engine.verify(ACTOR, &self.path, &mut |_: Event| {}).map(drop)
    }

    /// Asserts that both refuse, and returns what is said.
    fn refused(&self, what: &str, bytes: &[u8]) -> String {
        let verified = self.verify(bytes).err().unwrap_or_else(|| panic!("{what} was verified")).to_string();
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

/// The hash of every entry.
fn contents(bytes: &[u8]) -> BTreeMap<String, Sha256Hex> {
    read_all(bytes).unwrap()
}

fn read_all(bytes: &[u8]) -> Result<BTreeMap<String, Sha256Hex>, archive::Error> {
    let reader = Reader::open(std::io::Cursor::new(bytes), &Limits::default())?;
    let hash = |entry: &archive::Entry| {
        let mut content = reader.read(entry)?;
        std::io::copy(&mut content, &mut std::io::sink()).map_err(archive::error::from_io)?;
        Ok((entry.name.clone(), content.hash().unwrap()))
    };
    reader.entries().iter().map(hash).collect()
}

/// Bits that pass are counted by the field they lie in, and those fields are all there are.
#[rstest]
#[tokio::test]
async fn each_flipped_bit_is_noticed_unless_it_means_nothing(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let archive = &two.newer;
    let (whole, fields) = (contents(archive), fields(archive));
    let mut random = Random::new("flipped bits");
    // Most bytes are data; half of the sample lies in what surrounds it.
    let around: Vec<usize> = (0..archive.len()).filter(|&at| fields[at] != Field::Data).collect();
    let flips = amount(1_200, 20_000);
    let (mut refused, mut harmless) = (0_u32, BTreeMap::<&str, u32>::new());
    for number in 0..flips {
        let at = if number % 2 == 0 {
            random.below(archive.len() as u64) as usize
        } else {
            around[random.below(around.len() as u64) as usize]
        };
        let mut flipped = archive.clone();
        flipped[at] ^= 1 << random.below(8);
        match two.verify(&flipped) {
            Err(_) => refused += 1,
            Ok(()) => {
                assert_eq!(contents(&flipped), whole, "byte {at}, {:?}", fields[at]);
                let field = match fields[at] {
                    // Deflate can say the same in two ways: a repetition may be of what is one bit away.
                    Field::Data => "packed data that unpacks to the same",
                    Field::Named(field) => {
                        assert!(HARMLESS.contains(&field), "byte {at}, {field}, may not change unnoticed");
                        field
                    }
                };
                *harmless.entry(field).or_default() += 1;
            }
        }
    }
    two.nothing_has_changed();
    figure("bits flipped in a real archive: tried", &flips.to_string());
    figure("bits flipped in a real archive: refused", &refused.to_string());
    for (field, count) in &harmless {
        figure(
            &format!("bits flipped in a real archive: meaningless, {field}"),
            &format!("{count} (all hashes match)"),
        );
    }
    assert_eq!(refused + harmless.values().sum::<u32>(), flips);
}

/// Every bit of what is not data, through the reader: the list of harmless fields is exact.
#[rstest]
#[tokio::test]
async fn the_fields_that_mean_nothing_are_known(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let (whole, fields) = (contents(&two.newer), fields(&two.newer));
    let mut changed = two.newer.clone();
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    let mut flips = 0;
    for at in 0..changed.len() {
        let Field::Named(field) = fields[at] else { continue };
        for bit in 0..8 {
            changed[at] ^= 1 << bit;
            flips += 1;
            if let Ok(read) = read_all(&changed) {
                assert!(read == whole, "{field}: another content");
                *found.entry(field).or_default() += 1;
            }
            changed[at] ^= 1 << bit;
        }
    }
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), HARMLESS, "of {flips} bits");
}

#[rstest]
#[tokio::test]
async fn each_truncation_is_noticed(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let archive = &two.newer;
    let step = archive.len().div_ceil(amount(300, 10_000) as usize).max(1);
    let lengths = (0..archive.len()).step_by(step).chain(archive.len() - 200..archive.len());
    let mut count = 0;
    for length in lengths {
        assert!(two.verify(&archive[..length]).is_err(), "cut to {length} bytes");
        count += 1;
    }
    two.nothing_has_changed();
    figure("truncations of a real archive, all refused", &format!("{count}"));
}

#[rstest]
#[tokio::test]
async fn swapped_blocks_are_noticed(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let two = two(test_db_with_schema, test_static_files_dir).await;
    let mut random = Random::new("swapped blocks");
    let mut count = 0;
    for size in [512, 4096] {
        let blocks = (two.newer.len() / size) as u64;
        for _ in 0..amount(100, 2_000) {
            let (one, other) = (random.below(blocks) as usize * size, random.below(blocks) as usize * size);
            let mut swapped = two.newer.clone();
            swapped[one..one + size].copy_from_slice(&two.newer[other..other + size]);
            swapped[other..other + size].copy_from_slice(&two.newer[one..one + size]);
            if swapped != two.newer {
                assert!(two.verify(&swapped).is_err(), "blocks of {size} bytes at {one} and {other}");
                count += 1;
            }
        }
    }
    two.nothing_has_changed();
    figure("blocks swapped in a real archive, all refused", &format!("{count}"));
}
