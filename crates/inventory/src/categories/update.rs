//! Changes a category.

use super::tree::set_parent;
use super::{Category, MAX_NAME, check_version, describe_one, find};
use crate::change::Change;
use crate::db::entity::categorymodel::Model;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work};

/// Changes a category.
///
/// Fails with [`Error::Changed`] when the category no longer has the expected version, with [`Error::AlreadyExists`] when the
/// name is taken, and with [`Error::Cycle`].
#[derive(Clone, Debug, Default)]
pub struct UpdateCategory {
    /// The category.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name: unique, 1 to 255 characters.
    pub name: Change<String>,
    /// What belongs in the category.
    pub description: Change<Option<String>>,
    /// The parent category, or `None` for the root.
    pub parent_id: Change<Option<String>>,
}

impl Command for UpdateCategory {
    const ACCESS: Access = Access::Permission(Permission::CategoriesUpdate);
    type Output = Category;

    fn validate(&self, fields: &mut Fields) {
        if let Change::Set(name) = &self.name {
            fields.name("name", name, MAX_NAME);
        }
        let description = self.description.as_set().and_then(Option::as_deref);
        fields.text("description", description, MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<Category, Error> {
        let before = find(work, &self.id).await?;
        check_version(work, &before, self.version.as_deref()).await?;
        let after = Model {
            name: self.name.clone().or(before.name.clone()),
            description: self.description.clone().or(before.description.clone()),
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        if let Change::Set(parent_id) = &self.parent_id {
            let parent = match parent_id {
                Some(parent) => Some(find(work, parent).await?),
                None => None,
            };
            set_parent(work, &after, parent).await?;
        }
        describe_one(work, after).await
    }
}
