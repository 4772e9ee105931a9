//! Tests the use cases on both engines: rules, access, activity log, lists, and concurrency.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod accounts;
mod activity;
mod api_keys;
mod categories;
mod changes;
mod concurrency;
mod exchange;
mod files;
mod ledger;
mod listed;
mod lists;
mod locations;
mod parts;
mod rules;
mod sample;
mod saved_views;
mod stock_values;
mod support;
