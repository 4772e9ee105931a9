//! API keys: a way in for scripts. Only the hash of a key is stored; the key is shown once.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use sha2::{Digest, Sha256};

use crate::entity::api_keys::{Column, Entity};
use crate::entity::rolemodel;
use crate::store::insert;
use crate::timestamp::Timestamp;
use crate::users::{Account, account};
use crate::{Actor, Error, Inventory, Json};

pub use crate::entity::api_keys::Model as ApiKey;

/// How many characters of a key are stored in the clear, to tell keys apart by.
const PREFIX: usize = 8;

/// An API key to be created.
#[derive(Clone, Debug, Default)]
pub struct NewApiKey {
    /// What the key is called.
    pub name: String,
    /// What the key is for.
    pub description: Option<String>,
    /// The user the key acts for.
    pub user_id: String,
    /// What the key may do, as far as the user may.
    pub permissions: Vec<String>,
    /// Names of roles whose permissions are added.
    pub roles: Vec<String>,
    /// When the key stops working, in UTC.
    pub expires_at: Option<Timestamp>,
    /// Addresses the key may be used from; from everywhere when empty.
    pub allowed_ips: Vec<String>,
}

/// A key that has just been created.
#[derive(Clone)]
pub struct CreatedApiKey {
    /// The key itself. It is stored nowhere.
    pub key: String,
    /// What is stored.
    pub record: ApiKey,
}

impl std::fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedApiKey").field("record", &self.record).finish_non_exhaustive()
    }
}

/// A key that was found, and whom it acts for.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyHolder {
    /// The key.
    pub record: ApiKey,
    /// The user.
    pub account: Account,
}

impl KeyHolder {
    /// Whether the key may be used at `now` from `address`: both it and its user are active, it has not expired, and the
    /// address is allowed.
    pub fn is_valid(&self, now: Timestamp, address: Option<&str>) -> bool {
        let allowed = self.record.allowed_ips.strings();
        self.record.is_active
            && self.account.user.is_active
            && self.record.expires_at.is_none_or(|end| now < end)
            && (allowed.is_empty() || address.is_some_and(|address| allowed.iter().any(|ip| ip == address)))
    }

    /// The user as the actor of use cases, with no more permissions than the key has, and none the user lost meanwhile.
    pub fn actor(&self) -> Actor {
        let holder = self.account.actor();
        let granted = self.record.permissions.strings();
        let permissions = if granted.iter().any(|permission| permission == crate::actor::ALL) {
            self.account.permissions()
        } else {
            granted.into_iter().filter(|permission| holder.may(permission)).collect()
        };
        let user = &self.account.user;
        Actor::User { id: user.id.clone(), username: user.username.clone(), permissions }
    }
}

impl Inventory {
    /// Creates a key for the actor, or, with `api_keys:admin`, for somebody else.
    ///
    /// # Errors
    /// [`Error::NotFound`] for the user or a role, [`Error::Invalid`] without a name, [`Error::Forbidden`] also when the
    /// actor does not hold a permission the key is to have.
    pub async fn create_api_key(&self, actor: &Actor, new: NewApiKey) -> Result<CreatedApiKey, Error> {
        actor.require("api_keys:create")?;
        require_own(actor, &new.user_id)?;
        if new.name.trim().is_empty() {
            return Err(Error::invalid("API key name", "it must not be empty"));
        }
        let transaction = self.write().await?;
        if account(&transaction, &new.user_id).await?.is_none() {
            return Err(Error::not_found("user", &new.user_id));
        }
        let mut permissions = new.permissions;
        for name in &new.roles {
            let role =
                rolemodel::Entity::find().filter(rolemodel::Column::Name.eq(name)).one(&transaction).await?;
            let role = role.ok_or_else(|| Error::not_found("role", name))?;
            permissions.extend(role.permissions.strings());
        }
        permissions.sort();
        permissions.dedup();
        actor.require_each(&permissions)?;

        let key = format!("mm_{}", URL_SAFE_NO_PAD.encode(self.ambient().bytes::<32>()));
        let record = ApiKey {
            id: self.new_id(),
            name: new.name,
            description: new.description,
            key_hash: hash(&key),
            key_prefix: key.chars().take(PREFIX).collect(),
            user_id: new.user_id,
            permissions: permissions.iter().collect(),
            role_names: new.roles.iter().collect(),
            is_active: true,
            expires_at: new.expires_at,
            created_at: self.now(),
            last_used_at: None,
            usage_count: 0,
            allowed_ips: if new.allowed_ips.is_empty() {
                Json::default()
            } else {
                new.allowed_ips.iter().collect()
            },
        };
        let record = insert(&transaction, record).await?;
        transaction.commit().await?;
        Ok(CreatedApiKey { key, record })
    }

    /// The key record with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn api_key(&self, actor: &Actor, id: &str) -> Result<ApiKey, Error> {
        actor.require("api_keys:read")?;
        let record = Entity::find_by_id(id).one(&self.read().await?).await?;
        let record = record.ok_or_else(|| Error::not_found("API key", id))?;
        require_own(actor, &record.user_id)?;
        Ok(record)
    }

    /// The keys the actor may see, by name: its own, or, with `api_keys:admin`, all.
    ///
    /// # Errors
    /// [`Error::Forbidden`].
    pub async fn api_keys(&self, actor: &Actor) -> Result<Vec<ApiKey>, Error> {
        actor.require("api_keys:read")?;
        let mut query = Entity::find().order_by_asc(Column::Name).order_by_asc(Column::Id);
        if let Actor::User { id, .. } = actor
            && !actor.may("api_keys:admin")
        {
            query = query.filter(Column::UserId.eq(id));
        }
        Ok(query.all(&self.read().await?).await?)
    }

    /// Whom `key` belongs to; nobody when there is no such key. Whether it may be used is up to
    /// [`KeyHolder::is_valid`].
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn find_by_key(&self, key: &str) -> Result<Option<KeyHolder>, Error> {
        let transaction = self.read().await?;
        let record = Entity::find().filter(Column::KeyHash.eq(hash(key))).one(&transaction).await?;
        let Some(record) = record else { return Ok(None) };
        let account = account(&transaction, &record.user_id).await?;
        Ok(account.map(|account| KeyHolder { record, account }))
    }
}

fn require_own(actor: &Actor, user_id: &str) -> Result<(), Error> {
    match actor {
        Actor::User { id, .. } if id != user_id => actor.require("api_keys:admin"),
        _ => Ok(()),
    }
}

fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
