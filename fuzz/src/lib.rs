//! States what must hold for any file that is given as a backup. Each target in `fuzz_targets/` calls one of
//! these functions, and ordinary tests of the crates concerned call them with the seeds.
//!
//! Reading order: [`archives`], then its `zip` and `mutation`, then `databases`.

pub mod archives;
#[cfg(feature = "database")]
pub mod database_seeds;
#[cfg(feature = "database")]
pub mod databases;
