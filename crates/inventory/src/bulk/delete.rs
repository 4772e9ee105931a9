//! Deletes many parts.

use super::{distinct, validate_ids};
use crate::parts::DeletePart;
use crate::{Access, Command, Error, Fields, Permission, Work};

/// Deletes parts like [`DeletePart`], all or none. Returns their number.
#[derive(Clone, Debug, Default)]
pub struct DeleteParts {
    /// The ids of the parts, at most [`MAX_PARTS`](super::MAX_PARTS).
    pub ids: Vec<String>,
}

impl Command for DeleteParts {
    const ACCESS: Access = Access::Permission(Permission::PartsDelete);
    type Output = u64;

    fn validate(&self, fields: &mut Fields) {
        validate_ids(&self.ids, fields);
    }

    async fn run(&self, work: &mut Work) -> Result<u64, Error> {
        let ids = distinct(&self.ids);
        for id in &ids {
            work.call(&DeletePart { id: id.clone(), version: None }).await?;
        }
        Ok(ids.len() as u64)
    }
}
