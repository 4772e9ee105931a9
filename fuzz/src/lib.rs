//! What must hold whatever somebody hands us as a backup. The targets in `fuzz_targets/` only name
//! one of these functions each; ordinary tests of the crates concerned feed them the seeds.
//!
//! Reading order: [`archives`], then its `zip` and `mutation`, then `databases`.

pub mod archives;
#[cfg(feature = "database")]
pub mod database_seeds;
#[cfg(feature = "database")]
pub mod databases;
