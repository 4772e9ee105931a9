//! Restores while clients read and write: nobody is stopped, no acknowledged write is lost, and everybody sees either the old
//! inventory or the new one.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::{StatusCode, header};
use backup::{Engine, RestoreOptions};
use inventory::{Actor, Ambient, Permission};
use rstest::rstest;
use serde_json::{Value, json};
use testkit::engine::quiet;
use testkit::state::unpack_database;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::{Answer, Client, TestServer};

const WRITERS: usize = 6;
const ARCHIVED: i64 = 1000;

/// Who restores.
#[derive(Clone, Copy, Debug)]
enum Restorer {
    Api,
    /// An engine that shares nothing with the server but the files.
    AnotherEngine,
}

/// The clients of a server, and what they were told.
struct Load {
    server: TestServer,
    client: Client,
    part: String,
    location: Value,
    stop: AtomicBool,
    /// The number of acknowledged writes.
    writes: watch::Sender<usize>,
    reads: watch::Sender<usize>,
}

impl Load {
    /// Adds one and takes one, again and again. Returns the ids of the movements that were acknowledged.
    async fn write(self: Arc<Self>) -> Vec<String> {
        let mut acknowledged = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            for (action, quantity) in [("add", 2), ("take", 1)] {
                let path = format!("/api/v1/parts/{}/stock/{action}", self.part);
                let body = json!({"location_id": self.location, "quantity": quantity});
                let answer = self.server.post(&self.client, &path, body).await;
                if answer.status == StatusCode::SERVICE_UNAVAILABLE {
                    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{answer:?}");
                    continue;
                }
                assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
                acknowledged.push(answer.body["movement"]["id"].as_str().unwrap().to_owned());
                self.writes.send_modify(|count| *count += 1);
            }
        }
        acknowledged
    }

    /// Reads two parts at once, again and again. Returns the descriptions that were seen.
    async fn read(self: Arc<Self>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        while !self.stop.load(Ordering::Relaxed) {
            let answer = self.server.get(&self.client, "/api/v1/parts?sort=name").await;
            assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
            let items = &answer.body["items"];
            assert_eq!(items[0]["description"], items[1]["description"], "a mix of old and new");
            seen.insert(items[0]["description"].as_str().unwrap().to_owned());
            self.reads.send_modify(|count| *count += 1);
        }
        seen
    }

    /// Waits until so many more writes are acknowledged and reads answered.
    async fn wait_for(&self, writes: usize, reads: usize) {
        let more = async |count: &watch::Sender<usize>, more: usize| {
            let wanted = *count.borrow() + more;
            count.subscribe().wait_for(|count| *count >= wanted).await.unwrap();
        };
        tokio::join!(more(&self.writes, writes), more(&self.reads, reads));
    }
}

/// Creates two parts described as "archived", and backs up. Then describes them as "live".
async fn prepared() -> Load {
    let server = TestServer::new().await;
    server.user("admin", [Permission::All].into()).await;
    let client = server.client("admin").await;
    let shelf = server.post(&client, "/api/v1/locations", json!({"name": "Shelf"})).await;
    let location = shelf.body["id"].clone();
    let mut parts = Vec::new();
    for name in ["A", "B"] {
        let new = json!({"name": name, "number": name, "description": "archived"});
        let part = server.post(&client, "/api/v1/parts", new).await;
        parts.push(part.body["id"].as_str().unwrap().to_owned());
    }
    let add = json!({"location_id": location, "quantity": ARCHIVED});
    let added = server.post(&client, &format!("/api/v1/parts/{}/stock/add", parts[0]), add).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    let begun = server.post(&client, "/api/v1/backups", json!({"name": "first"})).await;
    assert_eq!(server.finished(&client, &begun).await["status"], "succeeded");
    server.describe_parts("live").await;
    let (stop, writes, reads) = (AtomicBool::new(false), watch::Sender::new(0), watch::Sender::new(0));
    Load { server, client, part: parts.swap_remove(0), location, stop, writes, reads }
}

/// Restores, and returns the safety backup.
async fn restore(load: &Load, restorer: Restorer) -> std::path::PathBuf {
    let places = load.server.engine.places().clone();
    match restorer {
        Restorer::Api => {
            let begun = load.server.post(&load.client, "/api/v1/backups/first.zip/restore", json!({})).await;
            let task = load.server.finished(&load.client, &begun).await;
            assert_eq!(task["status"], "succeeded", "{task}");
            places.backups.join(task["result"]["safety_backup"].as_str().unwrap())
        }
        Restorer::AnotherEngine => {
            let work = move || {
                let options = RestoreOptions::new(places.backups.join("first.zip"));
                let engine = Engine::new(places, Ambient::system());
                let staged = engine.stage_restore(&Actor::System, &options, &mut quiet).unwrap();
                staged.commit(&mut quiet).unwrap().safety_backup.unwrap()
            };
            tokio::task::spawn_blocking(work).await.unwrap()
        }
    }
}

