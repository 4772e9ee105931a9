//! Finds tags by their names, and creates those that are missing.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{CreateTag, MAX_NAME, normal_name};
use crate::db::entity::tagmodel::{Column, Entity};
use crate::fields::{Fields, Problem};
use crate::{Access, Command, Error, Permission, Work};

/// The largest number of names, as for the tags of a part.
const MAX_NAMES: usize = 100;

/// Finds the tags with these names, regardless of case, and creates those that do not exist. Returns the ids, each once.
///
/// Fails like [`CreateTag`].
#[derive(Clone, Debug, Default)]
pub struct EnsureTags(pub Vec<String>);

impl Command for EnsureTags {
    const ACCESS: Access = Access::Permission(Permission::TagsRead);
    type Output = Vec<String>;

    fn validate(&self, fields: &mut Fields) {
        fields.items("tags", &self.0, MAX_NAMES);
        let names: Vec<String> = self.0.iter().map(|name| normal_name(name)).collect();
        fields.require("tags", names.iter().all(|name| !name.is_empty()), Problem::Missing);
        let longest = names.iter().max_by_key(|name| name.chars().count());
        fields.text("tags", longest.map(String::as_str), MAX_NAME);
    }

    async fn run(&self, work: &mut Work) -> Result<Vec<String>, Error> {
        let mut ids = Vec::new();
        for name in &self.0 {
            let id = id_of(work, name).await?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

async fn id_of(work: &mut Work, name: &str) -> Result<String, Error> {
    let is_named = Column::NameLower.eq(normal_name(name).to_lowercase());
    if let Some(tag) = Entity::find().filter(is_named).one(work.db().await?).await? {
        return Ok(tag.id);
    }
    let new = CreateTag { name: name.to_owned(), ..CreateTag::default() };
    Ok(work.call(&new).await?.id)
}
