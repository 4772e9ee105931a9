//! The resources of the API, one file each. A handler calls one use case.

pub(crate) mod account;
pub(crate) mod api_keys;
pub(crate) mod archive_key;
pub(crate) mod backup_files;
pub(crate) mod backup_tasks;
pub(crate) mod backups;
pub(crate) mod health;
pub(crate) mod locations;
pub(crate) mod parts;
pub(crate) mod roles;
pub(crate) mod session;
pub(crate) mod setup;
pub(crate) mod stock;
pub(crate) mod tasks;
pub(crate) mod users;
