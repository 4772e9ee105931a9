//! The live inventory. A restore normally replaces the content of the database file, and the open connections see the new
//! content. A restore of an unreadable database replaces the file itself, so its identity is compared before each use.

use std::os::unix::fs::MetadataExt;

use inventory::{DatabaseUrl, Error, Inventory};
use tokio::sync::RwLock;

/// The live inventory.
pub(crate) struct Live {
    current: RwLock<Current>,
}

#[derive(Clone)]
struct Current {
    inventory: Inventory,
    file: Option<FileId>,
}

type FileId = (u64, u64);

impl Live {
    pub(crate) fn new(inventory: Inventory) -> Self {
        let file = file_id(inventory.url());
        Self { current: RwLock::new(Current { inventory, file }) }
    }

    /// Returns the inventory. Opens it again if the database file was replaced.
    pub(crate) async fn inventory(&self) -> Result<Inventory, Error> {
        let current = self.current.read().await.clone();
        if file_id(current.inventory.url()) == current.file {
            return Ok(current.inventory);
        }
        let mut current = self.current.write().await;
        let file = file_id(current.inventory.url());
        if file != current.file {
            let reopened = current.inventory.reopen().await?;
            let replaced = std::mem::replace(&mut *current, Current { inventory: reopened, file });
            // Requests that still use the connections to the replaced file must not go on.
            let _ = replaced.inventory.close().await;
            tracing::info!("the database file was replaced, and has been opened again");
        }
        Ok(current.inventory.clone())
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.current.read().await.inventory.close().await
    }
}

fn file_id(url: &DatabaseUrl) -> Option<FileId> {
    match url {
        DatabaseUrl::Sqlite(path) => path.metadata().ok().map(|found| (found.dev(), found.ino())),
        DatabaseUrl::Postgres(_) => None,
    }
}
