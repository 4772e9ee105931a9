//! Two archives are restored alternately while readers keep their connections open. Each transaction of a
//! reader sees exactly one of the two states.
//!
//! Files are weaker. A restore adds files before it commits and removes others afterwards: a reader of new
//! rows finds their files, and a reader of old rows may find one missing, but never other content under a
//! name that only one state has. Under a name that both states have, the old content may remain for a
//! moment after the commit, but never a part of one. When the restore returns, all files match the rows.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use backup::Engine;
use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::add_many_parts;
use testkit::long_run::{amount, figure};
use testkit::state::leftovers;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::{ACTOR, StopAtEnd, back_up, connect, is_busy, restore};

const READERS: usize = 8;
const PARTS: u32 = 100;
/// Columns whose values name the state.
const MARKED: [(&str, &str); 4] = [
    ("partmodel", "description"),
    ("locationmodel", "description"),
    ("categorymodel", "description"),
    ("part_location_allocations", "notes"),
];

/// The data that the threads share.
struct Watching<'a> {
    database: &'a Path,
    images: &'a Path,
    stop: AtomicBool,
    /// Counts the starts and ends of restores: odd while one is running.
    restores: AtomicU64,
    transactions: [AtomicU64; READERS],
    busy: AtomicU64,
    gone: AtomicU64,
    late: AtomicU64,
}

#[rstest]
#[tokio::test]
async fn no_reader_ever_sees_a_mix_of_two_states(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let engine = database.engine(&test_static_files_dir);
    let archives = ["A", "B"].map(|state| {
        make(&engine, state);
        back_up(&engine).expect("nobody is in the way").path
    });
    let (path, images) = (database.db_path.path(), test_static_files_dir.root().join("images"));
    let watching = Watching {
        database: &path,
        images: &images,
        stop: AtomicBool::new(false),
        restores: AtomicU64::new(0),
        transactions: Default::default(),
        busy: AtomicU64::new(0),
        gone: AtomicU64::new(0),
        late: AtomicU64::new(0),
    };
    let restores = amount(6, 150);
    let seen = thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                let watching = &watching;
                scope.spawn(move || read(watching, reader))
            })
            .collect();
        let stop = StopAtEnd(&watching.stop);
        for number in 0..restores {
            watching.wait_for_all();
            if watching.stop.load(Ordering::Relaxed) {
                break;
            }
            watching.restores.fetch_add(1, Ordering::SeqCst);
            restore(&engine, &archives[number as usize % 2], false).expect("readers are in nobody's way");
            watching.restores.fetch_add(1, Ordering::SeqCst);
            must_be(&path, &images, ["A", "B"][number as usize % 2]);
        }
        watching.wait_for_all();
        drop(stop);
        readers.into_iter().map(|reader| reader.join().expect("no reader saw a mix")).collect::<Vec<_>>()
    });
    // The connections of our own program have been open all the time, too.
    let parts = database.inventory.part_allocations(ACTOR, "bulk-00000000").await;
    let last = ["A", "B"][(restores as usize - 1) % 2];
    assert_eq!(parts.expect("still connected")[0].notes.as_deref(), Some(last));
    assert!(seen.iter().all(|seen| seen.len() == 2), "each reader saw both: {seen:?}");
    assert_eq!(leftovers(engine.places()), Vec::<String>::new());
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    figure(
        "Restores beside 8 readers that stay connected, and transactions that saw a mix",
        &format!("{restores}; 0 of {}", watching.transactions.iter().map(count).sum::<u64>()),
    );
    figure(
        "What those readers met: busy; the file of a replaced row gone; the former content of a replaced file",
        &format!("{}; {}; {}", count(&watching.busy), count(&watching.gone), count(&watching.late)),
    );
}

impl Watching<'_> {
    /// Waits until each reader has completed some more transactions.
    fn wait_for_all(&self) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let before: Vec<u64> = self.transactions.iter().map(count).collect();
        let waiting = || self.transactions.iter().zip(&before).any(|(now, before)| count(now) < before + 2);
        while waiting() && !self.stop.load(Ordering::Relaxed) {
            thread::yield_now();
        }
    }
}

