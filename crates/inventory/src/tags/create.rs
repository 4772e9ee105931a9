//! Creates a tag.

use super::{Tag, describe_one, normal_color, normal_name, validate};
use crate::db::entity::tagmodel::Model;
use crate::{Access, Actor, Command, Error, Fields, Permission, Work};

/// Creates a tag.
///
/// Fails with [`Error::AlreadyExists`] when the name is taken, regardless of case.
#[derive(Clone, Debug, Default)]
pub struct CreateTag {
    /// Unique, 1 to 50 characters. Blanks become `-`, and a `#` before the name is omitted.
    pub name: String,
    /// The color, such as `#FF5733`.
    pub color: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// An icon or an emoji.
    pub icon: Option<String>,
}

impl Command for CreateTag {
    const ACCESS: Access = Access::Permission(Permission::TagsCreate);
    type Output = Tag;

    fn validate(&self, fields: &mut Fields) {
        let texts = [self.description.as_deref(), self.icon.as_deref()];
        validate(fields, Some(&self.name), self.color.as_deref(), texts);
    }

    async fn run(&self, work: &mut Work) -> Result<Tag, Error> {
        let name = normal_name(&self.name);
        let created_by = match work.actor() {
            Actor::User { username, .. } => Some(username.clone()),
            Actor::System | Actor::Anonymous => None,
        };
        let row = Model {
            id: work.new_id(),
            name_lower: name.to_lowercase(),
            name,
            color: self.color.as_deref().map(normal_color),
            description: self.description.clone(),
            icon: self.icon.clone(),
            created_at: work.now(),
            updated_at: work.now(),
            created_by,
            usage_count: 0,
            parts_count: 0,
            tools_count: 0,
            last_used_at: None,
            is_system: false,
            is_active: true,
        };
        let row = work.insert(row).await?;
        describe_one(work, row).await
    }
}
