//! Checks permissions. Each use case requires its permission here, once, before anything else.

use inventory::{Actor, Permission};

use crate::Error;

/// Refuses an actor who lacks a permission. `what` names the use case, for example "making a backup".
pub(crate) fn require(actor: &Actor, what: &'static str, permission: Permission) -> Result<(), Error> {
    actor.require(permission).map_err(|_| Error::Forbidden { what, permission })
}
