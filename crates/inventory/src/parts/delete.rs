//! Deletes a part.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::find;
use crate::db::entity::part_location_allocations;
use crate::{Access, Command, Error, Permission, Work};

/// The tables of the original whose rows refer to a part without being deleted with it.
const REFERRING: [&str; 6] = [
    "part_project_link",
    "partcategorylink",
    "datasheets",
    "partpricinghistory",
    "part_tag_links",
    "partorderlink",
];

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
        for table in REFERRING {
            work.delete_referring(table, "part_id", &part.id).await?;
        }
        work.delete(part).await
    }
}
