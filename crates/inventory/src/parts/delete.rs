//! Deletes a part.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::datasheets::datasheets_of;
use super::details::{project_ids, tag_ids};
use super::list::GetStockedPart;
use super::{StockedPart, find};
use crate::db::entity::part_location_allocations;
use crate::{Access, Command, Error, Permission, Query, Read, Work, projects, tags};

/// The tables whose rows refer to a part without being deleted with it.
const REFERRING: [&str; 7] = [
    "part_project_link",
    "partcategorylink",
    "datasheets",
    "partpricinghistory",
    "part_tag_links",
    "partorderlink",
    "mm_low_stock_limit",
];

/// Shows what the deletion of a part affects.
#[derive(Clone, Debug)]
pub struct PreviewPartDeletion(pub String);

/// What the deletion of a part affects.
#[derive(Clone, Debug, PartialEq)]
pub struct PartDeletion {
    /// The part and its quantity, which is lost.
    pub part: StockedPart,
    /// The number of locations with the part.
    pub location_count: u64,
    /// The number of datasheets, which are deleted as well.
    pub datasheet_count: u64,
    /// The number of projects that use the part.
    pub project_count: u64,
    /// The number of prices, which are deleted as well.
    pub price_count: u64,
    /// The number of items in orders, which stay.
    pub order_item_count: u64,
}

impl Query for PreviewPartDeletion {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = PartDeletion;

    async fn run(&self, read: &Read) -> Result<PartDeletion, Error> {
        let part = read.query(&GetStockedPart(self.0.clone())).await?;
        let count = async |table| read.count_referring(table, "part_id", &self.0).await;
        Ok(PartDeletion {
            part,
            location_count: count("part_location_allocations").await?,
            datasheet_count: count("datasheets").await?,
            project_count: count("part_project_link").await?,
            price_count: count("partpricinghistory").await?,
            order_item_count: count("orderitemmodel").await?,
        })
    }
}

/// Deletes a part with its stock, its links, and its datasheets. The ledger keeps its movements.
///
/// Fails with [`Error::Changed`] when the part no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeletePart {
    /// The part.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for DeletePart {
    const ACCESS: Access = Access::Permission(Permission::PartsDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let part = find(work, &self.id).await?;
        work.check_version(&part, self.version.as_deref()).await?;
        let stock = part_location_allocations::Entity::find()
            .filter(part_location_allocations::Column::PartId.eq(&part.id));
        for allocation in stock.all(work.db().await?).await? {
            work.delete(allocation).await?;
        }
        let (tags, projects) = (tag_ids(work, &part.id).await?, project_ids(work, &part.id).await?);
        let files = datasheets_of(work, &part.id).await?.into_iter();
        work.release(files.map(|datasheet| datasheet.file()));
        for table in REFERRING {
            work.delete_referring(table, "part_id", &part.id).await?;
        }
        tags::recount(work, &tags).await?;
        projects::recount(work, &projects).await?;
        work.delete(part).await
    }
}
