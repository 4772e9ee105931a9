//! Records the uses of API keys.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::db::entity::api_keys::{Column, Entity, Model};
use crate::fields::Fields;
use crate::{Access, Command, Error, Permission, Timestamp, Work};

/// The largest number of keys whose uses are recorded at once.
pub const MAX_KEYS: usize = 1000;

/// Records the uses of API keys. A server counts uses in memory, so that using a key writes nothing. The activity log omits uses,
/// and keys that no longer exist are ignored.
#[derive(Clone, Debug, Default)]
pub struct RecordKeyUses(pub Vec<KeyUses>);

/// The uses of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUses {
    /// The key.
    pub id: String,
    /// The number of uses to add.
    pub count: u32,
    /// The time of the last use.
    pub last_used_at: Timestamp,
}

impl Command for RecordKeyUses {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysAdmin);
    type Output = ();

    fn validate(&self, fields: &mut Fields) {
        fields.items("uses", &self.0, MAX_KEYS);
    }

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let used = Column::Id.is_in(self.0.iter().map(|uses| &uses.id));
        let rows = Entity::find().filter(used).all(work.db().await?).await?;
        for before in rows {
            for uses in self.0.iter().filter(|uses| uses.id == before.id) {
                let after = Model {
                    usage_count: before.usage_count.saturating_add(uses.count.into()),
                    last_used_at: before.last_used_at.max(Some(uses.last_used_at)),
                    ..before.clone()
                };
                work.update(&before, after).await?;
            }
        }
        Ok(())
    }
}
