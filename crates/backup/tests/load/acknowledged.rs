//! Promise 4 under load: a client keeps writing while restores replace the database. Each acknowledged
//! write is in the database afterwards, or in the safety backup of a restore.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use backup::{Error, Event, RestoreOptions};
use rstest::rstest;
use rusqlite::Connection;
use testkit::generators::add_many_parts;
use testkit::long_run::{Random, amount, figure};
use testkit::state::leftovers;
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::{ACTOR, back_up, connect, is_busy, unpack};

#[rstest]
#[tokio::test]
async fn no_acknowledged_write_is_lost_by_restores_in_a_loop(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    add_many_parts(&path, 100);
    let engine = database.engine(&test_static_files_dir);
    let archive = back_up(&engine).expect("nobody is in the way").path;
    let acknowledged = Mutex::new(BTreeSet::new());
    let written = || acknowledged.lock().expect("nobody panics with it").clone();
    let mut saved = BTreeSet::new();
    let (mut restored, mut refused) = (0_u32, 0_u32);
    let mut random = Random::new("acknowledged writes");
    thread::scope(|scope| {
        let (ask, asked) = channel();
        let writer = scope.spawn(|| write(&path, asked, &acknowledged));
        for number in 0..amount(12, 200) {
            // Some writes at any stage while the restore continues, and sometimes none.
            let rate = [0, 2, 5, 20][number as usize % 4];
            let mut interfere = |event: Event| {
                if matches!(event, Event::Step(_)) && rate > 0 && random.below(rate) == 0 {
                    (0..=random.below(8)).for_each(|_| ask.send(()).expect("the writer waits for more"));
                }
            };
            let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&archive), &mut interfere);
            match staged.and_then(|staged| staged.commit(&mut interfere)) {
                Ok(report) => {
                    let safety = report.safety_backup.expect("there was something to save");
                    let (copy, _) = unpack(&safety, &database.db_path.beside("safety.db"));
                    saved.extend(marks(&copy));
                    restored += 1;
                }
                Err(Error::ChangedMeanwhile { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
            // In this order, since a write that is acknowledged later may be in the database or not.
            let written = written();
            let live = marks(&connect(&path));
            let lost: Vec<_> =
                written.iter().filter(|mark| !live.contains(*mark) && !saved.contains(*mark)).collect();
            assert!(lost.is_empty(), "restore {number}: lost {lost:?}");
            assert_eq!(leftovers(engine.places()), Vec::<String>::new());
            for entry in engine.places().backups.read_dir().expect("readable").flatten() {
                if entry.path() != archive && entry.file_name().to_string_lossy().starts_with("safety") {
                    std::fs::remove_file(entry.path()).expect("just made");
                }
            }
        }
        drop(ask);
        writer.join().expect("no write failed");
    });
    assert!(restored > 0);
    figure(
        "Restores beside somebody who writes: done, refused, and acknowledged writes lost",
        &format!("{restored}, {refused}; 0 of {}", written().len()),
    );
}

/// Writes a row for each request, and records those that were acknowledged.
fn write(database: &Path, asked: Receiver<()>, acknowledged: &Mutex<BTreeSet<String>>) {
    let connection = connect(database);
    for (number, ()) in asked.into_iter().enumerate() {
        let mark = format!("mark-{number:06}");
        loop {
            match connection.execute("INSERT INTO categorymodel (id, name) VALUES (?1, ?1)", [&mark]) {
                Ok(_) => break,
                Err(error) => assert!(is_busy(&error), "{error}"),
            }
        }
        acknowledged.lock().expect("nobody panics with it").insert(mark);
    }
}

fn marks(connection: &Connection) -> BTreeSet<String> {
    let mut statement =
        connection.prepare("SELECT id FROM categorymodel WHERE id LIKE 'mark-%'").expect("a table");
    statement.query_map([], |row| row.get(0)).expect("a table").map(|mark| mark.expect("a text")).collect()
}
