//! Creates an API key.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{ApiKey, hash, require_own};
use crate::db::entity::api_keys;
use crate::db::record::Secret;
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::{Access, Command, Error, Json, Permission, Permissions, Timestamp, Work, roles, users};

/// The number of characters of a key that are stored in the clear.
const PREFIX: usize = 8;
/// The largest number of characters in the name of a key.
pub(super) const MAX_NAME: usize = 255;
/// The largest number of roles, and of addresses, per key.
pub(super) const MAX_ITEMS: usize = 100;

/// Creates a key for the actor or, with [`Permission::ApiKeysAdmin`], for another user.
///
/// Fails with [`Error::NotFound`] when the user or a role does not exist, and with [`Error::Forbidden`] also when the actor
/// does not hold a permission of the new key.
#[derive(Clone, Debug, Default)]
pub struct CreateApiKey {
    /// The name of the key.
    pub name: String,
    /// What the key is for.
    pub description: Option<String>,
    /// The user whom the key acts for.
    pub user_id: String,
    /// The permissions of the key. Only those that its user holds take effect.
    pub permissions: Permissions,
    /// The names of roles whose permissions are added.
    pub roles: Vec<String>,
    /// When the key expires, in UTC.
    pub expires_at: Option<Timestamp>,
    /// The addresses that the key may be used from. An empty list allows all addresses.
    pub allowed_ips: Vec<String>,
}

/// A key that has just been created.
#[derive(Clone)]
pub struct CreatedApiKey {
    /// The key itself, which is not stored.
    pub key: String,
    /// The stored record of the key.
    pub record: ApiKey,
}

impl fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiKey").field("record", &self.record).finish_non_exhaustive()
    }
}

impl Command for CreateApiKey {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysCreate);
    type Output = CreatedApiKey;

    fn validate(&self, fields: &mut Fields) {
        fields.name("name", &self.name, MAX_NAME);
        fields.text("description", self.description.as_deref(), MAX_TEXT);
        fields.require("permissions", !self.permissions.has_unknown(), Problem::UnknownPermission);
        fields.items("roles", &self.roles, MAX_ITEMS);
        check_addresses(&self.allowed_ips, fields);
    }

    async fn run(&self, work: &mut Work) -> Result<CreatedApiKey, Error> {
        require_own(work.actor(), &self.user_id)?;
        if users::find(work, &self.user_id).await?.is_none() {
            return Err(Error::not_found("user", &self.user_id));
        }
        let mut permissions = self.permissions.clone();
        for name in &self.roles {
            permissions.extend(&roles::find_by_name(work, name).await?.permissions);
        }
        work.actor().require_each(&permissions)?;
        let key = format!("mm_{}", URL_SAFE_NO_PAD.encode(work.ambient().bytes::<32>()));
        let addresses = &self.allowed_ips;
        let row = api_keys::Model {
            id: work.new_id(),
            name: self.name.clone(),
            description: self.description.clone(),
            key_hash: Secret(hash(&key)),
            key_prefix: key.chars().take(PREFIX).collect(),
            user_id: self.user_id.clone(),
            permissions: (&permissions).into(),
            role_names: self.roles.iter().collect(),
            is_active: true,
            expires_at: self.expires_at,
            created_at: work.now(),
            last_used_at: None,
            usage_count: 0,
            allowed_ips: if addresses.is_empty() { Json::default() } else { addresses.iter().collect() },
        };
        Ok(CreatedApiKey { key, record: work.insert(row).await?.into() })
    }
}

/// Checks the addresses that a key may be used from.
pub(super) fn check_addresses(addresses: &[String], fields: &mut Fields) {
    fields.items("allowed_ips", addresses, MAX_ITEMS);
    let valid = addresses.iter().all(|address| address.parse::<IpAddr>().is_ok());
    fields.require("allowed_ips", valid, Problem::NotAnAddress);
}
