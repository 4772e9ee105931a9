//! Idempotency keys: a command that is repeated with the same key runs once. The response is recorded in the transaction of
//! the command, so either both are durable or neither is.

use chrono::TimeDelta;
use sea_orm::{ColumnTrait, EntityTrait};

use crate::db::entity::mm_idempotency::{Column, Entity, Model};
use crate::work::{Attempt, Command, Work};
use crate::{Actor, Error, Timestamp, digest_of};

/// The time after which a key is forgotten, in hours.
const HOURS_KEPT: i64 = 24;

/// The key of a request that may be repeated, for example because the response was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key that the client has chosen. Keys of different actors are independent.
    pub key: String,
    /// A digest of the request. The same key with another request is an error.
    pub request: String,
}

impl IdempotencyKey {
    /// Returns the key of a request whose content is not in the digest yet.
    pub(crate) fn with_content(&self, digest: &[u8]) -> Self {
        Self { key: self.key.clone(), request: digest_of([self.request.as_bytes(), digest]) }
    }
}

/// The outcome of a command with an idempotency key.
#[derive(Clone, Debug, PartialEq)]
pub enum Once<T> {
    /// The command ran.
    Done(T),
    /// The command had run before. The text is the recorded response.
    Repeated(String),
}

/// Runs a command unless it has run with the same key, and records the response.
pub(crate) struct WithKey<'a, C: Command> {
    pub(crate) command: C,
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) respond: &'a (dyn Fn(&C::Output) -> String + Sync),
}

impl<C: Command> Attempt for WithKey<'_, C> {
    type Output = Once<C::Output>;

    async fn attempt(&self, work: &mut Work) -> Result<Once<C::Output>, Error> {
        let Self { command, key, respond } = self;
        let id = id_of(work.actor(), &key.key);
        let found = Entity::find_by_id(&id).one(work.db().await?).await?;
        let now = work.now();
        let oldest = Timestamp(now.0 - TimeDelta::hours(HOURS_KEPT));
        match found.filter(|row| row.created_at > oldest) {
            Some(row) if row.request == key.request => return Ok(Once::Repeated(row.response)),
            Some(_) => return Err(Error::KeyReused),
            None => {}
        }
        work.forget::<Entity>(Column::CreatedAt.lte(oldest)).await?;
        let output = work.call(command).await?;
        let (request, response) = (key.request.clone(), respond(&output));
        work.append(Model { id, request, response, created_at: now }).await?;
        Ok(Once::Done(output))
    }
}

fn id_of(actor: &Actor, key: &str) -> String {
    let actor = match actor {
        Actor::System => "system",
        Actor::User { id, .. } => id,
        Actor::Anonymous => "",
    };
    digest_of([actor, key])
}
