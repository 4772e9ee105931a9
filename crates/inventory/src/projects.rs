//! Projects, which use parts. A part is added to a project by changing the part.

mod create;
mod delete;
mod list;
mod update;

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::db::entity::part_project_link;
use crate::db::entity::projectmodel::{Column, Entity, Model};
use crate::db::record::version_of;
use crate::fields::{Fields, MAX_TEXT};
use crate::work::{Read, Work};
use crate::{Error, Json, Timestamp};

pub use create::CreateProject;
pub use delete::DeleteProject;
pub use list::{GetProject, ListProjects, ProjectFilter, ProjectSort};
pub use update::UpdateProject;

/// The largest number of characters in the name of a project.
const MAX_NAME: usize = 255;
/// The largest number of characters in a status.
const MAX_STATUS: usize = 50;
/// The status of a new project, as in the original.
const PLANNING: &str = "planning";

/// A project.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// Unique.
    pub id: String,
    /// Unique.
    pub name: String,
    /// The name as it stands in addresses, unique.
    pub slug: String,
    /// The description.
    pub description: Option<String>,
    /// The status, such as `planning`.
    pub status: String,
    /// The address of an image.
    pub image_url: Option<String>,
    /// Addresses by name.
    pub links: serde_json::Map<String, serde_json::Value>,
    /// The number of parts in the project.
    pub part_count: u64,
    /// When the project was created.
    pub created_at: Timestamp,
    /// When the project was last changed.
    pub updated_at: Timestamp,
    /// Changes whenever the project changes, but not with its parts.
    pub version: String,
}

/// Adds the numbers of parts to rows.
async fn describe(read: &Read, rows: Vec<Model>) -> Result<Vec<Project>, Error> {
    let counts = part_counts(read, rows.iter().map(|row| row.id.as_str())).await?;
    let describe = |row: Model| Project {
        version: version_of(&row),
        part_count: counts.get(&row.id).copied().unwrap_or_default().cast_unsigned(),
        id: row.id,
        name: row.name,
        slug: row.slug,
        description: row.description,
        status: row.status,
        image_url: row.image_url,
        links: match row.links.0 {
            serde_json::Value::Object(links) => links,
            _ => serde_json::Map::new(),
        },
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    Ok(rows.into_iter().map(describe).collect())
}

async fn describe_one(read: &Read, row: Model) -> Result<Project, Error> {
    let id = row.id.clone();
    describe(read, vec![row]).await?.pop().ok_or_else(|| Error::not_found("project", &id))
}

async fn part_counts(
    read: &Read,
    ids: impl IntoIterator<Item = &str> + Send,
) -> Result<HashMap<String, i64>, Error> {
    use part_project_link::{Column, Entity};
    let counts: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::ProjectId)
        .column_as(Column::PartId.count(), "count")
        .filter(Column::ProjectId.is_in(ids))
        .group_by(Column::ProjectId)
        .into_tuple()
        .all(read.db().await?)
        .await?;
    Ok(counts.into_iter().collect())
}

async fn find(read: &Read, id: &str) -> Result<Model, Error> {
    let row = Entity::find_by_id(id).one(read.db().await?).await?;
    row.ok_or_else(|| Error::not_found("project", id))
}

/// Finds the projects with these ids, in this order.
pub(crate) async fn find_all(read: &Read, ids: &[String]) -> Result<Vec<Model>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(read.db().await?).await?;
    let mut found: HashMap<String, Model> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    ids.iter().map(|id| found.remove(id).ok_or_else(|| Error::not_found("project", id))).collect()
}

/// Updates the count that the original stores with each project, after parts were added to or removed from these projects.
pub(crate) async fn recount(work: &mut Work, ids: &[String]) -> Result<(), Error> {
    let counts = part_counts(work, ids.iter().map(String::as_str)).await?;
    for before in find_all(work, ids).await? {
        let parts_count = counts.get(&before.id).copied().unwrap_or_default();
        work.update(&before, Model { parts_count, ..before.clone() }).await?;
    }
    Ok(())
}

/// Returns a slug like the original: lower case, without punctuation, and with `-` for blanks and dashes.
fn slug(name: &str) -> String {
    let kept = |char: &char| char.is_alphanumeric() || char.is_whitespace() || matches!(char, '_' | '-');
    let kept: String = name.to_lowercase().trim().chars().filter(kept).collect();
    let mut slug = String::new();
    for char in kept.chars() {
        match char {
            char if char != '-' && !char.is_whitespace() => slug.push(char),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug
}

/// Checks the optional texts of a project, and its links.
fn validate(
    fields: &mut Fields,
    texts: [(&'static str, Option<&str>); 2],
    links: Option<&serde_json::Map<String, serde_json::Value>>,
) {
    for (field, value) in texts {
        fields.text(field, value, MAX_TEXT);
    }
    let links = links.map(|links| Json(links.clone().into()).to_text());
    fields.text("links", links.as_deref(), MAX_TEXT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_those_of_the_original() {
        for (name, expected) in
            [("Robot 🤖", "robot-"), (" Clock - v2 ", "clock-v2"), ("Ünïcode_1", "ünïcode_1")]
        {
            assert_eq!(slug(name), expected, "{name}");
        }
    }
}
