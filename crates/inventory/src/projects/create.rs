//! Creates a project.

use super::{MAX_NAME, MAX_STATUS, PLANNING, Project, describe_one, slug, validate};
use crate::db::entity::projectmodel::Model;
use crate::{Access, Command, Error, Fields, Json, Permission, Work};

/// Creates a project without parts.
///
/// Fails with [`Error::AlreadyExists`] when the name is taken, or another name with the same slug.
#[derive(Clone, Debug, Default)]
pub struct CreateProject {
    /// Unique, 1 to 255 characters.
    pub name: String,
    /// The description.
    pub description: Option<String>,
    /// The status, 1 to 50 characters. `None` is `planning`.
    pub status: Option<String>,
    /// The address of an image.
    pub image_url: Option<String>,
    /// Addresses by name.
    pub links: serde_json::Map<String, serde_json::Value>,
}

impl Command for CreateProject {
    const ACCESS: Access = Access::Permission(Permission::ProjectsCreate);
    type Output = Project;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.name("status", self.status.as_deref().unwrap_or(PLANNING), MAX_STATUS);
        let texts = [("description", self.description.as_deref()), ("image_url", self.image_url.as_deref())];
        validate(fields, texts, Some(&self.links));
    }

    async fn run(&self, work: &mut Work) -> Result<Project, Error> {
        let row = Model {
            id: work.new_id(),
            name: self.name.clone(),
            slug: slug(&self.name),
            description: self.description.clone(),
            status: self.status.clone().unwrap_or_else(|| PLANNING.to_owned()),
            image_url: self.image_url.clone(),
            links: Json(self.links.clone().into()),
            project_metadata: Json::object(),
            parts_count: 0,
            estimated_cost: None,
            created_at: work.now(),
            updated_at: work.now(),
            completed_at: None,
        };
        let row = work.insert(row).await?;
        describe_one(work, row).await
    }
}
