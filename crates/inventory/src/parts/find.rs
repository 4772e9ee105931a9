//! Finds a part by id, name, or number.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::{Part, find};
use crate::db::entity::partmodel::{Column, Entity};
use crate::{Access, Error, Permission, Query, Read};

/// Finds the part with an id.
#[derive(Clone, Debug)]
pub struct GetPart(pub String);

/// Finds the part with a name.
#[derive(Clone, Debug)]
pub struct FindPartByName(pub String);

/// Finds the part with a number. Returns the first by name if several parts have it.
#[derive(Clone, Debug)]
pub struct FindPartByNumber(pub String);

impl Query for GetPart {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Part;

    async fn run(&self, read: &Read) -> Result<Part, Error> {
        Ok(find(read, &self.0).await?.into())
    }
}

impl Query for FindPartByName {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Part;

    async fn run(&self, read: &Read) -> Result<Part, Error> {
        find_by(read, Column::PartName, &self.0).await
    }
}

impl Query for FindPartByNumber {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Part;

    async fn run(&self, read: &Read) -> Result<Part, Error> {
        find_by(read, Column::PartNumber, &self.0).await
    }
}

async fn find_by(read: &Read, column: Column, value: &str) -> Result<Part, Error> {
    let query = Entity::find().filter(column.eq(value)).order_by_asc(Column::PartName);
    let row = query.one(read.db().await?).await?;
    row.map(Part::from).ok_or_else(|| Error::not_found("part", value))
}
