//! Stock: how many of a part lie at which location, and moving them. A quantity is never negative, a part has one
//! allocation per location, and at most one of them is its primary storage.

use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, DatabaseTransaction, EntityTrait, ModelTrait, QueryFilter,
    QueryOrder,
};

use crate::entity::part_location_allocations::{ActiveModel, Column, Entity};
use crate::locations::SINGLE_PART;
use crate::store::insert;
use crate::timestamp::Timestamp;
use crate::{Actor, Error, Inventory, locations, parts};

pub use crate::entity::part_location_allocations::Model as Allocation;

/// An allocation to be created.
#[derive(Clone, Debug, Default)]
pub struct NewAllocation {
    /// What lies there.
    pub part_id: String,
    /// Where it lies.
    pub location_id: String,
    /// How many, 0 or more.
    pub quantity: i64,
    /// Whether this is where the part belongs.
    pub is_primary: bool,
    /// Whether to take the part's present primary storage's place; otherwise it is an error that there is one.
    pub replace_primary: bool,
    /// Anything worth noting.
    pub notes: Option<String>,
}

/// What a transfer left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// The allocation taken from; nothing when all was taken and the row is gone.
    pub from: Option<Allocation>,
    /// The allocation added to.
    pub to: Allocation,
}

impl Inventory {
    /// Puts a part at a location where it is not yet.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the part is there, [`Error::PrimaryTaken`], [`Error::NotFound`],
    /// [`Error::Invalid`] for a negative quantity or a second part at a [`SINGLE_PART`] location,
    /// [`Error::Forbidden`].
    pub async fn create_allocation(&self, actor: &Actor, new: NewAllocation) -> Result<Allocation, Error> {
        actor.require("parts:update")?;
        if new.quantity < 0 {
            return Err(Error::invalid("quantity", "it must not be negative"));
        }
        let transaction = self.write().await?;
        parts::find(&transaction, &new.part_id).await?;
        let location = locations::find(&transaction, &new.location_id).await?;
        let of_part = of_part(&transaction, &new.part_id).await?;
        if of_part.iter().any(|allocation| allocation.location_id.as_ref() == Some(&location.id)) {
            let name = location.name.unwrap_or(location.id);
            return Err(Error::already_exists("allocation of the part at location", &name));
        }
        check_room(&transaction, &location, &new.part_id).await?;
        let now = self.now();
        if new.is_primary {
            for present in of_part.iter().filter(|allocation| allocation.is_primary_storage) {
                if !new.replace_primary {
                    return Err(primary_taken(&transaction, present).await);
                }
                let change =
                    ActiveModel { is_primary_storage: ActiveValue::Set(false), ..touch(present, now) };
                change.update(&transaction).await?;
            }
        }
        let allocation = Allocation {
            is_primary_storage: new.is_primary,
            notes: new.notes,
            ..self.empty_allocation(&new.part_id, &location.id, new.quantity)
        };
        let allocation = insert(&transaction, allocation).await?;
        transaction.commit().await?;
        Ok(allocation)
    }

