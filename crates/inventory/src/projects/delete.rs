//! Deletes a project.

use super::find;
use crate::{Access, Command, Error, Permission, Work};

/// Deletes a project. Its parts stay.
///
/// Fails with [`Error::Changed`] when the project no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeleteProject {
    /// The project.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for DeleteProject {
    const ACCESS: Access = Access::Permission(Permission::ProjectsDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let project = find(work, &self.id).await?;
        work.check_version(&project, self.version.as_deref()).await?;
        work.delete_referring("part_project_link", "project_id", &project.id).await?;
        work.delete(project).await
    }
}
