//! Backup and restore of random inventories: over another inventory, back again, and into an empty folder.

use std::cell::Cell as Counter;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use backup::{Places, RestoreOptions};
use proptest::test_runner::{TestCaseError, TestCaseResult, TestError};
use proptest::{prop_assert, prop_assert_eq};
use testkit::any_data::{AnyInventory, Cell, Schema, any_inventory, rows_of, runner};
use testkit::long_run::{amount, figure};
use testkit::scratch::TestDbPath;
use testkit::state::{State, leftovers, state_of};

use super::{ACTOR, back_up, engine, quiet, restore};

#[test]
fn any_inventory_comes_back_as_it_was() {
    let schema = Arc::new(Schema::current());
    let any = (any_inventory(&schema), any_inventory(&schema), proptest::bool::ANY);
    let (cases, values, files) = (amount(10, 300), Counter::new(0), Counter::new(0));
    let failed = Counter::new(false);
    let result = runner("any data", cases).run(&any, |(mut other, archived, keep_database)| {
        values.set(values.get() + archived.rows.iter().map(|row| row.cells.len()).sum::<usize>());
        files.set(files.get() + archived.files.len());
        resemble(&mut other, &archived);
        // Created out here, so that a panic in a case does not keep the files of every step of shrinking.
        let scratch = [TestDbPath::new(), TestDbPath::new()];
        let attempt = AssertUnwindSafe(|| comes_back(&scratch, &archived, &other, keep_database));
        let outcome =
            catch_unwind(attempt).unwrap_or_else(|_| Err(TestCaseError::fail("it panicked, see above")));
        // Shrinking takes minutes: say at once what it is for.
        outcome.inspect_err(|why| {
            if !failed.replace(true) {
                println!("failed, now shrinking: {why}")
            }
        })
    });
    match result {
        Ok(()) => figure(
            "Random inventories that came back bit by bit, over another one and into an empty place",
            &format!("{cases} of {cases} ({} values, {} files)", values.get(), files.get()),
        ),
        Err(TestError::Fail(why, (other, archived, keep_database))) => {
            panic!("{why}\narchived: {archived:?}\nover (same database: {keep_database}): {other:?}")
        }
        Err(error) => panic!("{error}"),
    }
}

/// Changes the files so that a restore has to keep, replace, add and remove some.
fn resemble(other: &mut AnyInventory, archived: &AnyInventory) {
    other.files.retain(|file| !archived.files.iter().any(|archived| archived.excludes(file)));
    for (number, file) in archived.files.iter().enumerate() {
        let mut file = file.clone();
        match number % 4 {
            0 => {}
            1 => file.content.push(b'+'),
            2 => file.content.iter_mut().for_each(|byte| *byte ^= 1),
            _ => continue,
        }
        other.files.push(file);
    }
}

fn comes_back(
    scratch: &[TestDbPath; 2],
    archived: &AnyInventory,
    other: &AnyInventory,
    keep_database: bool,
) -> TestCaseResult {
    let engine = engine(&scratch[0]);
    let places = engine.places();
    archived.put(places);
    let before = content(places);
    let report = back_up(&engine)?;
    prop_assert_eq!(engine.verify(ACTOR, &report.path, &mut quiet)?.files, before.0.files.len() as u64 + 3);

    // Over another inventory, then back to that one from the safety backup.
    other.put_over(places, keep_database);
    let replaced = content(places);
    let restored = restore(&engine, &report)?;
    must_be(places, &before)?;
    must_be_tidy(places, &before)?;
    let safety = restored.safety_backup.expect("there was something to save");
    let back = RestoreOptions { safety_backup: false, ..RestoreOptions::new(safety) };
    engine.stage_restore(ACTOR, &back, &mut quiet)?.commit(&mut quiet)?;
    must_be(places, &replaced)?;

    // Into an empty folder. A backup of the result has the same digests.
    let elsewhere = super::engine(&scratch[1]);
    restore(&elsewhere, &report)?;
    must_be(elsewhere.places(), &before)?;
    must_be_tidy(elsewhere.places(), &before)?;
    let again = back_up(&elsewhere)?.manifest;
    let tables = |manifest: &archive::Manifest| {
        let digests = manifest.tables.iter().map(|(name, table)| (name.clone(), table.rows, table.digest));
        digests.collect::<Vec<_>>()
    };
    prop_assert_eq!(tables(&again), tables(&report.manifest));
    Ok(())
}

/// The state by digest, and the rows themselves: the digest could overlook a difference.
type Content = (State, BTreeMap<String, Vec<Vec<Cell>>>);

fn content(places: &Places) -> Content {
    (state_of(places), rows_of(&places.database))
}

fn must_be(places: &Places, expected: &Content) -> TestCaseResult {
    let (state, rows) = content(places);
    prop_assert_eq!(&state, &expected.0);
    for (table, expected) in &expected.1 {
        prop_assert_eq!(&rows[table], expected, "rows of {}", table);
    }
    Ok(())
}

fn must_be_tidy(places: &Places, expected: &Content) -> TestCaseResult {
    let mut left = leftovers(places);
    // Static files may have such names.
    left.retain(|name| !expected.0.files.keys().any(|path| path.split('/').nth(1) == Some(name)));
    prop_assert!(left.is_empty(), "left behind: {:?}", left);
    Ok(())
}
