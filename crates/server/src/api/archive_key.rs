//! The key of an encrypted archive in a request. It is used for one task, and neither stored nor logged.

use std::fmt;

use backup::Engine;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::problem::Problem;

/// The key of an encrypted archive: a secret key of age, or a passphrase.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ArchiveKey {
    /// A secret key, `AGE-SECRET-KEY-1…`.
    #[schema(format = Password)]
    identity: Option<String>,
    #[schema(format = Password)]
    passphrase: Option<String>,
}

impl fmt::Debug for ArchiveKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ArchiveKey")
    }
}

impl ArchiveKey {
    /// Returns the key that was entered into the fields of a form; `None` if they are empty.
    pub(crate) fn entered(identity: &str, passphrase: &str) -> Option<Self> {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.trim().is_empty());
        let key = Self { identity: given(identity), passphrase: given(passphrase) };
        (key.identity.is_some() || key.passphrase.is_some()).then_some(key)
    }

    /// Returns an engine that opens archives with the key of a request, or else with its own keys.
    pub(crate) fn apply_to(key: Option<Self>, engine: &Engine) -> Result<Engine, Problem> {
        let Some(Self { identity, passphrase }) = key else { return Ok(engine.clone()) };
        let mut keys = passphrase.map_or_else(archive::Keys::default, archive::Keys::passphrase);
        if let Some(identity) = identity {
            let parsed = identity.trim().parse::<archive::Identity>();
            let parsed = parsed.map_err(|fault| Problem::invalid_field("key.identity", fault.to_string()));
            keys.identities.push(parsed?);
        }
        Ok(engine.clone().with_keys(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown() {
        let key =
            ArchiveKey { identity: Some("AGE-SECRET".to_owned()), passphrase: Some("secret".to_owned()) };
        assert_eq!(format!("{key:?}"), "ArchiveKey");
    }
}
