//! The resources of the API, one file each. A handler calls one use case.

pub(crate) mod activity;
pub(crate) mod backups;
pub(crate) mod bulk;
pub(crate) mod categories;
pub(crate) mod files;
pub(crate) mod health;
pub(crate) mod locations;
pub(crate) mod part_details;
pub(crate) mod parts;
pub(crate) mod projects;
pub(crate) mod session;
mod slots;
pub(crate) mod stock;
pub(crate) mod tags;
pub(crate) mod tasks;
