//! Finds a part with everything that belongs to it.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use super::datasheets::{Datasheet, datasheets_of};
use super::list::GetStockedPart;
use super::low_stock::limit_of;
use super::{Part, StockedPart};
use crate::db::entity::{part_project_link, part_tag_links, partcategorylink};
use crate::{Access, Error, Permission, Query, Read, categories, projects, tags};

/// Finds a part with its quantity, categories, tags, projects, datasheets, and low-stock limit.
#[derive(Clone, Debug)]
pub struct GetPartDetails(pub String);

/// A part with everything that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct PartDetails {
    /// The part.
    pub part: Part,
    /// The total quantity at all locations.
    pub quantity: i64,
    /// The quantity below which the stock is low.
    pub low_stock_limit: Option<i64>,
    /// The categories, by name.
    pub categories: Vec<Named>,
    /// The tags, by name.
    pub tags: Vec<Named>,
    /// The projects that use the part, by name.
    pub projects: Vec<Named>,
    /// The datasheets, oldest first.
    pub datasheets: Vec<Datasheet>,
}

/// The id and the name of a thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The id.
    pub id: String,
}

impl Query for GetPartDetails {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = PartDetails;

    async fn run(&self, read: &Read) -> Result<PartDetails, Error> {
        let StockedPart { part, quantity } = read.query(&GetStockedPart(self.0.clone())).await?;
        let categories = categories::find_all(read, &category_ids(read, &part.id).await?).await?;
        let tags = tags::find_all(read, &tag_ids(read, &part.id).await?).await?;
        let projects = projects::find_all(read, &project_ids(read, &part.id).await?).await?;
        Ok(PartDetails {
            quantity,
            low_stock_limit: limit_of(read, &part.id).await?,
            categories: by_name(categories.into_iter().map(|row| (row.name, row.id))),
            tags: by_name(tags.into_iter().map(|row| (row.name, row.id))),
            projects: by_name(projects.into_iter().map(|row| (row.name, row.id))),
            datasheets: datasheets_of(read, &part.id).await?,
            part,
        })
    }
}

fn by_name(things: impl Iterator<Item = (String, String)>) -> Vec<Named> {
    let mut things: Vec<Named> = things.map(|(name, id)| Named { name, id }).collect();
    things.sort();
    things
}

/// Returns the ids of the categories of a part.
pub(crate) async fn category_ids(read: &Read, part_id: &str) -> Result<Vec<String>, Error> {
    use partcategorylink::{Column, Entity};
    let ids = Entity::find().select_only().column(Column::CategoryId).filter(Column::PartId.eq(part_id));
    Ok(ids.into_tuple().all(read.db().await?).await?)
}

/// Returns the ids of the tags of a part.
pub(crate) async fn tag_ids(read: &Read, part_id: &str) -> Result<Vec<String>, Error> {
    use part_tag_links::{Column, Entity};
    let ids = Entity::find().select_only().column(Column::TagId).filter(Column::PartId.eq(part_id));
    Ok(ids.into_tuple().all(read.db().await?).await?)
}

/// Returns the ids of the projects that use a part.
pub(crate) async fn project_ids(read: &Read, part_id: &str) -> Result<Vec<String>, Error> {
    use part_project_link::{Column, Entity};
    let ids = Entity::find().select_only().column(Column::ProjectId).filter(Column::PartId.eq(part_id));
    Ok(ids.into_tuple().all(read.db().await?).await?)
}
