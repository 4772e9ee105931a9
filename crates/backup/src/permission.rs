//! Checks permissions. Each use case requires its permission here, once, before anything else.

use inventory::{Actor, Permission};

use crate::Error;

/// Refuses an actor who has not signed in, or who lacks a permission. `what` names the use case, for example "making a backup".
pub(crate) fn require(actor: &Actor, what: &'static str, permission: Permission) -> Result<(), Error> {
    actor.require(permission).map_err(|error| match error {
        inventory::Error::NotSignedIn => Error::NotSignedIn { what },
        _ => Error::Forbidden { what, permission },
    })
}
