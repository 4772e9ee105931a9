//! Access rules: who may run a use case.

use std::fmt;

use crate::{Actor, Error, Permission};

/// Who may run a use case. Each [`Command`](crate::Command) and [`Query`](crate::Query) declares its access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Actors with the permission.
    Permission(Permission),
    /// Actors who have signed in.
    SignedIn,
    /// Everybody.
    Public,
}

impl Access {
    /// Refuses an actor who may not run the use case.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotSignedIn`].
    pub fn check(self, actor: &Actor) -> Result<(), Error> {
        match (self, actor) {
            (Self::Public, _) => Ok(()),
            (_, Actor::Anonymous) => Err(Error::NotSignedIn),
            (Self::SignedIn, _) => Ok(()),
            (Self::Permission(permission), _) => actor.require(permission),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => permission.fmt(f),
            Self::SignedIn => f.write_str("(signed in)"),
            Self::Public => f.write_str("(public)"),
        }
    }
}
