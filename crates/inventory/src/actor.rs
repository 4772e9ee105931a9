//! Who asks. Each use case takes the actor first and requires its permission once, itself.

use crate::Error;

/// The permission that grants all others.
pub const ALL: &str = "all";

/// On whose behalf something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The program itself: backups, schedules, the command line on the machine. May do everything.
    System,
    /// A person, or an API key acting for one.
    User {
        /// The user's id.
        id: String,
        /// The user's name.
        username: String,
        /// What the user may do, such as `parts:create`.
        permissions: Vec<String>,
    },
}

impl Actor {
    /// Whether the actor has `permission`, or [`ALL`] of them.
    pub fn may(&self, permission: &str) -> bool {
        match self {
            Self::System => true,
            Self::User { permissions, .. } => {
                permissions.iter().any(|held| held == permission || held == ALL)
            }
        }
    }

    /// Refuses an actor who lacks `permission`.
    ///
    /// # Errors
    /// [`Error::Forbidden`], naming the permission.
    pub fn require(&self, permission: &str) -> Result<(), Error> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden { permission: permission.to_owned() })
        }
    }

    /// Refuses to let an actor hand out what it does not hold itself.
    pub(crate) fn require_each(&self, permissions: &[String]) -> Result<(), Error> {
        permissions.iter().try_for_each(|permission| self.require(permission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_granted_is_allowed() {
        let user = |permission: &str| Actor::User {
            id: "u".to_owned(),
            username: "u".to_owned(),
            permissions: vec![permission.to_owned()],
        };
        assert!(user("parts:read").require("parts:read").is_ok());
        assert!(user("all").require("parts:read").is_ok());
        assert!(Actor::System.require("parts:read").is_ok());
        assert!(matches!(
            user("parts:read").require("parts:create"),
            Err(Error::Forbidden { permission }) if permission == "parts:create"
        ));
    }
}
