//! Creates a part together with its first stock.

use super::change::AddStock;
use crate::fields::Fields;
use crate::parts::{CreatePart, Part};
use crate::{Access, Command, Error, Permission, Work};

/// Creates a part and puts stock of it into a location: both or neither.
#[derive(Clone, Debug, Default)]
pub struct CreateStockedPart {
    /// The part.
    pub part: CreatePart,
    /// The location and the quantity there.
    pub stock: Option<(String, i64)>,
}

impl Command for CreateStockedPart {
    const ACCESS: Access = Access::Permission(Permission::PartsCreate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        self.part.validate(fields);
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let part = work.call(&self.part).await?;
        if let Some((location_id, quantity)) = self.stock.clone() {
            let add = AddStock { part_id: part.id.clone(), location_id, quantity, reason: None };
            work.call(&add).await?;
        }
        Ok(part)
    }
}
