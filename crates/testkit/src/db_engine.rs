//! An inventory on either engine: a test takes a [`DbEngine`] as an rstest value and so runs on both.

use inventory::password::Rounds;
use inventory::{Ambient, DatabaseUrl, Inventory};

use crate::{TestDbPath, TestPostgres};

/// The engines that the use cases run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbEngine {
    /// A file.
    Sqlite,
    /// A database on the server of the tests.
    Postgres,
}

/// An empty inventory of one test. What it made is removed with it.
#[derive(Debug)]
pub struct TestInventory {
    /// The inventory. Passwords cost little.
    pub inventory: Inventory,
    /// The database, where it is a file, and what is beside it: static files.
    pub scratch: TestDbPath,
    /// The database, where it is not a file.
    pub postgres: Option<TestPostgres>,
}

/// The rounds that passwords of tests are hashed with.
pub fn few_rounds() -> Rounds {
    Rounds::new(10).expect("few rounds are allowed")
}

impl TestInventory {
    /// Makes an empty inventory.
    pub async fn new(engine: DbEngine) -> Self {
        let scratch = TestDbPath::new();
        let ambient = Ambient::system();
        let (inventory, postgres) = match engine {
            DbEngine::Sqlite => (Inventory::create(scratch.path(), ambient).await, None),
            DbEngine::Postgres => {
                let postgres = TestPostgres::with_schema();
                (Inventory::open(address(&postgres), ambient).await, Some(postgres))
            }
        };
        let inventory = inventory.expect("the database is new").with_password_rounds(few_rounds());
        Self { inventory, scratch, postgres }
    }

    /// Opens the same database once more, as another process would.
    pub async fn open_again(&self) -> Inventory {
        let again = Inventory::open(self.inventory.url(), Ambient::system()).await;
        again.expect("it is in use, and can be").with_password_rounds(few_rounds())
    }
}

fn address(postgres: &TestPostgres) -> DatabaseUrl {
    postgres.url().parse().expect("an address")
}
