//! Creates a category.

use super::tree::set_parent;
use super::{Category, MAX_NAME, describe_one, find};
use crate::db::entity::categorymodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work};

/// Creates a category.
///
/// Fails with [`Error::AlreadyExists`] when the name is taken, and with [`Error::NotFound`] when the parent does not exist.
#[derive(Clone, Debug, Default)]
pub struct CreateCategory {
    /// Unique, 1 to 255 characters.
    pub name: String,
    /// What belongs in the category.
    pub description: Option<String>,
    /// The parent category.
    pub parent_id: Option<String>,
}

impl Command for CreateCategory {
    const ACCESS: Access = Access::Permission(Permission::CategoriesCreate);
    type Output = Category;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.text("description", self.description.as_deref(), MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<Category, Error> {
        let (name, description) = (self.name.clone(), self.description.clone());
        let category = categorymodel::Model { id: work.new_id(), name, description };
        let category = work.insert(category).await?;
        if let Some(parent) = &self.parent_id {
            let parent = find(work, parent).await?;
            set_parent(work, &category, Some(parent)).await?;
        }
        describe_one(work, category).await
    }
}
