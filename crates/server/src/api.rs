//! The resources of the API, one file each. A handler calls one use case.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod api_keys;
pub(crate) mod archive_key;
pub(crate) mod backup_files;
pub(crate) mod backup_tasks;
pub(crate) mod backup_work;
pub(crate) mod backups;
pub(crate) mod bulk;
pub(crate) mod categories;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod locations;
pub(crate) mod part_details;
pub(crate) mod part_list;
pub(crate) mod parts;
pub(crate) mod projects;
pub(crate) mod roles;
pub(crate) mod session;
pub(crate) mod setup;
mod slots;
pub(crate) mod stock;
pub(crate) mod tags;
pub(crate) mod tasks;
pub(crate) mod users;
