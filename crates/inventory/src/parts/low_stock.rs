//! The quantity below which the stock of a part is low.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::find;
use crate::db::entity::mm_low_stock_limit::{Column, Entity, Model};
use crate::work::Read;
use crate::{Access, Command, Error, Fields, Permission, Work};

/// Sets or removes the quantity below which the stock of a part is low.
#[derive(Clone, Debug)]
pub struct SetLowStockLimit {
    /// The part.
    pub part_id: String,
    /// The limit, at least 1. `None` removes it.
    pub quantity: Option<i64>,
}

impl Command for SetLowStockLimit {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = ();

    fn validate(&self, fields: &mut Fields) {
        validate(fields, "quantity", self.quantity);
    }

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let part_id = find(work, &self.part_id).await?.id;
        set_limit(work, part_id, self.quantity).await
    }
}

/// Sets or removes the limit of a part that exists.
pub(super) async fn set_limit(work: &mut Work, part_id: String, limit: Option<i64>) -> Result<(), Error> {
    let before = Entity::find_by_id(&part_id).one(work.db().await?).await?;
    match (before, limit) {
        (Some(before), Some(quantity)) => {
            work.update(&before, Model { quantity, ..before.clone() }).await?;
        }
        (Some(before), None) => work.delete(before).await?,
        (None, Some(quantity)) => {
            work.insert(Model { part_id, quantity }).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Checks a limit.
pub(super) fn validate(fields: &mut Fields, field: &'static str, limit: Option<i64>) {
    fields.number(field, limit.unwrap_or(1), 1..=i64::MAX);
}

/// Returns the limit of a part.
pub(super) async fn limit_of(read: &Read, part_id: &str) -> Result<Option<i64>, Error> {
    let row = Entity::find_by_id(part_id).one(read.db().await?).await?;
    Ok(row.map(|row| row.quantity))
}

/// Returns the low-stock limits of parts, by the id of the part.
pub(super) async fn limits_of(read: &Read, ids: &[String]) -> Result<HashMap<String, i64>, Error> {
    let rows = Entity::find().filter(Column::PartId.is_in(ids)).all(read.db().await?).await?;
    Ok(rows.into_iter().map(|row| (row.part_id, row.quantity)).collect())
}
