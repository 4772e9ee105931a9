//! Counts the rows that refer to a file.

use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Alias, Cond, Expr, ExprTrait, LikeExpr, Query as SqlQuery};

use super::FileRef;
use crate::static_files::{FileKind, IMAGE_URL};
use crate::{Access, Error, Permission, Query, Read};

/// The tables with addresses of images.
const IMAGE_TABLES: [&str; 4] = ["partmodel", "locationmodel", "toolmodel", "projectmodel"];

/// Counts the rows that refer to a file.
#[derive(Clone, Debug)]
pub struct CountFileReferences(pub FileRef);

impl Query for CountFileReferences {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = u64;

    async fn run(&self, read: &Read) -> Result<u64, Error> {
        let FileRef { kind, path } = &self.0;
        if *kind == FileKind::Datasheets {
            return read.count_referring("datasheets", "filename", path).await;
        }
        let mut count = 0;
        for table in IMAGE_TABLES {
            let mut rows = SqlQuery::select();
            rows.expr(Expr::cust("CAST(COUNT(*) AS BIGINT)")).from(Alias::new(table));
            let row = read.db().await?.query_one(rows.cond_where(refers_to(path))).await?;
            let rows: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
            count += rows.cast_unsigned();
        }
        Ok(count)
    }
}

/// Returns the condition that a row has the address of an image: with or without its extension, a query or a fragment.
fn refers_to(path: &str) -> Cond {
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let stems = path[name_at..].match_indices('.').map(|(dot, _)| &path[..name_at + dot]);
    let column = || Expr::col(Alias::new("image_url"));
    let mut condition = Cond::any();
    for name in stems.chain([path]) {
        let address = format!("{IMAGE_URL}{name}");
        let escaped = address.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        for end in ["?%", "#%"] {
            condition = condition.add(column().like(LikeExpr::new(format!("{escaped}{end}")).escape('\\')));
        }
        condition = condition.add(column().eq(address));
    }
    condition
}
