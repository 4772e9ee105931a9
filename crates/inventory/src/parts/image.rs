//! Sets the image of a part.

use super::{Part, find};
use crate::db::entity::partmodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work};

/// Sets or removes the image of a part.
#[derive(Clone, Debug)]
pub struct SetPartImage {
    /// The part.
    pub part_id: String,
    /// The address of the image, or `None` to remove it.
    pub image_url: Option<String>,
}

impl Command for SetPartImage {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        fields.text("image_url", self.image_url.as_deref(), MAX_TEXT);
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let before = find(work, &self.part_id).await?;
        let (image_url, updated_at) = (self.image_url.clone(), work.now());
        let after = partmodel::Model { image_url, updated_at, ..before.clone() };
        Ok(work.update(&before, after).await?.into())
    }
}
