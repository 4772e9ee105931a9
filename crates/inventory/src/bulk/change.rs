//! Changes many parts.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{distinct, validate_ids};
use crate::change::Change;
use crate::db::entity::part_location_allocations::{Column, Entity};
use crate::parts::{UpdatePart, category_ids, tag_ids};
use crate::stock::{Movement, MovementSpan, TransferStock};
use crate::tags::EnsureTags;
use crate::{Access, Command, Error, Fields, Permission, Work};

/// Changes parts, all or none.
///
/// Fails with the errors of [`UpdatePart`], [`TransferStock`] and [`EnsureTags`].
#[derive(Clone, Debug, Default)]
pub struct ChangeParts {
    /// The ids of the parts, at most [`MAX_PARTS`](super::MAX_PARTS).
    pub ids: Vec<String>,
    /// The fields that all parts get.
    pub description: Change<Option<String>>,
    /// The manufacturer.
    pub manufacturer: Change<Option<String>>,
    /// The type of component.
    pub component_type: Change<Option<String>>,
    /// The supplier.
    pub supplier: Change<Option<String>>,
    /// The page of the supplier.
    pub supplier_url: Change<Option<String>>,
    /// The page of the manufacturer.
    pub product_url: Change<Option<String>>,
    /// An emoji, shown before the name.
    pub emoji: Change<Option<String>>,
    /// The ids of the categories that all parts get.
    pub add_category_ids: Vec<String>,
    /// The ids of the categories that all parts lose.
    pub remove_category_ids: Vec<String>,
    /// The ids of the tags that all parts get.
    pub add_tag_ids: Vec<String>,
    /// The names of more tags that all parts get. Those that do not exist are created.
    pub add_tag_names: Vec<String>,
    /// The ids of the tags that all parts lose.
    pub remove_tag_ids: Vec<String>,
    /// Where the stock of all parts moves.
    pub move_stock: Option<StockTarget>,
}

/// Where stock moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockTarget {
    /// The only location whose stock moves. `None` moves the stock of all locations.
    pub from_location_id: Option<String>,
    /// The location that receives the stock.
    pub to_location_id: String,
    /// The reason, for the history.
    pub reason: Option<String>,
}

/// The result of a change of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedParts {
    /// The number of parts.
    pub count: u64,
    /// The movements of stock, which can be undone together.
    pub movements: Option<MovementSpan>,
}

impl Command for ChangeParts {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = ChangedParts;

    fn validate(&self, fields: &mut Fields) {
        validate_ids(&self.ids, fields);
        EnsureTags(self.add_tag_names.clone()).validate(fields);
    }

    async fn run(&self, work: &mut Work) -> Result<ChangedParts, Error> {
        let ids = distinct(&self.ids);
        let mut change = self.clone();
        if !self.add_tag_names.is_empty() {
            change.add_tag_ids.extend(work.call(&EnsureTags(self.add_tag_names.clone())).await?);
        }
        let mut movements = Vec::new();
        for id in &ids {
            let update = change.update(work, id).await?;
            work.call(&update).await?;
            if let Some(target) = &self.move_stock {
                move_stock(work, id, target, &mut movements).await?;
            }
        }
        Ok(ChangedParts { count: ids.len() as u64, movements: MovementSpan::of(&movements) })
    }
}

impl ChangeParts {
    /// Returns the change of one part.
    async fn update(&self, work: &Work, id: &str) -> Result<UpdatePart, Error> {
        let (more, less) = (&self.add_category_ids, &self.remove_category_ids);
        let category_ids = changed(more, less, async || category_ids(work, id).await).await?;
        let (more, less) = (&self.add_tag_ids, &self.remove_tag_ids);
        let tag_ids = changed(more, less, async || tag_ids(work, id).await).await?;
        Ok(UpdatePart {
            id: id.to_owned(),
            description: self.description.clone(),
            manufacturer: self.manufacturer.clone(),
            component_type: self.component_type.clone(),
            supplier: self.supplier.clone(),
            supplier_url: self.supplier_url.clone(),
            product_url: self.product_url.clone(),
            emoji: self.emoji.clone(),
            category_ids,
            tag_ids,
            ..UpdatePart::default()
        })
    }
}

/// Returns the current ids with some added and some removed.
async fn changed(
    added: &[String],
    removed: &[String],
    current: impl AsyncFnOnce() -> Result<Vec<String>, Error>,
) -> Result<Change<Vec<String>>, Error> {
    if added.is_empty() && removed.is_empty() {
        return Ok(Change::Keep);
    }
    let mut ids = current().await?;
    ids.retain(|id| !removed.contains(id));
    ids.extend(distinct(added).into_iter().filter(|id| !ids.contains(id)).collect::<Vec<_>>());
    Ok(Change::Set(ids))
}

/// Moves all stock of a part to one location, and adds the movements to a list.
async fn move_stock(
    work: &mut Work,
    part_id: &str,
    target: &StockTarget,
    movements: &mut Vec<Movement>,
) -> Result<(), Error> {
    let mut stock =
        Entity::find().filter(Column::PartId.eq(part_id)).filter(Column::QuantityAtLocation.gt(0));
    if let Some(from) = &target.from_location_id {
        stock = stock.filter(Column::LocationId.eq(from));
    }
    // The primary storage comes first, so that an undo gives it back.
    let stock = stock.order_by_desc(Column::IsPrimaryStorage).order_by_asc(Column::Id);
    let stock = stock.all(work.db().await?).await?;
    for allocation in stock {
        let Some(from_location_id) = allocation.location_id.filter(|from| *from != target.to_location_id)
        else {
            continue;
        };
        let transfer = TransferStock {
            part_id: part_id.to_owned(),
            from_location_id,
            to_location_id: target.to_location_id.clone(),
            quantity: allocation.quantity_at_location,
            notes: None,
            reason: target.reason.clone(),
        };
        movements.push(work.call(&transfer).await?.movement);
    }
    Ok(())
}
