//! Creates a part together with its first stock and its tags.

use super::change::AddStock;
use crate::fields::Fields;
use crate::parts::{CreatePart, Part};
use crate::tags::EnsureTags;
use crate::{Access, Command, Error, Permission, Work};

/// Creates a part, the tags that it is the first to have, and its first stock: all or nothing.
#[derive(Clone, Debug, Default)]
pub struct CreateStockedPart {
    /// The part.
    pub part: CreatePart,
    /// The names of more tags.
    pub tags: Vec<String>,
    /// The location and the quantity there.
    pub stock: Option<(String, i64)>,
}

impl Command for CreateStockedPart {
    const ACCESS: Access = Access::Permission(Permission::PartsCreate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        self.part.validate(fields);
        EnsureTags(self.tags.clone()).validate(fields);
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let mut new = self.part.clone();
        if !self.tags.is_empty() {
            new.tag_ids.extend(work.call(&EnsureTags(self.tags.clone())).await?);
        }
        let part = work.call(&new).await?;
        if let Some((location_id, quantity)) = self.stock.clone() {
            let add = AddStock { part_id: part.id.clone(), location_id, quantity, reason: None };
            work.call(&add).await?;
        }
        Ok(part)
    }
}
