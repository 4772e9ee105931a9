//! API keys: a way in for scripts. Only the hash of a key is stored; the key is shown once.

mod authenticate;
mod create;
mod list;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::db::entity::api_keys::Model;
use crate::{Actor, Error, Permission, Permissions, Timestamp};

pub(crate) use authenticate::AuthenticateApiKey;
pub use create::{CreateApiKey, CreatedApiKey};
pub use list::{ApiKeyFilter, ApiKeySort, GetApiKey, ListApiKeys};

/// An API key, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Unique.
    pub id: String,
    /// What the key is called.
    pub name: String,
    /// What the key is for.
    pub description: Option<String>,
    /// The first characters of the key, to tell keys apart by.
    pub prefix: String,
    /// The user whom the key acts for.
    pub user_id: String,
    /// What the key may do, as far as its user may.
    pub permissions: Permissions,
    /// The names of the roles whose permissions it was given.
    pub roles: Vec<String>,
    /// Whether it can be used.
    pub is_active: bool,
    /// When it stops working, in UTC.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was used last.
    pub last_used_at: Option<Timestamp>,
    /// How often it was used.
    pub usage_count: i64,
    /// The addresses that it may be used from; from everywhere when empty.
    pub allowed_ips: Vec<String>,
}

impl From<Model> for ApiKey {
    fn from(row: Model) -> Self {
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
        }
    }
}

/// Refuses what concerns somebody else's key to those who do not administer keys.
fn require_own(actor: &Actor, user_id: &str) -> Result<(), Error> {
    match actor {
        Actor::User { id, .. } if id != user_id => actor.require(Permission::ApiKeysAdmin),
        _ => Ok(()),
    }
}

fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
