//! Every use case, on both engines: its rules, who may run it, what it logs, what it lists, and what many do at once.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod activity;
mod concurrency;
mod lists;
mod rules;
mod sample;
mod support;
