//! The live inventory. A restore normally replaces the content of the database file, and the open connections see the new
//! content. A restore of an unreadable database replaces the file itself, so the inventory is opened again.

use inventory::{Error, Inventory};
use tokio::sync::RwLock;

/// The live inventory.
pub(crate) struct Live {
    current: RwLock<Inventory>,
}

impl Live {
    pub(crate) fn new(inventory: Inventory) -> Self {
        Self { current: RwLock::new(inventory) }
    }

    /// Returns the inventory. Opens it again if the database file was replaced.
    pub(crate) async fn inventory(&self) -> Result<Inventory, Error> {
        let current = self.current.read().await.clone();
        if !current.is_replaced() {
            return Ok(current);
        }
        let mut current = self.current.write().await;
        if current.is_replaced() {
            let reopened = current.reopen().await?;
            let replaced = std::mem::replace(&mut *current, reopened);
            // Requests that still use the connections to the replaced file must not go on.
            let _ = replaced.close().await;
            tracing::info!("the database file was replaced, and has been opened again");
        }
        Ok(current.clone())
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.current.read().await.close().await
    }
}
