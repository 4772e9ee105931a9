//! Counts the things of the inventory.

use sea_orm::{ConnectionTrait, Statement};

use crate::{Access, Error, Permission, Query, Read};

/// Counts the parts, the locations and the categories, each if the actor may read them.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountThings {
    /// Whether the parts are left out, since the caller knows their number. Counting them reads an index as a whole.
    pub without_parts: bool,
}

/// The numbers of things. `None` if the actor may not read them, or if they were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// The number of parts.
    pub parts: Option<u64>,
    /// The number of locations.
    pub locations: Option<u64>,
    /// The number of categories.
    pub categories: Option<u64>,
}

impl Query for CountThings {
    const ACCESS: Access = Access::SignedIn;
    type Output = Sizes;

    async fn run(&self, read: &Read) -> Result<Sizes, Error> {
        let may = |permission| read.actor().may(permission);
        let count = |table: &str, is_wanted: bool| {
            let count = format!("(SELECT CAST(COUNT(*) AS BIGINT) FROM {table})");
            if is_wanted { count } else { "CAST(NULL AS BIGINT)".to_owned() }
        };
        let sql = format!(
            "SELECT {}, {}, {}",
            count("partmodel", may(Permission::PartsRead) && !self.without_parts),
            count("locationmodel", may(Permission::LocationsRead)),
            count("categorymodel", may(Permission::CategoriesRead)),
        );
        let db = read.db().await?;
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let Some(row) = row else { return Ok(Sizes::default()) };
        let number =
            |index| Ok::<_, Error>(row.try_get_by_index::<Option<i64>>(index)?.map(i64::cast_unsigned));
        Ok(Sizes { parts: number(0)?, locations: number(1)?, categories: number(2)? })
    }
}
