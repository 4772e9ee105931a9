//! Backups while 64 writers move stock between locations and two more store and delete files. Each archive
//! holds one moment: the stock of every part is exact, and every file that a row refers to is present.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use backup::BackupReport;
use inventory::stock::TransferStock;
use inventory::{Ambient, FileKind, Inventory, StaticFiles};
use rstest::rstest;
use rusqlite::{Connection, params};
use testkit::long_run::{Random, amount, figure, seed};
use testkit::{TestDatabase, TestStaticFiles, test_db_with_schema, test_static_files_dir};

use super::{ACTOR, StopAtEnd, back_up, connect, is_busy, quiet, unpack, waits};

/// The numbers of writers with a connection of their own, and of those that call use cases.
const STRANGERS: u64 = 60;
const USERS: u64 = 4;
const PARTS: u64 = 400;
const PLACES: u64 = 10;
/// The initial stock of each part at each location.
const EACH: i64 = 50;
const IMAGE_URL: &str = "/api/utility/get_image/";

/// The phases: writers start, writers work alone, backups run.
const PHASES: usize = 3;

/// The data that the threads share.
struct Load<'a> {
    database: &'a Path,
    stop: AtomicBool,
    moves: AtomicU64,
    /// The present phase, as an index of [`PHASES`].
    phase: AtomicUsize,
    /// The duration of each move, by the phase in which it began.
    waits: [Mutex<Vec<Duration>>; PHASES],
}

impl Load<'_> {
    /// Calls `work` until the test stops, and times the calls that return true, which are moves.
    fn keep_on(&self, mut work: impl FnMut() -> bool) {
        let _stop = StopAtEnd(&self.stop);
        let mut waits: [Vec<Duration>; PHASES] = Default::default();
        while !self.stop.load(Ordering::Relaxed) {
            let (phase, began) = (self.phase.load(Ordering::Relaxed), Instant::now());
            if work() {
                waits[phase].push(began.elapsed());
                self.moves.fetch_add(1, Ordering::Relaxed);
            }
        }
        for (all, waits) in self.waits.iter().zip(waits) {
            all.lock().expect("nobody panics with it").extend(waits);
        }
    }

    fn wait_for_moves(&self, more: u64) {
        let before = self.moves.load(Ordering::Relaxed);
        while self.moves.load(Ordering::Relaxed) < before + more && !self.stop.load(Ordering::Relaxed) {
            thread::yield_now();
        }
    }
}

#[rstest]
#[tokio::test]
async fn each_backup_under_64_writers_is_one_moment(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let database = test_db_with_schema;
    let path = database.db_path.path();
    stock(&path);
    let load = Load {
        database: &path,
        stop: AtomicBool::new(false),
        moves: AtomicU64::new(0),
        phase: AtomicUsize::new(0),
        waits: Default::default(),
    };
    let engine = database.engine(&test_static_files_dir);
    let seed = seed();
    let (backups, lasted) = thread::scope(|scope| {
        for writer in 0..STRANGERS {
            let load = &load;
            scope.spawn(move || {
                let (mut connection, mut random) = (connect(load.database), Random::with_seed(seed + writer));
                load.keep_on(|| move_stock(&mut connection, &mut random));
            });
        }
        for user in 0..USERS {
            let load = &load;
            scope.spawn(move || use_inventory(load, Random::with_seed(seed + STRANGERS + user)));
        }
        for keeper in 0..2 {
            let (load, root) = (&load, test_static_files_dir.root());
            scope.spawn(move || keep_files(load, &StaticFiles::new(root), Random::with_seed(seed ^ keeper)));
        }
        let stop = StopAtEnd(&load.stop);
        load.wait_for_moves(amount(200, 2000).into());
        load.phase.store(1, Ordering::Relaxed);
        let alone = Instant::now();
        load.wait_for_moves(amount(400, 20_000).into());
        load.phase.store(2, Ordering::Relaxed);
        let (mut backups, mut last, alone, began) = (0, None, alone.elapsed(), Instant::now());
        let enough =
            |backups| backups >= amount(4, 100) && began.elapsed().as_secs() >= amount(0, 180).into();
        while !enough(backups) && !load.stop.load(Ordering::Relaxed) {
            load.wait_for_moves(20);
            let report = back_up(&engine).expect("writers do not keep anybody from making a backup");
            engine.verify(ACTOR, &report.path, &mut quiet).expect("it is sound");
            check(&report, &database.db_path.beside("unpacked.db"));
            let digest = Some(report.manifest.tables["part_location_allocations"].digest);
            assert_ne!(digest, last, "the writers were at work");
            (last, backups) = (digest, backups + 1);
            engine.places().backups.read_dir().expect("readable").flatten().for_each(|entry| {
                std::fs::remove_file(entry.path()).expect("just made");
            });
        }
        drop(stop);
        (backups, [alone, began.elapsed()])
    });
    figure(
        "Backups beside 64 writers and two that store and delete files: exact stock, all files, no restart of the snapshot",
        &format!("{backups} of {backups}, beside {} moves", load.moves.load(Ordering::Relaxed)),
    );
    let [_, without, with] = load.waits.map(|waits| waits.into_inner().expect("all have ended"));
    waits::tell((without, lasted[0]), (with, lasted[1]));
}