/// Changes all rows and files to those of a state.
fn make(engine: &Engine, state: &str) {
    let places = engine.places();
    let connection = connect(&places.database);
    if state == "A" {
        add_many_parts(&places.database, PARTS);
    } else {
        connection
            .execute("DELETE FROM part_location_allocations WHERE id > 'alloc-00000070'", [])
            .expect("a table");
    }
    let sql = "INSERT INTO categorymodel (id, name) VALUES (?1, ?1)";
    connection.execute(sql, [format!("only in {state}")]).expect("the name is free");
    for (table, column) in MARKED {
        connection.execute(&format!("UPDATE {table} SET {column} = ?1"), [state]).expect("a column");
    }
    let url = "UPDATE partmodel SET image_url = '/api/utility/get_image/' || ?1 || '-' || id";
    connection.execute(url, [state]).expect("a column");
    let images = places.static_files.join("images");
    for entry in std::fs::read_dir(&images).expect("the fixture made it").flatten() {
        std::fs::remove_file(entry.path()).expect("of the other state");
    }
    for number in (0..PARTS).step_by(10) {
        let name = format!("{state}-bulk-{number:08}.png");
        std::fs::write(images.join(&name), content(&name)).expect("writable");
    }
    std::fs::write(images.join("shared.png"), content(state)).expect("writable");
}

/// Returns content that is long enough to reveal a partial write.
fn content(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(20_000).collect()
}

/// Reads until the test stops, and returns the states that it saw.
fn read(watching: &Watching<'_>, reader: usize) -> BTreeSet<String> {
    let mut connection = connect(watching.database);
    let mut seen = BTreeSet::new();
    let (mut number, _stop) = (reader as u32, StopAtEnd(&watching.stop));
    while !watching.stop.load(Ordering::Relaxed) {
        let before = watching.restores.load(Ordering::SeqCst);
        // Every second reader keeps its statements prepared across restores.
        let states = match states(&mut connection, reader.is_multiple_of(2)) {
            Ok(states) => states,
            Err(error) => {
                assert!(is_busy(&error), "{error}");
                watching.busy.fetch_add(1, Ordering::Relaxed);
                continue;
            }
        };
        assert_eq!(states.len(), 1, "one transaction saw {states:?}");
        let state = states.first().expect("one").clone();
        number = (number + 1) % (PARTS / 10);
        look_at_files(watching, &mut connection, &state, number * 10, before);
        seen.insert(state);
        watching.transactions[reader].fetch_add(1, Ordering::Relaxed);
    }
    seen
}

/// Returns the states that the rows of all tables name, in one transaction.
fn states(connection: &mut Connection, prepared: bool) -> rusqlite::Result<BTreeSet<String>> {
    let transaction = connection.transaction()?;
    let mut states = BTreeSet::new();
    let mut rows = Vec::new();
    for (table, column) in MARKED {
        let sql = format!("SELECT {column}, count(*) FROM {table} GROUP BY {column}");
        if !prepared {
            transaction.flush_prepared_statement_cache();
        }
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            states.insert(row.get(0)?);
            rows.push(row.get::<_, u32>(1)?);
        }
    }
    // The two states also differ in the number of rows.
    let expected: &[u32] = if states.contains("A") { &[PARTS, 1, 1, PARTS] } else { &[PARTS, 1, 2, 71] };
    assert!(states.len() != 1 || rows == expected, "{states:?} with {rows:?} rows");
    transaction.commit()?;
    Ok(states)
}

fn look_at_files(
    watching: &Watching<'_>,
    connection: &mut Connection,
    state: &str,
    number: u32,
    before: u64,
) {
    let undisturbed = || before.is_multiple_of(2) && watching.restores.load(Ordering::SeqCst) == before;
    let name = format!("{state}-bulk-{number:08}.png");
    match std::fs::read(watching.images.join(&name)) {
        Ok(found) => assert!(found == content(&name), "{name} has another content"),
        Err(error) => {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}");
            // Only if the rows are gone, too (and may have come back with a later restore).
            let now = states(connection, false).expect("nobody holds a lock for so long");
            let back_again = watching.restores.load(Ordering::SeqCst) >= before + 2;
            assert!(!now.contains(state) || back_again, "{name} is gone, and its row is there");
            watching.gone.fetch_add(1, Ordering::Relaxed);
        }
    }
    let found = std::fs::read(watching.images.join("shared.png")).expect("both states have it");
    if found != content(state) {
        assert!(found == content("A") || found == content("B"), "a mix of two contents");
        assert!(!undisturbed(), "the other content, and nobody has restored anything");
        watching.late.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asserts that all rows and files are those of the state.
fn must_be(database: &Path, images: &Path, state: &str) {
    let found = states(&mut connect(database), false).expect("nobody writes");
    assert_eq!(found, BTreeSet::from([state.to_owned()]));
    for number in (0..PARTS).step_by(10) {
        let name = format!("{state}-bulk-{number:08}.png");
        assert!(std::fs::read(images.join(&name)).expect("its row is there") == content(&name));
    }
    assert!(std::fs::read(images.join("shared.png")).expect("both have it") == content(state));
    let files = std::fs::read_dir(images).expect("readable").count();
    assert_eq!(files, PARTS as usize / 10 + 1, "those of the other state are gone");
}
