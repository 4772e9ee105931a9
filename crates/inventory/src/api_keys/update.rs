//! Changes, revokes and deletes API keys.

use super::create::{MAX_ITEMS, MAX_NAME, check_addresses};
use super::{ApiKey, list, require_own};
use crate::change::Change;
use crate::db::entity::api_keys::Model;
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::{Access, Command, Error, Json, Permission, Permissions, Timestamp, Work, roles, users};

/// Changes a key of the actor or, with [`Permission::ApiKeysAdmin`], of any user.
///
/// Fails with [`Error::Forbidden`] when the actor does not hold a permission that the key grants before or after the change, with
/// [`Error::NotFound`] when a role does not exist, and with [`Error::Changed`] when the key no longer has the expected version.
#[derive(Clone, Debug, Default)]
pub struct UpdateApiKey {
    /// The key.
    pub id: String,
    /// The version that the change is based on. `None` changes any version.
    pub version: Option<String>,
    /// The name of the key.
    pub name: Change<String>,
    /// What the key is for.
    pub description: Change<Option<String>>,
    /// Whether the key can be used.
    pub is_active: Change<bool>,
    /// When the key expires, in UTC.
    pub expires_at: Change<Option<Timestamp>>,
    /// The addresses that the key may be used from. An empty list allows all addresses.
    pub allowed_ips: Change<Vec<String>>,
    /// All permissions of the key.
    pub permissions: Change<Permissions>,
    /// The names of roles whose permissions are added.
    pub roles: Change<Vec<String>>,
}

/// Revokes a key of the actor or, with [`Permission::ApiKeysAdmin`], of any user: the key can no longer be used.
#[derive(Clone, Debug)]
pub struct RevokeApiKey(pub String);

/// Deletes a key of the actor or, with [`Permission::ApiKeysAdmin`], of any user.
///
/// Fails with [`Error::Changed`] when the key no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeleteApiKey {
    /// The key.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for UpdateApiKey {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysUpdate);
    type Output = ApiKey;

    fn validate(&self, fields: &mut Fields) {
        if let Change::Set(name) = &self.name {
            fields.name("name", name, MAX_NAME);
        }
        fields.text("description", self.description.as_set().and_then(Option::as_deref), MAX_TEXT);
        let unknown = self.permissions.as_set().is_some_and(Permissions::has_unknown);
        fields.require("permissions", !unknown, Problem::UnknownPermission);
        fields.items("roles", self.roles.as_set().map_or(&[], Vec::as_slice), MAX_ITEMS);
        check_addresses(self.allowed_ips.as_set().map_or(&[], Vec::as_slice), fields);
    }

    async fn run(&self, work: &mut Work) -> Result<ApiKey, Error> {
        let before = find_own(work, &self.id).await?;
        work.check_version(&before, self.version.as_deref()).await?;
        // Whoever changes a key could make it usable again, for longer or from elsewhere, and so grants what it can do.
        let key = ApiKey::from(before.clone());
        if let Some(user) = users::find(work, &key.user_id).await? {
            work.actor().require_each(&key.permissions.limited_to(&user.permissions()))?;
        }
        let old = before.clone();
        let mut after = Model {
            name: self.name.clone().or(old.name),
            description: self.description.clone().or(old.description),
            is_active: self.is_active.clone().or(old.is_active),
            expires_at: self.expires_at.clone().or(old.expires_at),
            ..before.clone()
        };
        if let Change::Set(addresses) = &self.allowed_ips {
            after.allowed_ips = list_or_null(addresses);
        }
        self.set_permissions(work, &key, &mut after).await?;
        Ok(work.update(&before, after).await?.into())
    }
}

impl UpdateApiKey {
    async fn set_permissions(&self, work: &Work, key: &ApiKey, after: &mut Model) -> Result<(), Error> {
        if self.permissions == Change::Keep && self.roles == Change::Keep {
            return Ok(());
        }
        let mut permissions = self.permissions.clone().or(key.permissions.clone());
        if let Change::Set(names) = &self.roles {
            for name in names {
                permissions.extend(&roles::find_by_name(work, name).await?.permissions);
            }
            after.role_names = names.iter().collect();
        }
        work.actor().require_each(&permissions)?;
        after.permissions = (&permissions).into();
        Ok(())
    }
}

impl Command for RevokeApiKey {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysDelete);
    type Output = ApiKey;

    async fn run(&self, work: &mut Work) -> Result<ApiKey, Error> {
        let before = find_own(work, &self.0).await?;
        let after = Model { is_active: false, ..before.clone() };
        Ok(work.update(&before, after).await?.into())
    }
}

impl Command for DeleteApiKey {
    const ACCESS: Access = Access::Permission(Permission::ApiKeysDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let row = find_own(work, &self.id).await?;
        work.check_version(&row, self.version.as_deref()).await?;
        work.delete(row).await
    }
}

/// Finds the row of a key, and refuses a key of another user unless the actor administers keys.
async fn find_own(work: &Work, id: &str) -> Result<Model, Error> {
    let row = list::find(work, id).await?;
    require_own(work.actor(), &row.user_id)?;
    Ok(row)
}

/// Returns the addresses as the original stores them: null for none.
fn list_or_null(addresses: &[String]) -> Json {
    if addresses.is_empty() { Json::default() } else { addresses.iter().collect() }
}