/// Creates stock of every part at every location. Long descriptions make the database larger than a step of
/// the copy, so that others can write between steps.
fn stock(database: &Path) {
    let mut connection = connect(database);
    let transaction = connection.transaction().expect("nobody else is there");
    let add = |sql: &str, values: &[&str]| {
        transaction.execute(sql, rusqlite::params_from_iter(values)).expect("the schema is there");
    };
    let location = "INSERT INTO locationmodel (id, name, location_type, is_mobile, is_auto_generated_slot, \
        is_smart_location, auto_created, hidden_by_default, is_connected) VALUES (?1, ?1, 'standard', 0, 0, 0, 0, 0, 0)";
    (0..PLACES).for_each(|place| add(location, &[&place_id(place)]));
    let part = "INSERT INTO partmodel (id, part_name, description, created_at, updated_at) \
        VALUES (?1, ?1, hex(zeroblob(20000)), '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901')";
    let allocation = format!(
        "INSERT INTO part_location_allocations (id, part_id, location_id, quantity_at_location, is_primary_storage, \
         allocated_at, last_updated, auto_synced) VALUES (?1 || '@' || ?2, ?1, ?2, {EACH}, 0, \
         '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901', 0)"
    );
    for number in 0..PARTS {
        add(part, &[&part_id(number)]);
        (0..PLACES).for_each(|place| add(&allocation, &[&part_id(number), &place_id(place)]));
    }
    transaction.commit().expect("nobody else is there");
}

fn part_id(number: u64) -> String {
    format!("part-{number}")
}

fn place_id(number: u64) -> String {
    format!("place-{number}")
}

/// Chooses a part, two locations and a quantity to move.
fn choose(random: &mut Random) -> (String, String, String, i64) {
    let (from, by) = (random.below(PLACES), 1 + random.below(PLACES - 1));
    let part = part_id(random.below(PARTS));
    (part, place_id(from), place_id((from + by) % PLACES), 1 + random.below(20) as i64)
}

/// Moves stock as another program does. Returns false if there is not enough.
fn move_stock(connection: &mut Connection, random: &mut Random) -> bool {
    let (part, from, to, quantity) = choose(random);
    loop {
        match try_to_move(connection, &part, &from, &to, quantity) {
            Ok(moved) => return moved,
            Err(error) => assert!(is_busy(&error), "{error}"),
        }
    }
}

fn try_to_move(
    connection: &mut Connection,
    part: &str,
    from: &str,
    to: &str,
    quantity: i64,
) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let taken = transaction.execute(
        "UPDATE part_location_allocations SET quantity_at_location = quantity_at_location - ?3 \
         WHERE part_id = ?1 AND location_id = ?2 AND quantity_at_location >= ?3",
        params![part, from, quantity],
    )?;
    let added = transaction.execute(
        "UPDATE part_location_allocations SET quantity_at_location = quantity_at_location + ?3 \
         WHERE part_id = ?1 AND location_id = ?2",
        params![part, to, quantity],
    )?;
    if (taken, added) != (1, 1) {
        return Ok(false);
    }
    transaction.commit()?;
    Ok(true)
}

