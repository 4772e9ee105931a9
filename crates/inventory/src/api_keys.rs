//! API keys for scripts. Only the hash of a key is stored. The key is shown once, when it is created.

mod authenticate;
mod create;
mod list;
mod update;
mod uses;

use sha2::{Digest, Sha256};

use crate::db::entity::api_keys::Model;
use crate::db::record::version_of;
use crate::{Actor, Error, Permission, Permissions, Timestamp};

pub(crate) use authenticate::AuthenticateApiKey;
pub use authenticate::AuthenticatedKey;
pub use create::{CreateApiKey, CreatedApiKey};
pub use list::{ApiKeyFilter, ApiKeySort, GetApiKey, ListApiKeys};
pub use update::{DeleteApiKey, RevokeApiKey, UpdateApiKey};
pub use uses::{KeyUses, MAX_KEYS, RecordKeyUses};

/// An API key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Unique.
    pub id: String,
    /// The name of the key.
    pub name: String,
    /// What the key is for.
    pub description: Option<String>,
    /// The first characters of the key, which identify it in lists.
    pub prefix: String,
    /// The user whom the key acts for.
    pub user_id: String,
    /// The permissions of the key. Only those that its user holds take effect.
    pub permissions: Permissions,
    /// The names of the roles whose permissions the key received.
    pub roles: Vec<String>,
    /// Whether the key can be used.
    pub is_active: bool,
    /// When the key expires, in UTC.
    pub expires_at: Option<Timestamp>,
    /// When the key was created.
    pub created_at: Timestamp,
    /// When the key was last used.
    pub last_used_at: Option<Timestamp>,
    /// The number of uses.
    pub usage_count: i64,
    /// The addresses that the key may be used from. An empty list allows all addresses.
    pub allowed_ips: Vec<String>,
    /// A text that changes with each change of the key, but not with its uses.
    pub version: String,
}

impl From<Model> for ApiKey {
    fn from(row: Model) -> Self {
        let version = version_of(&row);
        Self {
            id: row.id,
            name: row.name,
            description: row.description,
            prefix: row.key_prefix,
            user_id: row.user_id,
            permissions: row.permissions.strings().into_iter().collect(),
            roles: row.role_names.strings(),
            is_active: row.is_active,
            expires_at: row.expires_at,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            usage_count: row.usage_count,
            allowed_ips: row.allowed_ips.strings(),
            version,
        }
    }
}

/// Refuses access to a key of another user, unless the actor administers keys.
fn require_own(actor: &Actor, user_id: &str) -> Result<(), Error> {
    match actor {
        Actor::User { id, .. } if id != user_id => actor.require(Permission::ApiKeysAdmin),
        _ => Ok(()),
    }
}

fn hash(key: &str) -> String {
    format!("{:x}", Sha256::digest(key.as_bytes()))
}