    /// The allocation with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn allocation(&self, actor: &Actor, id: &str) -> Result<Allocation, Error> {
        actor.require("parts:read")?;
        let allocation = Entity::find_by_id(id).one(&self.read().await?).await?;
        allocation.ok_or_else(|| Error::not_found("allocation", id))
    }

    /// Where a part lies: its primary storage first, then oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn part_allocations(&self, actor: &Actor, part_id: &str) -> Result<Vec<Allocation>, Error> {
        actor.require("parts:read")?;
        let transaction = self.read().await?;
        parts::find(&transaction, part_id).await?;
        of_part(&transaction, part_id).await
    }

    /// What lies at a location, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn location_allocations(
        &self,
        actor: &Actor,
        location_id: &str,
    ) -> Result<Vec<Allocation>, Error> {
        actor.require("parts:read")?;
        let transaction = self.read().await?;
        locations::find(&transaction, location_id).await?;
        let at_location = Entity::find().filter(Column::LocationId.eq(location_id));
        Ok(at_location.order_by_asc(Column::AllocatedAt).order_by_asc(Column::Id).all(&transaction).await?)
    }

    /// Moves `quantity` of a part from one location to another. When nothing is left, the allocation taken from is
    /// deleted; if it was the primary storage, the other becomes it.
    ///
    /// # Errors
    /// [`Error::InsufficientStock`], [`Error::NotFound`] for the part, a location, or an allocation at the source,
    /// [`Error::Invalid`] for a quantity below 1, the same location twice, or a second part at a [`SINGLE_PART`]
    /// location, [`Error::Forbidden`].
    pub async fn transfer(
        &self,
        actor: &Actor,
        part_id: &str,
        from: &str,
        to: &str,
        quantity: i64,
    ) -> Result<Transfer, Error> {
        actor.require("parts:update")?;
        if quantity < 1 {
            return Err(Error::invalid("quantity", "it must be at least 1"));
        }
        if from == to {
            return Err(Error::invalid("target location", "it is the one to take from"));
        }
        let transaction = self.write().await?;
        parts::find(&transaction, part_id).await?;
        locations::find(&transaction, from).await?;
        let target = locations::find(&transaction, to).await?;
        let source = at(&transaction, part_id, from).await?;
        let source = source.ok_or_else(|| Error::not_found("allocation of the part at location", from))?;
        let available = source.quantity_at_location;
        if available < quantity {
            return Err(Error::InsufficientStock { available, requested: quantity });
        }
        let now = self.now();
        let left = available - quantity;
        let moves_primary = left == 0 && source.is_primary_storage;
        let left_behind = if left == 0 {
            source.delete(&transaction).await?;
            None
        } else {
            let change = ActiveModel { quantity_at_location: ActiveValue::Set(left), ..touch(&source, now) };
            Some(change.update(&transaction).await?)
        };
        let arrived = match at(&transaction, part_id, to).await? {
            Some(present) => {
                let sum = present.quantity_at_location.checked_add(quantity);
                let sum = sum.ok_or_else(|| Error::invalid("quantity", "the sum is too large"))?;
                let change = ActiveModel {
                    quantity_at_location: ActiveValue::Set(sum),
                    is_primary_storage: ActiveValue::Set(present.is_primary_storage || moves_primary),
                    ..touch(&present, now)
                };
                change.update(&transaction).await?
            }
            None => {
                check_room(&transaction, &target, part_id).await?;
                let new = Allocation {
                    is_primary_storage: moves_primary,
                    ..self.empty_allocation(part_id, to, quantity)
                };
                insert(&transaction, new).await?
            }
        };
        transaction.commit().await?;
        Ok(Transfer { from: left_behind, to: arrived })
    }

    fn empty_allocation(&self, part_id: &str, location_id: &str, quantity: i64) -> Allocation {
        let now = self.now();
        Allocation {
            id: self.new_id(),
            part_id: Some(part_id.to_owned()),
            location_id: Some(location_id.to_owned()),
            quantity_at_location: quantity,
            is_primary_storage: false,
            allocated_at: now,
            last_updated: now,
            notes: None,
            auto_synced: false,
            last_nfc_scan: None,
        }
    }
}

async fn of_part(transaction: &DatabaseTransaction, part_id: &str) -> Result<Vec<Allocation>, Error> {
    let of_part = Entity::find().filter(Column::PartId.eq(part_id)).order_by_desc(Column::IsPrimaryStorage);
    Ok(of_part.order_by_asc(Column::AllocatedAt).order_by_asc(Column::Id).all(transaction).await?)
}

async fn at(
    transaction: &DatabaseTransaction,
    part_id: &str,
    location: &str,
) -> Result<Option<Allocation>, Error> {
    let of_part = Entity::find().filter(Column::PartId.eq(part_id));
    Ok(of_part.filter(Column::LocationId.eq(location)).one(transaction).await?)
}

fn touch(allocation: &Allocation, now: Timestamp) -> ActiveModel {
    ActiveModel {
        id: ActiveValue::Unchanged(allocation.id.clone()),
        last_updated: ActiveValue::Set(now),
        ..Default::default()
    }
}

async fn check_room(
    transaction: &DatabaseTransaction,
    location: &locations::Location,
    part_id: &str,
) -> Result<(), Error> {
    if location.location_type != SINGLE_PART {
        return Ok(());
    }
    let at_location = Entity::find().filter(Column::LocationId.eq(&location.id));
    match at_location.filter(Column::PartId.ne(part_id)).one(transaction).await? {
        None => Ok(()),
        Some(_) => Err(Error::invalid("location", "it holds a single part, and another one is there")),
    }
}

async fn primary_taken(transaction: &DatabaseTransaction, present: &Allocation) -> Error {
    let id = present.location_id.clone().unwrap_or_default();
    let name = locations::find(transaction, &id).await.ok().and_then(|location| location.name);
    Error::PrimaryTaken { location: name.unwrap_or(id) }
}
