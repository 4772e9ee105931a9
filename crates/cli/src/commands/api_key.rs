//! Implements `api-key`: creates, lists and revokes API keys.

use std::collections::HashMap;
use std::time::Duration;

use backup::Engine;
use inventory::api_keys::{ApiKey as Found, CreateApiKey, ListApiKeys, RevokeApiKey};
use inventory::list::ListQuery;
use inventory::users::ListUsers;
use inventory::{Permission, Permissions, Timestamp};
use serde_json::{Value, json};

use super::{ACTOR, all_pages, user, with_inventory};
use crate::args::{ApiKey, Global};
use crate::exit::Failure;
use crate::output;
use crate::output::Lines;

const SECONDS_PER_DAY: u64 = 24 * 3600;

pub(crate) fn run(global: &Global, engine: &Engine, command: &ApiKey) -> Result<(), Failure> {
    match command {
        ApiKey::New { user, name, permission, expires_in_days } => {
            let permissions: Permissions = if permission.is_empty() {
                // A key never does more than its user may do.
                [Permission::All].into()
            } else {
                permission.iter().cloned().collect()
            };
            let new = CreateApiKey { name: name.clone(), permissions, ..CreateApiKey::default() };
            create(global, engine, new, user, *expires_in_days)
        }
        ApiKey::List => list(global, engine),
        ApiKey::Revoke { id } => revoke(global, engine, id),
    }
}

fn create(
    global: &Global,
    engine: &Engine,
    new: CreateApiKey,
    username: &str,
    days: Option<u32>,
) -> Result<(), Failure> {
    let created = with_inventory(global, engine, async |inventory| {
        let user_id = user::find(inventory, username).await?.id;
        let lifetime = |days: u32| Duration::from_secs(u64::from(days) * SECONDS_PER_DAY);
        let expires_at = days.map(|days| Timestamp(inventory.ambient().utc() + lifetime(days)));
        Ok(inventory.run(ACTOR, CreateApiKey { user_id, expires_at, ..new }).await?)
    })?;
    output::progress(global, "The key is shown only now, since it is not stored:");
    let mut value = to_json(&created.record, username);
    value["key"] = json!(created.key);
    output::result(global, &created.key, &value)
}

fn list(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let (keys, users) = with_inventory(global, engine, async |inventory| {
        let keys = async |paging| {
            inventory.query(ACTOR, ListApiKeys(ListQuery { paging, ..ListQuery::default() })).await
        };
        let users = async |paging| {
            inventory.query(ACTOR, ListUsers(ListQuery { paging, ..ListQuery::default() })).await
        };
        Ok((all_pages(keys).await?, all_pages(users).await?))
    })?;
    let names: HashMap<&str, &str> =
        users.iter().map(|user| (user.id.as_str(), user.username.as_str())).collect();
    let name_of = |key: &Found| names.get(key.user_id.as_str()).copied().unwrap_or_default();
    let mut lines = Lines::default();
    for key in &keys {
        let state = match (key.is_active, key.expires_at) {
            (false, _) => ", revoked".to_owned(),
            (true, Some(end)) => format!(", expires {}", end.to_rfc3339()),
            (true, None) => String::new(),
        };
        let permissions: Vec<&str> = key.permissions.texts().collect();
        let (id, prefix) = (&key.id, &key.prefix);
        lines.add(format!(
            "{id}  {prefix}…  {}  {} ({}){state}",
            key.name,
            name_of(key),
            permissions.join(", ")
        ));
    }
    if keys.is_empty() {
        lines.add("There are no API keys. Create one with `makermatrix api-key new`.");
    }
    let value: Vec<Value> = keys.iter().map(|key| to_json(key, name_of(key))).collect();
    output::result(global, lines, &json!({"api_keys": value}))
}

fn revoke(global: &Global, engine: &Engine, id: &str) -> Result<(), Failure> {
    let key = with_inventory(global, engine, async |inventory| {
        Ok(inventory.run(ACTOR, RevokeApiKey(id.to_owned())).await?)
    })?;
    output::result(
        global,
        format!("Revoked the key {:?}.", key.name),
        &json!({"id": key.id, "is_active": false}),
    )
}

fn to_json(key: &Found, username: &str) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "username": username,
        "permissions": key.permissions.texts().collect::<Vec<_>>(),
        "is_active": key.is_active,
        "expires_at": key.expires_at.map(Timestamp::to_rfc3339),
        "last_used_at": key.last_used_at.map(Timestamp::to_rfc3339),
        "usage_count": key.usage_count,
    })
}
