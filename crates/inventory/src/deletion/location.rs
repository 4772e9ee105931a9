//! Deletes a location with everything below it, and moves what it holds to another location.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::db::entity::locationmodel;
use crate::db::entity::part_location_allocations::{self, Model as Allocation};
use crate::db::entity::tool_location_allocations::{self, Model as ToolAllocation};
use crate::fields::{MAX_TEXT, Problem};
use crate::locations::{self, Location, SINGLE_PART, TREE};
use crate::stock::TransferStock;
use crate::{Access, Command, Error, Fields, Permission, Query, Read, Work};

/// The largest number of ids in one statement.
const MAX_IDS: usize = 1000;

/// Shows what the deletion of a location affects.
#[derive(Clone, Debug)]
pub struct PreviewLocationDeletion(pub String);

/// What the deletion of a location affects.
#[derive(Clone, Debug, PartialEq)]
pub struct LocationDeletion {
    /// The location.
    pub location: Location,
    /// The number of locations below it, which are deleted as well.
    pub below_count: u64,
    /// The number of parts with stock in the location or below it, counted once for each location.
    pub part_count: u64,
    /// Their quantity, which must move to another location.
    pub quantity: i64,
    /// The number of tools in the location or below it, which must move to another location.
    pub tool_count: u64,
}

/// Deletes a location and everything below it. The stock and the tools there move to another location, and each move of stock
/// is recorded in the ledger. Moving stock also requires the permission to update parts, and moving tools that to update
/// tools.
///
/// Fails with [`Error::Changed`] when the location no longer has the expected version, with [`Error::NotEmpty`] when something
/// is there but no other location is named, and with the errors of [`TransferStock`].
#[derive(Clone, Debug, Default)]
pub struct DeleteLocation {
    /// The location.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
    /// The location that receives the stock and the tools.
    pub move_stock_to: Option<String>,
}

impl Query for PreviewLocationDeletion {
    const ACCESS: Access = Access::Permission(Permission::LocationsRead);
    type Output = LocationDeletion;

    async fn run(&self, read: &Read) -> Result<LocationDeletion, Error> {
        let row = locations::find(read, &self.0).await?;
        let ids = TREE.below(read, &row.id).await?;
        let mut preview = LocationDeletion {
            location: locations::describe_one(read, row).await?,
            below_count: ids.len() as u64 - 1,
            part_count: 0,
            quantity: 0,
            tool_count: 0,
        };
        for ids in ids.chunks(MAX_IDS) {
            for allocation in stock_in(read, ids).await? {
                preview.part_count += u64::from(allocation.quantity_at_location != 0);
                preview.quantity = preview.quantity.saturating_add(allocation.quantity_at_location);
            }
            preview.tool_count += tools_in(read, ids).await?.len() as u64;
        }
        Ok(preview)
    }
}

impl Command for DeleteLocation {
    const ACCESS: Access = Access::Permission(Permission::LocationsDelete);
    type Output = ();

