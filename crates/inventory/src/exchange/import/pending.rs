//! New parts and their stock, which are written together: many rows take little more time than one.

use std::mem::take;

use super::write::REASON;
use crate::parts::{NewPart, create_all};
use crate::stock::{NewStock, place_all};
use crate::{Error, Work};

/// What is known to be right, and not written yet.
#[derive(Debug, Default)]
pub(super) struct PendingRows {
    pub(super) parts: Vec<NewPart>,
    pub(super) stock: Vec<NewStock>,
}

impl PendingRows {
    /// Writes everything. Must come before anything else reads or writes parts and stock.
    pub(super) async fn write(&mut self, work: &mut Work) -> Result<(), Error> {
        let (parts, stock) = (take(&mut self.parts), take(&mut self.stock));
        if !parts.is_empty() {
            create_all(work, &parts).await?;
        }
        if !stock.is_empty() {
            place_all(work, &stock, REASON).await?;
        }
        Ok(())
    }
}
