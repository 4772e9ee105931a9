//! `makermatrix restore` while another process writes through its own connections, as a server does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use inventory::stock::AddStock;
use inventory::{Actor, Ambient, Inventory, Kind};
use testkit::state::unpack_database;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::Shop;

const WRITERS: usize = 4;

/// Adds stock until `stop`. Returns the ids of the acknowledged movements, and counts them.
async fn write(
    inventory: Inventory,
    add: AddStock,
    stop: watch::Receiver<bool>,
    count: Arc<watch::Sender<usize>>,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    while !*stop.borrow() {
        match inventory.run(&Actor::System, add.clone()).await {
            Ok(change) => {
                acknowledged.push(change.movement.id);
                count.send_modify(|count| *count += 1);
            }
            Err(error) => assert_eq!(error.kind(), Kind::Busy, "{error}"),
        }
    }
    acknowledged
}

async fn wait_for(count: &watch::Sender<usize>, more: usize) {
    let wanted = *count.borrow() + more;
    count.subscribe().wait_for(|count| *count >= wanted).await.unwrap();
}

/// Returns the ids of the additions to the stock. A part of another program also has a movement for its opening stock.
fn movements(database: &Path) -> BTreeSet<String> {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut select = connection.prepare("SELECT id FROM mm_stock_movement WHERE kind = 'add'").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_restore_beside_writers_loses_no_acknowledged_write() {
    let shop = Shop::populated();
    let archive = shop.json(&["backup", "--name", "one"])["archive"].as_str().unwrap().to_owned();
    let database = shop.places().database;
    let (part_id, location_id) = rusqlite::Connection::open(&database)
        .unwrap()
        .query_row("SELECT part_id, location_id FROM part_location_allocations LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let add = AddStock { part_id, location_id, quantity: 1, reason: None };
    let archived = movements(&database);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (acknowledged, restored) = runtime.block_on(async {
        let inventory = Inventory::open(database.as_path(), Ambient::system()).await.unwrap();
        let (stop, count) = (watch::Sender::new(false), Arc::new(watch::Sender::new(0)));
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(inventory.clone(), add.clone(), stop.subscribe(), Arc::clone(&count)));
        }
        wait_for(&count, 10).await;
        let mut command = shop.command(&["--json", "restore", &archive, "--yes"]);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        wait_for(&count, 10).await;
        stop.send_replace(true);
        let acknowledged: BTreeSet<String> = writers.join_all().await.into_iter().flatten().collect();
        inventory.close().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let restored: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (acknowledged, restored)
    });
    let unpacked = shop.data().join("unpacked.db");
    unpack_database(Path::new(restored["safety_backup"].as_str().unwrap()), &unpacked);
    let (saved, live) = (movements(&unpacked), movements(&database));
    let lost = acknowledged.iter().filter(|id| !saved.contains(*id) && !live.contains(*id)).count();
    assert_eq!(lost, 0, "of {} acknowledged writes", acknowledged.len());
    let later: BTreeSet<String> = acknowledged.intersection(&live).cloned().collect();
    assert!(
        later.len() >= 10 && later.len() < acknowledged.len(),
        "{} of {}",
        later.len(),
        acknowledged.len()
    );
    let expected: BTreeSet<String> = archived.union(&later).cloned().collect();
    assert_eq!(live, expected, "the archive, and what was acknowledged later");
}
