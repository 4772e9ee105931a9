//! What must hold whatever somebody hands us as a backup. The targets in `fuzz_targets/` only name
//! one of these functions each; ordinary tests of the crates concerned feed them the seeds.
//!
//! Reading order: [`archives`], then [`zip`] and [`mutation`] that it is made with, [`databases`].

pub mod archives;
#[cfg(feature = "database")]
pub mod databases;