/// Moves stock through use cases, which also remove an allocation that becomes empty.
fn use_inventory(load: &Load<'_>, mut random: Random) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("threads can be started");
    let open = Inventory::open(load.database, Ambient::system());
    let inventory = runtime.block_on(open).expect("the database is there");
    load.keep_on(|| {
        let (part, from, to, quantity) = choose(&mut random);
        let transfer = TransferStock {
            part_id: part,
            from_location_id: from,
            to_location_id: to,
            quantity,
            ..TransferStock::default()
        };
        match runtime.block_on(inventory.run(ACTOR, transfer)) {
            Ok(_) => true,
            Err(inventory::Error::InsufficientStock { .. } | inventory::Error::NotFound { .. }) => false,
            // Use cases wait only for a limited time, and the other writers leave gaps only by chance.
            Err(error) if error.kind() == inventory::Kind::Busy => false,
            Err(error) => panic!("{error}"),
        }
    });
    runtime.block_on(inventory.close()).expect("nobody uses it");
}

/// Stores files before the rows that refer to them, and deletes some after their rows.
fn keep_files(load: &Load<'_>, files: &StaticFiles, mut random: Random) {
    let (connection, ambient) = (connect(load.database), Ambient::system());
    let execute = |sql: &str, values: [&str; 2]| loop {
        match connection.execute(sql, values) {
            Ok(_) => return,
            Err(error) => assert!(is_busy(&error), "{error}"),
        }
    };
    let (mut mine, _stop) = (Vec::new(), StopAtEnd(&load.stop));
    while !load.stop.load(Ordering::Relaxed) {
        if mine.len() < 20 || random.below(2) == 0 {
            let content =
                testkit::generators::noise(1 + random.below(20_000) as usize, random.below(1 << 40) + 1);
            let stored = files.store(FileKind::Images, "", "png", &mut &content[..], &ambient);
            let stored = stored.expect("the scratch folder is writable").path;
            let part = "INSERT INTO partmodel (id, part_name, image_url, created_at, updated_at) \
                VALUES (?1, ?1, ?2, '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678901')";
            execute(part, [&stored, &format!("{IMAGE_URL}{}", stored.trim_end_matches(".png"))]);
            mine.push(stored);
        } else {
            let stored = mine.swap_remove(random.below(mine.len() as u64) as usize);
            execute("DELETE FROM partmodel WHERE id = ?1 AND ?2 = ''", [&stored, ""]);
            files.delete(FileKind::Images, &stored, &ambient).expect("it is there");
        }
    }
}

/// Asserts that an archive holds one moment.
fn check(report: &BackupReport, scratch: &Path) {
    assert_eq!(report.snapshot_restarts, 0);
    assert_eq!(report.manifest.dangling, Vec::<String>::new());
    let (copy, entries) = unpack(&report.path, scratch);
    let number = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a sound copy");
    let wrong = format!(
        "SELECT count(*) FROM (SELECT part_id FROM part_location_allocations GROUP BY part_id \
         HAVING sum(quantity_at_location) <> {} OR min(quantity_at_location) < 0)",
        EACH * PLACES as i64
    );
    assert_eq!(number(&wrong), 0, "parts whose stock is not exact");
    let total = number("SELECT sum(quantity_at_location) FROM part_location_allocations");
    assert_eq!(total, EACH * (PARTS * PLACES) as i64);

    let mut referring =
        copy.prepare("SELECT image_url FROM partmodel WHERE image_url IS NOT NULL").expect("a table");
    let urls = referring.query_map([], |row| row.get::<_, String>(0)).expect("a table");
    let entries: BTreeSet<&str> = entries.iter().map(String::as_str).collect();
    for url in urls.map(|url| url.expect("a text")) {
        let name = format!("images/{}.png", url.strip_prefix(IMAGE_URL).expect("all are ours"));
        assert!(entries.contains(name.as_str()), "{name} is not in the archive, and its row is");
    }
    std::fs::remove_file(scratch).expect("just unpacked");
}
