//! Tests the use cases on both engines: rules, access, activity log, lists, and concurrency.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod activity;
mod categories;
mod changes;
mod concurrency;
mod ledger;
mod lists;
mod locations;
mod parts;
mod rules;
mod sample;
mod support;
