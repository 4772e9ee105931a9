//! Actors. Each use case runs on behalf of an actor.

use crate::{Error, Permission, Permissions};

/// The actor on whose behalf a use case runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The program itself: backups, schedules, the command line on the machine. May do everything.
    System,
    /// A user who has signed in, or an API key that acts for a user.
    User {
        /// The user's id.
        id: String,
        /// The user's name.
        username: String,
        /// What the user may do.
        permissions: Permissions,
    },
    /// Somebody who has not signed in.
    Anonymous,
}

impl Actor {
    /// Returns whether the actor has `permission`, or [`Permission::All`].
    pub fn may(&self, permission: Permission) -> bool {
        match self {
            Self::System => true,
            Self::User { permissions, .. } => permissions.grant(permission),
            Self::Anonymous => false,
        }
    }

    /// Returns the name of the user.
    pub(crate) fn username(&self) -> Option<&str> {
        match self {
            Self::User { username, .. } => Some(username),
            Self::System | Self::Anonymous => None,
        }
    }

    /// Refuses an actor who lacks `permission`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] with the missing permission, [`Error::NotSignedIn`].
    pub fn require(&self, permission: Permission) -> Result<(), Error> {
        match self {
            Self::Anonymous => Err(Error::NotSignedIn),
            _ if self.may(permission) => Ok(()),
            _ => Err(Error::Forbidden { permission }),
        }
    }

    /// Refuses an actor who lacks any of `permissions`, so that nobody grants permissions that they do not hold.
    pub(crate) fn require_each(&self, permissions: &Permissions) -> Result<(), Error> {
        permissions.iter().try_for_each(|permission| self.require(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_granted_is_allowed() {
        let user = |permission: Permission| Actor::User {
            id: "u".to_owned(),
            username: "u".to_owned(),
            permissions: [permission].into(),
        };
        assert!(user(Permission::PartsRead).require(Permission::PartsRead).is_ok());
        assert!(user(Permission::All).require(Permission::PartsRead).is_ok());
        assert!(Actor::System.require(Permission::PartsRead).is_ok());
        assert!(matches!(Actor::Anonymous.require(Permission::PartsRead), Err(Error::NotSignedIn)));
        assert!(matches!(
            user(Permission::PartsRead).require(Permission::PartsCreate),
            Err(Error::Forbidden { permission: Permission::PartsCreate })
        ));
    }
}
