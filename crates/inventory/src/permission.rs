//! Permissions, with the same names as in the original.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

macro_rules! permissions {
    ($($variant:ident $text:literal)*) => {
        /// A permission. Its text is the string that roles and API keys store, the same as in the original.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each is named by its text")]
        pub enum Permission {
            $($variant),*
        }

        impl Permission {
            /// Every permission.
            pub const EVERY: &[Self] = &[$(Self::$variant),*];

            /// Returns the stored string.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }

        impl FromStr for Permission {
            type Err = UnknownPermission;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(UnknownPermission),
                }
            }
        }
    };
}

permissions! {
    All "all"
    ApiKeysAdmin "api_keys:admin"
    ApiKeysCreate "api_keys:create"
    ApiKeysDelete "api_keys:delete"
    ApiKeysRead "api_keys:read"
    ApiKeysUpdate "api_keys:update"
    BackupCreate "backup:create"
    BackupManage "backup:manage"
    BackupRestore "backup:restore"
    CategoriesCreate "categories:create"
    CategoriesDelete "categories:delete"
    CategoriesDeleteAll "categories:delete_all"
    CategoriesRead "categories:read"
    CategoriesUpdate "categories:update"
    DashboardView "dashboard:view"
    LabelTemplatesCreate "label_templates:create"
    LabelTemplatesDelete "label_templates:delete"
    LabelTemplatesRead "label_templates:read"
    LabelTemplatesUpdate "label_templates:update"
    LocationsCreate "locations:create"
    LocationsDelete "locations:delete"
    LocationsRead "locations:read"
    LocationsUpdate "locations:update"
    PartsCreate "parts:create"
    PartsDelete "parts:delete"
    PartsRead "parts:read"
    PartsUpdate "parts:update"
    PrinterAdmin "printer:admin"
    ProjectsCreate "projects:create"
    ProjectsDelete "projects:delete"
    ProjectsRead "projects:read"
    ProjectsUpdate "projects:update"
    RateLimitsAdmin "rate_limits:admin"
    RateLimitsRead "rate_limits:read"
    SupplierConfigCreate "supplier_config:create"
    SupplierConfigCredentials "supplier_config:credentials"
    SupplierConfigDelete "supplier_config:delete"
    SupplierConfigExport "supplier_config:export"
    SupplierConfigImport "supplier_config:import"
    SupplierConfigRead "supplier_config:read"
    SupplierConfigUpdate "supplier_config:update"
    SuppliersRead "suppliers:read"
    SuppliersUse "suppliers:use"
    TagsAdmin "tags:admin"
    TagsAssign "tags:assign"
    TagsCreate "tags:create"
    TagsDelete "tags:delete"
    TagsRead "tags:read"
    TagsUpdate "tags:update"
    TasksAdmin "tasks:admin"
    TasksCreate "tasks:create"
    TasksDelete "tasks:delete"
    TasksRead "tasks:read"
    TasksUpdate "tasks:update"
    ToolsCreate "tools:create"
    ToolsDelete "tools:delete"
    ToolsRead "tools:read"
    ToolsUpdate "tools:update"
    ToolsUse "tools:use"
    UsersCreate "users:create"
    UsersDelete "users:delete"
    UsersRead "users:read"
    UsersUpdate "users:update"
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not a known permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such permission")]
pub struct UnknownPermission;

/// The permissions of a role or an API key. Unknown texts are kept and grant nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    known: BTreeSet<Permission>,
    unknown: BTreeSet<String>,
}

impl Permissions {
    /// Returns whether the set contains `permission` or [`Permission::All`].
    pub fn grant(&self, permission: Permission) -> bool {
        self.known.contains(&permission) || self.known.contains(&Permission::All)
    }

    /// Returns the known permissions, in the order of [`Permission::EVERY`].
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.known.iter().copied()
    }

    /// Returns all stored texts, including unknown ones.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|known| known.as_str()).chain(self.unknown.iter().map(String::as_str))
    }

    /// Returns whether the set contains unknown texts.
    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Adds the known permissions of another set.
    pub fn extend(&mut self, other: &Self) {
        self.known.extend(&other.known);
    }

    /// Returns the permissions that `holder` also grants. If the set contains [`Permission::All`], returns all permissions of
    /// `holder`.
    pub(crate) fn limited_to(&self, holder: &Self) -> Self {
        if self.known.contains(&Permission::All) {
            return holder.clone();
        }
        self.iter().filter(|&permission| holder.grant(permission)).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self { known: permissions.into_iter().collect(), unknown: BTreeSet::new() }
    }
}

impl<const N: usize> From<[Permission; N]> for Permissions {
    fn from(permissions: [Permission; N]) -> Self {
        permissions.into_iter().collect()
    }
}

impl FromIterator<String> for Permissions {
    fn from_iter<I: IntoIterator<Item = String>>(texts: I) -> Self {
        let mut permissions = Self::default();
        for text in texts {
            match text.parse() {
                Ok(known) => permissions.known.insert(known),
                Err(UnknownPermission) => permissions.unknown.insert(text),
            };
        }
        permissions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_survives_a_round_trip_through_its_text() {
        for &permission in Permission::EVERY {
            assert_eq!(permission.to_string().parse(), Ok(permission));
        }
    }

    #[test]
    fn unknown_texts_are_kept_and_grant_nothing() {
        let texts = ["parts:read", "parts:fly", "ALL"].map(str::to_owned);
        let permissions: Permissions = texts.into_iter().collect();
        assert_eq!(permissions.texts().collect::<Vec<_>>(), ["parts:read", "ALL", "parts:fly"]);
        let granted = Permission::EVERY.iter().filter(|permission| permissions.grant(**permission));
        assert_eq!(granted.collect::<Vec<_>>(), [&Permission::PartsRead]);
    }

    #[test]
    fn all_grants_all() {
        let permissions = Permissions::from([Permission::All]);
        assert!(Permission::EVERY.iter().all(|&permission| permissions.grant(permission)));
    }
}
