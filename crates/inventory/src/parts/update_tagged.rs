//! Changes a part whose tags are given by their names.

use super::{Part, UpdatePart};
use crate::fields::Fields;
use crate::tags::EnsureTags;
use crate::{Access, Change, Command, Error, Permission, Work};

/// Changes a part, and creates the tags that it is the first to have: both or neither.
///
/// Fails with the errors of [`UpdatePart`] and [`EnsureTags`].
#[derive(Clone, Debug, Default)]
pub struct UpdateTaggedPart {
    /// The change.
    pub part: UpdatePart,
    /// The names of all tags of the part. `None` leaves the tags to the change.
    pub tags: Option<Vec<String>>,
}

impl Command for UpdateTaggedPart {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Part;

    fn validate(&self, fields: &mut Fields) {
        self.part.validate(fields);
        EnsureTags(self.tags.clone().unwrap_or_default()).validate(fields);
    }

    async fn run(&self, work: &mut Work) -> Result<Part, Error> {
        let mut change = self.part.clone();
        if let Some(names) = self.tags.clone() {
            change.tag_ids = Change::Set(work.call(&EnsureTags(names)).await?);
        }
        work.call(&change).await
    }
}
