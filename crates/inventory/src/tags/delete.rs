//! Deletes a tag.

use super::find;
use crate::{Access, Command, Error, Permission, Work};

/// Deletes a tag. Its parts and tools stay, and only lose the tag.
///
/// Fails with [`Error::Changed`] when the tag no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeleteTag {
    /// The tag.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for DeleteTag {
    const ACCESS: Access = Access::Permission(Permission::TagsDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let tag = find(work, &self.id).await?;
        work.check_version(&tag, self.version.as_deref()).await?;
        for table in ["part_tag_links", "tool_tag_links"] {
            work.delete_referring(table, "tag_id", &tag.id).await?;
        }
        work.delete(tag).await
    }
}
