//! Changes a tag.

use super::{Tag, describe_one, find, normal_color, normal_name, validate};
use crate::change::Change;
use crate::db::entity::tagmodel::Model;
use crate::{Access, Command, Error, Fields, Permission, Work};

/// Changes a tag.
///
/// Fails with [`Error::Changed`] when the tag no longer has the expected version, and with [`Error::AlreadyExists`] when the name
/// is taken, regardless of case.
#[derive(Clone, Debug, Default)]
pub struct UpdateTag {
    /// The tag.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name: unique, 1 to 50 characters. Blanks become `-`, and a `#` before the name is omitted.
    pub name: Change<String>,
    /// The color, such as `#FF5733`.
    pub color: Change<Option<String>>,
    /// The description.
    pub description: Change<Option<String>>,
    /// An icon or an emoji.
    pub icon: Change<Option<String>>,
}

impl Command for UpdateTag {
    const ACCESS: Access = Access::Permission(Permission::TagsUpdate);
    type Output = Tag;

    fn validate(&self, fields: &mut Fields) {
        fn set(change: &Change<Option<String>>) -> Option<&str> {
            change.as_set().and_then(Option::as_deref)
        }
        let name = self.name.as_set().map(String::as_str);
        validate(fields, name, set(&self.color), [set(&self.description), set(&self.icon)]);
    }

    async fn run(&self, work: &mut Work) -> Result<Tag, Error> {
        let before = find(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        let old = before.clone();
        let name = self.name.as_set().map_or(old.name, |name| normal_name(name));
        let color = self.color.as_set().map_or(old.color, |color| color.as_deref().map(normal_color));
        let after = Model {
            name_lower: name.to_lowercase(),
            name,
            color,
            description: self.description.clone().or(old.description),
            icon: self.icon.clone().or(old.icon),
            updated_at: work.now(),
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        describe_one(work, after).await
    }
}
