//! Setting up: while the inventory has no administrator, whoever knows the token that the server prints creates the first one.

use backup::Engine;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::users::HasAdministrator;
use inventory::{Actor, Inventory};
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::state::{self, State};

/// The time in seconds for which a token can be used.
const MAX_AGE: i64 = 24 * 3600;

/// Returns the link with which the first administrator is created, for a program beside the server. The new token replaces the
/// previous one. Returns `None` if the inventory has an administrator.
///
/// # Errors
/// [`Error::Inventory`], [`Error::State`].
pub async fn setup_link(
    inventory: &Inventory,
    engine: &Engine,
    base_url: &str,
) -> Result<Option<String>, Error> {
    let state = State::open(&state::file(&engine.places().database)).await?;
    let link = link(inventory, &state, base_url).await;
    state.close().await;
    link
}

/// Returns the link with a new token, or `None` if the inventory has an administrator.
pub(crate) async fn link(
    inventory: &Inventory,
    state: &State,
    base_url: &str,
) -> Result<Option<String>, Error> {
    if inventory.query(&Actor::Anonymous, HasAdministrator).await? {
        return Ok(None);
    }
    let token = URL_SAFE_NO_PAD.encode(inventory.ambient().bytes::<32>());
    let expires_at = inventory.ambient().utc().and_utc().timestamp() + MAX_AGE;
    state.put_setup_token(&hash(&token), expires_at).await?;
    // Browsers keep what is behind # to themselves, so the token is in no log and no referrer.
    Ok(Some(format!("{}/setup#token={token}", base_url.trim_end_matches('/'))))
}

/// Returns whether the token can be used at a time in seconds since 1970.
pub(crate) async fn is_valid(state: &State, token: &str, now: i64) -> Result<bool, sqlx::Error> {
    let found = state.setup_token().await?;
    Ok(found.is_some_and(|(token_hash, expires_at)| now < expires_at && token_hash == hash(token)))
}

fn hash(token: &str) -> String {
    format!("{:x}", Sha256::digest(token))
}