    fn validate(&self, fields: &mut Fields) {
        fields.text("move_stock_to", self.move_stock_to.as_deref(), MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let location = locations::find(work, &self.id).await?;
        work.check_version(&location, self.version.as_deref()).await?;
        let ids = TREE.below(work, &location.id).await?;
        match &self.move_stock_to {
            Some(target) => {
                let target = locations::find(work, target).await?;
                if ids.contains(&target.id) {
                    return Err(Error::invalid("move_stock_to", Problem::Deleted));
                }
                empty(work, &ids, &target).await?;
            }
            None => check_empty(work, &location, &ids).await?,
        }
        for id in &ids {
            // Nothing but empty allocations is left.
            for allocation in stock_in(work, std::slice::from_ref(id)).await? {
                work.delete(allocation).await?;
            }
            let location = locations::find(work, id).await?;
            work.delete(location).await?;
        }
        Ok(())
    }
}

/// Refuses a deletion while there is stock or a tool.
async fn check_empty(read: &Read, location: &locationmodel::Model, ids: &[String]) -> Result<(), Error> {
    let (mut parts, mut tools) = (0, 0);
    for ids in ids.chunks(MAX_IDS) {
        let stock = stock_in(read, ids).await?;
        parts += stock.iter().filter(|allocation| allocation.quantity_at_location != 0).count();
        tools += tools_in(read, ids).await?.len();
    }
    for (what, count) in [("part", parts), ("tool", tools)] {
        if count > 0 {
            let name = location.name.clone().unwrap_or_else(|| location.id.clone());
            return Err(Error::NotEmpty { location: name, what, count: count as u64 });
        }
    }
    Ok(())
}

/// Moves all stock and all tools to another location.
async fn empty(work: &mut Work, ids: &[String], target: &locationmodel::Model) -> Result<(), Error> {
    for ids in ids.chunks(MAX_IDS) {
        for allocation in stock_in(work, ids).await? {
            move_stock(work, allocation, target).await?;
        }
        for allocation in tools_in(work, ids).await? {
            work.actor().require(Permission::ToolsUpdate)?;
            move_tool(work, allocation, &target.id).await?;
        }
    }
    Ok(())
}

async fn move_stock(
    work: &mut Work,
    allocation: Allocation,
    target: &locationmodel::Model,
) -> Result<(), Error> {
    let (Some(part_id), Some(location_id)) = (&allocation.part_id, &allocation.location_id) else {
        return work.delete(allocation).await;
    };
    let quantity = allocation.quantity_at_location;
    if quantity < 0 {
        return Err(Error::InsufficientStock { available: quantity, requested: 0 });
    }
    if quantity > 0 {
        let transfer = TransferStock {
            part_id: part_id.clone(),
            from_location_id: location_id.clone(),
            to_location_id: target.id.clone(),
            quantity,
            notes: None,
            reason: Some("the location was deleted".to_owned()),
        };
        work.call(&transfer).await?;
        return Ok(());
    }
    // An empty allocation states where the part belongs.
    use part_location_allocations::{Column, Entity};
    let there = Entity::find().filter(Column::PartId.eq(part_id)).filter(Column::LocationId.eq(&target.id));
    match there.one(work.db().await?).await? {
        None if target.location_type == SINGLE_PART => work.delete(allocation).await?,
        None => {
            let location_id = Some(target.id.clone());
            let after = Allocation { location_id, last_updated: work.now(), ..allocation.clone() };
            work.update(&allocation, after).await?;
        }
        Some(there) => {
            let is_primary_storage = there.is_primary_storage || allocation.is_primary_storage;
            work.update(&there, Allocation { is_primary_storage, ..there.clone() }).await?;
            work.delete(allocation).await?;
        }
    }
    Ok(())
}

async fn move_tool(work: &mut Work, allocation: ToolAllocation, target: &str) -> Result<(), Error> {
    use tool_location_allocations::{Column, Entity};
    let Some(tool_id) = &allocation.tool_id else { return work.delete(allocation).await };
    let there = Entity::find().filter(Column::ToolId.eq(tool_id)).filter(Column::LocationId.eq(target));
    match there.one(work.db().await?).await? {
        None => {
            let location_id = Some(target.to_owned());
            let after = ToolAllocation { location_id, last_updated: work.now(), ..allocation.clone() };
            work.update(&allocation, after).await?;
        }
        Some(there) => {
            let after = ToolAllocation {
                quantity_at_location: there
                    .quantity_at_location
                    .saturating_add(allocation.quantity_at_location),
                is_primary_storage: there.is_primary_storage || allocation.is_primary_storage,
                last_updated: work.now(),
                ..there.clone()
            };
            work.update(&there, after).await?;
            work.delete(allocation).await?;
        }
    }
    Ok(())
}

async fn stock_in(read: &Read, ids: &[String]) -> Result<Vec<Allocation>, Error> {
    use part_location_allocations::{Column, Entity};
    let here = Entity::find().filter(Column::LocationId.is_in(ids)).order_by_asc(Column::Id);
    Ok(here.all(read.db().await?).await?)
}

async fn tools_in(read: &Read, ids: &[String]) -> Result<Vec<ToolAllocation>, Error> {
    use tool_location_allocations::{Column, Entity};
    let here = Entity::find().filter(Column::LocationId.is_in(ids)).order_by_asc(Column::Id);
    Ok(here.all(read.db().await?).await?)
}
