//! Gives a part a picture.

use super::{Part, find};
use crate::db::entity::partmodel;
use crate::fields::{Fields, MAX_TEXT};
use crate::{Access, Command, Error, Permission, Work};

/// Gives a part a picture, or takes it away.
#[derive(Clone, Debug)]
pub struct SetPartImage {
    /// The part.
    pub part_id: String,
    /// Where the picture is.
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