/// Returns the ids of the movements in a database, and the quantity in stock, which must be the sum of the movements.
fn ledger(database: &Path) -> (BTreeSet<String>, i64) {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut select = connection.prepare("SELECT id FROM mm_stock_movement").unwrap();
    let ids = select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let number = |select: &str| -> i64 { connection.query_row(select, [], |row| row.get(0)).unwrap() };
    let quantity = number("SELECT sum(quantity_at_location) FROM part_location_allocations");
    let moved = "SELECT sum(iif(to_location_id IS NULL, -quantity, quantity)) FROM mm_stock_movement";
    assert_eq!(number(moved), quantity, "the ledger and the stock agree");
    (ids, quantity)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_acknowledged_write_is_in_the_safety_backup_or_in_the_restored_inventory(
    #[values(Restorer::Api, Restorer::AnotherEngine)] restorer: Restorer,
) {
    let load = Arc::new(prepared().await);
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    for _ in 0..WRITERS {
        writers.spawn(Arc::clone(&load).write());
    }
    for _ in 0..2 {
        readers.spawn(Arc::clone(&load).read());
    }
    load.wait_for(20, 2).await;
    let safety_backup = restore(&load, restorer).await;
    load.wait_for(20, 2).await;
    load.stop.store(true, Ordering::Relaxed);
    let acknowledged: BTreeSet<String> = writers.join_all().await.into_iter().flatten().collect();
    let seen: BTreeSet<String> = readers.join_all().await.into_iter().flatten().collect();

    let unpacked = load.server.folder.path().join("unpacked.db");
    unpack_database(&safety_backup, &unpacked);
    let (saved, _) = ledger(&unpacked);
    let (live, quantity) = ledger(&load.server.engine.places().database);
    let common: BTreeSet<&String> = saved.intersection(&live).collect();
    assert_eq!(common.len(), 1, "the movement of the archive");
    let lost: Vec<&String> =
        acknowledged.iter().filter(|id| !saved.contains(*id) && !live.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged writes are lost", lost.len(), acknowledged.len());
    let after = acknowledged.intersection(&live).count();
    assert!((20..acknowledged.len()).contains(&after), "{after} of {}", acknowledged.len());
    assert_eq!(live.len(), 1 + after, "nothing is there but the archive and what was acknowledged later");
    let shown = load.server.get(&load.client, &format!("/api/v1/parts/{}", load.part)).await;
    assert_eq!(shown.body["quantity"], quantity, "{shown:?}");
    assert_eq!(seen.iter().collect::<Vec<_>>(), ["archived", "live"], "readers saw the old and the new");
}

#[tokio::test]
async fn r5_a_restore_needs_no_restart_and_its_task_stays_readable_by_who_began_it() {
    let load = prepared().await;
    let server = &load.server;
    // Without the permission to read the tasks of others.
    server.user("keeper", [Permission::BackupCreate, Permission::BackupRestore].into()).await;
    let keeper = server.client("keeper").await;
    let begun = server.post(&keeper, "/api/v1/backups", json!({"name": "second"})).await;
    assert_eq!(server.finished(&keeper, &begun).await["status"], "succeeded");
    server.user("late", [Permission::All].into()).await;
    let late = server.client("late").await;
    let begun = server.post(&keeper, "/api/v1/backups/second.zip/restore", json!({})).await;
    let task = server.finished(&keeper, &begun).await;
    assert_eq!((&task["status"], &task["username"]), (&json!("succeeded"), &json!("keeper")), "{task}");
    assert!(task["result"]["safety_backup"].is_string(), "{task}");
    for (client, expected) in [(&load.client, StatusCode::OK), (&late, StatusCode::UNAUTHORIZED)] {
        let answer: Answer = server.get(client, "/api/v1/parts").await;
        assert_eq!(answer.status, expected, "a session ends with its user, {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unusable_database_that_a_restore_sets_aside_is_noticed() {
    let load = prepared().await;
    let server = &load.server;
    let database = server.engine.places().database.clone();
    let connection = rusqlite::Connection::open(&database).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    std::fs::write(&database, "this is no database").unwrap();
    let unusable = server.get(&load.client, "/api/v1/parts").await;
    assert!(unusable.status.is_server_error(), "{unusable:?}");
    let options = RestoreOptions::new(server.engine.places().backups.join("first.zip"));
    let staged = server.engine.stage_restore(&Actor::System, &options, &mut quiet).unwrap();
    let report = staged.commit(&mut quiet).unwrap();
    assert!(report.set_aside.is_some());
    let add = json!({"location_id": load.location, "quantity": 7});
    let added = server.post(&load.client, &format!("/api/v1/parts/{}/stock/add", load.part), add).await;
    assert_eq!(added.status, StatusCode::OK, "{added:?}");
    assert_eq!(ledger(&database).1, ARCHIVED + 7, "the new file has the write");
    let shown = server.get(&load.client, &format!("/api/v1/parts/{}", load.part)).await;
    assert_eq!(
        (&shown.body["quantity"], &shown.body["description"]),
        (&json!(ARCHIVED + 7), &json!("archived"))
    );
}

#[tokio::test]
async fn a_write_during_a_commit_that_takes_long_gets_503_with_retry_after_and_succeeds_when_it_is_repeated()
{
    let load = prepared().await;
    let suffixes = [".turnstile.lock", ".writers.lock"];
    let closed = suffixes.map(|suffix| {
        let path = durable::with_suffix(&load.server.engine.places().database, suffix);
        let lock = std::fs::File::open(path).unwrap();
        lock.lock().unwrap();
        lock
    });
    let path = format!("/api/v1/parts/{}/stock/add", load.part);
    let add = json!({"location_id": load.location, "quantity": 1});
    let client = load.client.clone().with("idempotency-key", "retried");
    let refused = load.server.post(&client, &path, add.clone()).await;
    assert_eq!(
        (refused.status, &refused.body["type"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("urn:makermatrix:busy"))
    );
    assert!(refused.headers.contains_key(header::RETRY_AFTER), "{refused:?}");
    let read = load.server.get(&load.client, "/api/v1/parts").await;
    assert_eq!(read.status, StatusCode::OK, "{read:?}");
    drop(closed);
    let before = ledger(&load.server.engine.places().database).1;
    for _ in 0..2 {
        let added = load.server.post(&client, &path, add.clone()).await;
        assert_eq!(added.status, StatusCode::OK, "{added:?}");
    }
    assert_eq!(ledger(&load.server.engine.places().database).1, before + 1, "it happened once");
}
