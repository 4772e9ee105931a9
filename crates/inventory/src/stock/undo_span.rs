//! Undoes the movements of one change of many parts.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::ledger::{Movement, MovementKind};
use super::undo::reverse;
use crate::db::entity::mm_stock_movement::{Column, Entity, Model};
use crate::{Access, Command, Error, Permission, Work, parts};

/// Successive movements of one transaction. Those who write wait for each other, so no other movement is between the first and the
/// last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementSpan {
    /// The id of the first movement.
    pub first: String,
    /// The id of the last movement.
    pub last: String,
}

/// Undoes a span of movements, all or none, from the last to the first. Returns the number of parts. A location that held stock of a
/// part before and became its primary storage stays that, as with [`UndoMovement`](super::UndoMovement).
///
/// Fails with [`Error::MovedSince`] when the stock of one of the parts has moved since, with [`Error::NothingToUndo`] when one of the
/// movements is an undo or an opening, and with [`Error::NotFound`] when a part or a location is gone.
#[derive(Clone, Debug)]
pub struct UndoMovements(pub MovementSpan);

impl MovementSpan {
    /// Returns the span of movements in their order, or `None` for no movement.
    pub(crate) fn of(movements: &[Movement]) -> Option<Self> {
        let (first, last) = (movements.first()?, movements.last()?);
        Some(Self { first: first.id.clone(), last: last.id.clone() })
    }
}

impl Command for UndoMovements {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = u64;

    async fn run(&self, work: &mut Work) -> Result<u64, Error> {
        let (first, last) = (find(work, &self.0.first).await?, find(work, &self.0.last).await?);
        let is_one_change = first.moved_at == last.moved_at && first.user_id == last.user_id;
        if !is_one_change || first.number > last.number {
            return Err(Error::not_found("span of movements", &self.0.last));
        }
        let is_in_span = Column::Number.between(first.number, last.number);
        refuse_if_moved_since(work, &is_in_span, last.number).await?;
        let span = Entity::find().filter(is_in_span).order_by_desc(Column::Number);
        let span: Vec<Movement> = span.all(work.db().await?).await?.into_iter().map(Into::into).collect();
        let mut part_ids: Vec<&str> = span.iter().map(|movement| movement.part_id.as_str()).collect();
        part_ids.sort_unstable();
        part_ids.dedup();
        // A correction records what another program has changed, which stays.
        for movement in span.iter().filter(|movement| movement.kind != MovementKind::Correction) {
            parts::find(work, &movement.part_id).await?;
            reverse(work, movement).await?;
        }
        Ok(part_ids.len() as u64)
    }
}

async fn find(work: &Work, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(work.db().await?).await?;
    row.ok_or_else(|| Error::not_found("movement", id))
}

/// Refuses an undo that would skip a later movement of one of the parts.
async fn refuse_if_moved_since(work: &Work, is_in_span: &Expr, last: i64) -> Result<(), Error> {
    let parts = Entity::find().select_only().column(Column::PartId).filter(is_in_span.clone()).into_query();
    let later = Entity::find().filter(Column::Number.gt(last)).filter(Column::PartId.in_subquery(parts));
    match later.order_by_asc(Column::Number).one(work.db().await?).await? {
        None => Ok(()),
        Some(later) => Err(Error::MovedSince { part: parts::find(work, &later.part_id).await?.part_name }),
    }
}
