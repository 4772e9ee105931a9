//! A PostgreSQL server for tests, and a database of its own for each test.
//!
//! One server serves all tests that run on the machine at a time, on a Unix socket and on no network. The first test
//! that needs it starts it. Each process that uses it holds a shared lock on `use.lock` while it lives; a watchdog
//! (`postgres/watchdog.sh`), which no test waits for, stops the server and removes its folder when nobody has held that
//! lock for a while. So nothing is left behind, even by tests that were killed.
#![expect(clippy::disallowed_methods, reason = "databases are made and dropped")]

mod server;

use std::sync::OnceLock;

use inventory::{Ambient, DatabaseUrl, Inventory};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use sha2::{Digest, Sha256};

use server::Server;

/// A PostgreSQL database for one test, dropped with it.
#[derive(Debug)]
pub struct TestPostgres {
    name: String,
}

impl TestPostgres {
    /// Makes a database without any table.
    pub fn empty() -> Self {
        Self::new("template0")
    }

    /// Makes a database with the full schema and no rows.
    pub fn with_schema() -> Self {
        Self::new(template())
    }

    fn new(template: &str) -> Self {
        let name = format!("test_{}", Ambient::system().uuid().simple());
        execute(format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { name }
    }

    /// The address, as `DATABASE_URL` takes it.
    pub fn url(&self) -> String {
        Server::running().url(&self.name)
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        execute(format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// The database that others are copied from. Its name tells the schema apart from that of another version.
fn template() -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("template_{}", fingerprint());
        let _alone = Server::running().lock();
        if !exists(&name) {
            // Under another name until it is complete.
            let making = format!("making_{}", Ambient::system().uuid().simple());
            execute(format!("CREATE DATABASE {making} TEMPLATE template0"));
            let url: DatabaseUrl = Server::running().url(&making).parse().expect("an address");
            block_on(async {
                let inventory =
                    Inventory::create(url, Ambient::system()).await.expect("the database is empty");
                inventory.close().await.expect("nobody else uses it");
            });
            execute(format!("ALTER DATABASE {making} RENAME TO {name}"));
        }
        name
    })
}

/// A hash of what makes the tables.
fn fingerprint() -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../inventory/src/db");
    let mut files: Vec<_> = std::fs::read_dir(folder.join("postgres"))
        .expect("the source is here")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.push(folder.join("postgres.rs"));
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(std::fs::read(file).expect("readable"));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn exists(name: &str) -> bool {
    let sql = format!("SELECT 1 FROM pg_database WHERE datname = '{name}'");
    let sql = Statement::from_string(DbBackend::Postgres, sql);
    block_on(async {
        let connection = connect().await;
        let found = connection.query_one_raw(sql).await.expect("the server answers");
        connection.close().await.expect("nobody else uses it");
        found.is_some()
    })
}

fn execute(sql: String) {
    block_on(async {
        let connection = connect().await;
        let done = connection.execute_unprepared(&sql).await;
        connection.close().await.expect("nobody else uses it");
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    });
}

async fn connect() -> DatabaseConnection {
    let mut options = ConnectOptions::new(Server::running().url("postgres"));
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("the server runs")
}

/// Runs `work` to its end on a thread of its own, since tests have a runtime already.
fn block_on<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(work)
    };
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_has_a_database_of_its_own_which_goes_with_it() {
        let (one, other) = (TestPostgres::with_schema(), TestPostgres::empty());
        assert_ne!(one.name, other.name);
        let name = one.name.clone();
        assert!(exists(&name));
        drop(one);
        assert!(!exists(&name) && exists(&other.name));
    }
}
