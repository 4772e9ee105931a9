//! Who may do what: each use case requires its permission here, once, before anything else.

use inventory::{Actor, Permission};

use crate::Error;

/// Refuses an actor who lacks a permission. `what` says for whom it was asked, as in "making a backup".
pub(crate) fn require(actor: &Actor, what: &'static str, permission: Permission) -> Result<(), Error> {
    actor.require(permission).map_err(|_| Error::Forbidden { what, permission })
}
