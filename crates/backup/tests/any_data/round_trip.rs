//! Through backup and restore: over another inventory, back again, and into an empty place.

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
        // Outside of what may panic, so that each try to make it smaller takes its files away.
        let scratch = [TestDbPath::new(), TestDbPath::new()];
        let attempt = AssertUnwindSafe(|| comes_back(&scratch, &archived, &other, keep_database));
        let outcome =
            catch_unwind(attempt).unwrap_or_else(|_| Err(TestCaseError::fail("it panicked, see above")));
        // Making it smaller takes minutes: say at once that there is something to wait for.
        outcome.inspect_err(|why| {
            if !failed.replace(true) {
                println!("failed, looking for a smaller case: {why}")
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

/// Makes the files such that a restore has to keep, replace, add and remove some, and can.
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
    let before = Content::of(places);
    let report = back_up(&engine)?;
    prop_assert_eq!(
        engine.verify(ACTOR, &report.path, &mut quiet)?.files,
        before.state.files.len() as u64 + 3
    );

    // Over another inventory; then back to that one, from the safety backup.
    other.put_over(places, keep_database);
    let replaced = Content::of(places);
    let restored = restore(&engine, &report)?;
    Content::of(places).must_be(&before)?;
    must_be_tidy(places, &before)?;
    let safety = restored.safety_backup.expect("there was something to save");
    let back = RestoreOptions { safety_backup: false, ..RestoreOptions::new(safety) };
    engine.stage_restore(ACTOR, &back, &mut quiet)?.commit(&mut quiet)?;
    Content::of(places).must_be(&replaced)?;

    // Into an empty place. A backup of what is there then says the same.
    let elsewhere = super::engine(&scratch[1]);
    restore(&elsewhere, &report)?;
    Content::of(elsewhere.places()).must_be(&before)?;
    must_be_tidy(elsewhere.places(), &before)?;
    let again = back_up(&elsewhere)?.manifest;
    let tables = |manifest: &archive::Manifest| {
        let digests = manifest.tables.iter().map(|(name, table)| (name.clone(), table.rows, table.digest));
        digests.collect::<Vec<_>>()
    };
    prop_assert_eq!(tables(&again), tables(&report.manifest));
    Ok(())
}

/// What is there, by digest and by value: a digest that overlooked something would overlook it here.
struct Content {
    state: State,
    rows: BTreeMap<String, Vec<Vec<Cell>>>,
}

impl Content {
    fn of(places: &Places) -> Self {
        Self { state: state_of(places), rows: rows_of(&places.database) }
    }

    fn must_be(&self, expected: &Self) -> TestCaseResult {
        prop_assert_eq!(&self.state.files, &expected.state.files);
        for (table, rows) in &expected.rows {
            prop_assert_eq!(&self.rows[table], rows, "rows of {}", table);
        }
        prop_assert_eq!(self.rows.len(), expected.rows.len());
        prop_assert_eq!(&self.state.tables, &expected.state.tables);
        Ok(())
    }
}

fn must_be_tidy(places: &Places, expected: &Content) -> TestCaseResult {
    let mut left = leftovers(places);
    // Files of people may be called so.
    left.retain(|name| !expected.state.files.keys().any(|path| path.split('/').nth(1) == Some(name)));
    prop_assert!(left.is_empty(), "left lying about: {:?}", left);
    Ok(())
}
