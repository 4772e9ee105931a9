//! Changes a project.

use super::{MAX_NAME, MAX_STATUS, Project, describe_one, find, slug, validate};
use crate::change::Change;
use crate::db::entity::projectmodel::Model;
use crate::{Access, Command, Error, Fields, Json, Permission, Work};

/// Changes a project.
///
/// Fails with [`Error::Changed`] when the project no longer has the expected version, and with [`Error::AlreadyExists`] when the
/// name is taken, or another name with the same slug.
#[derive(Clone, Debug, Default)]
pub struct UpdateProject {
    /// The project.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name: unique, 1 to 255 characters.
    pub name: Change<String>,
    /// The description.
    pub description: Change<Option<String>>,
    /// The status, 1 to 50 characters.
    pub status: Change<String>,
    /// The address of an image.
    pub image_url: Change<Option<String>>,
    /// All addresses by name.
    pub links: Change<serde_json::Map<String, serde_json::Value>>,
}

impl Command for UpdateProject {
    const ACCESS: Access = Access::Permission(Permission::ProjectsUpdate);
    type Output = Project;

    fn validate(&self, fields: &mut Fields) {
        for (field, value, max) in [("name", &self.name, MAX_NAME), ("status", &self.status, MAX_STATUS)] {
            if let Change::Set(value) = value {
                fields.name(field, value, max);
            }
        }
        let description = self.description.as_set().and_then(Option::as_deref);
        let image_url = self.image_url.as_set().and_then(Option::as_deref);
        let texts = [("description", description), ("image_url", image_url)];
        validate(fields, texts, self.links.as_set());
    }

    async fn run(&self, work: &mut Work) -> Result<Project, Error> {
        let before = find(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        let old = before.clone();
        let slug = self.name.as_set().map_or(old.slug, |name| slug(name));
        let after = Model {
            name: self.name.clone().or(old.name),
            slug,
            description: self.description.clone().or(old.description),
            status: self.status.clone().or(old.status),
            image_url: self.image_url.clone().or(old.image_url),
            links: self.links.as_set().map_or(old.links, |links| Json(links.clone().into())),
            updated_at: work.now(),
            ..before.clone()
        };
        let after = work.update(&before, after).await?;
        describe_one(work, after).await
    }
}
