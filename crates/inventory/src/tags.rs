//! Tags of parts and tools. A tag is assigned to a part by changing the part.

mod create;
mod delete;
mod ensure;
mod list;
mod update;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::db::entity::part_tag_links;
use crate::db::entity::tagmodel::{Column, Entity, Model};
use crate::db::record::version_of;
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::work::{Read, Work};
use crate::{Error, Timestamp};

pub use create::CreateTag;
pub use delete::DeleteTag;
pub use ensure::EnsureTags;
pub use list::{GetTag, ListTagNames, ListTags, TagFilter, TagSort};
pub use update::UpdateTag;

/// The largest number of characters in the name of a tag, as in the original.
const MAX_NAME: usize = 50;

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Unique.
    pub id: String,
    /// Unique, regardless of case.
    pub name: String,
    /// The color, such as `#FF5733`.
    pub color: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// An icon or an emoji.
    pub icon: Option<String>,
    /// The number of parts with the tag.
    pub part_count: u64,
    /// When the tag was created.
    pub created_at: Timestamp,
    /// Changes whenever the tag changes, but not with its parts.
    pub version: String,
}

/// Adds the numbers of parts to rows.
async fn describe(read: &Read, rows: Vec<Model>) -> Result<Vec<Tag>, Error> {
    let counts = part_counts(read, rows.iter().map(|row| row.id.as_str())).await?;
    let describe = |row: Model| Tag {
        version: version_of(&row),
        part_count: counts.get(&row.id).copied().unwrap_or_default().cast_unsigned(),
        id: row.id,
        name: row.name,
        color: row.color,
        description: row.description,
        icon: row.icon,
        created_at: row.created_at,
    };
    Ok(rows.into_iter().map(describe).collect())
}

async fn describe_one(read: &Read, row: Model) -> Result<Tag, Error> {
    let id = row.id.clone();
    describe(read, vec![row]).await?.pop().ok_or_else(|| Error::not_found("tag", &id))
}

async fn part_counts(
    read: &Read,
    ids: impl IntoIterator<Item = &str> + Send,
) -> Result<HashMap<String, i64>, Error> {
    use part_tag_links::{Column, Entity};
    let counts: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::TagId)
        .column_as(Column::PartId.count(), "count")
        .filter(Column::TagId.is_in(ids))
        .group_by(Column::TagId)
        .into_tuple()
        .all(read.db().await?)
        .await?;
    Ok(counts.into_iter().collect())
}

async fn find(read: &Read, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("tag", id))
}

/// Finds the tags with these ids, in this order.
pub(crate) async fn find_all(read: &Read, ids: &[String]) -> Result<Vec<Model>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(read.db().await?).await?;
    let mut found: HashMap<String, Model> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    ids.iter().map(|id| found.remove(id).ok_or_else(|| Error::not_found("tag", id))).collect()
}

/// Updates the counts that the original stores with each tag, after parts got or lost these tags.
pub(crate) async fn recount(work: &mut Work, ids: &[String]) -> Result<(), Error> {
    let counts = part_counts(work, ids.iter().map(String::as_str)).await?;
    for before in find_all(work, ids).await? {
        let parts_count = counts.get(&before.id).copied().unwrap_or_default();
        let after = Model {
            parts_count,
            usage_count: parts_count.saturating_add(before.tools_count),
            last_used_at: Some(work.now()),
            ..before.clone()
        };
        work.update(&before, after).await?;
    }
    Ok(())
}

/// Returns a name as the original stores it: without `#` and blanks before it, and with `-` for blanks inside it.
pub(crate) fn normal_name(name: &str) -> String {
    let name = name.trim().trim_start_matches(['#', ' ']);
    name.split_whitespace().collect::<Vec<_>>().join("-")
}

/// Returns a color as the original stores it: `#` and six upper-case hexadecimal digits.
fn normal_color(color: &str) -> String {
    format!("#{}", color.trim().trim_start_matches('#').to_ascii_uppercase())
}

fn validate(fields: &mut Fields, name: Option<&str>, color: Option<&str>, texts: [Option<&str>; 2]) {
    if let Some(name) = name {
        fields.name("name", &normal_name(name), MAX_NAME);
    }
    let is_color = |color: &str| {
        let color = normal_color(color);
        color.len() == 7 && color[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    fields.require("color", color.is_none_or(is_color), Problem::NotAColor);
    let [description, icon] = texts;
    fields.text("description", description, MAX_TEXT);
    fields.text("icon", icon, MAX_NAME);
}
