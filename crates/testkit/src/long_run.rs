//! The amount of work that tests do. A normal run takes a few minutes on two cores and has a fixed seed;
//! `scripts/long-run.sh` asks for more through the environment and collects the figures.
//!
//! * `MAKERMATRIX_LONG_RUN=1` selects the larger number of every [`amount`].
//! * `MAKERMATRIX_SEED=N` sets the [`seed`].
//! * `MAKERMATRIX_FIGURES=FILE` names the file to which [`figure`] appends.

use std::fs::OpenOptions;
use std::io::Write;

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sha2::{Digest, Sha256};

/// Returns how often to try something: `normal` times, or `long` times in a long run.
pub fn amount(normal: u32, long: u32) -> u32 {
    if std::env::var_os("MAKERMATRIX_LONG_RUN").is_some_and(|value| value != "0") { long } else { normal }
}

/// Returns the seed of random instants and data, which is never 0, and prints it, so that the output of a
/// failed test contains it.
pub fn seed() -> u64 {
    let seed = match std::env::var("MAKERMATRIX_SEED") {
        Ok(text) => text.parse().expect("MAKERMATRIX_SEED is a number"),
        Err(_) => 20_261_123,
    };
    eprintln!("MAKERMATRIX_SEED={seed}");
    u64::max(seed, 1)
}

/// Prints a line of the table in `docs/RELIABILITY.md`, and appends it to the figures of a long run.
pub fn figure(what: &str, outcome: &str) {
    println!("{what}: {outcome}");
    if let Some(file) = std::env::var_os("MAKERMATRIX_FIGURES") {
        let line = format!("| {what} | {outcome} |\n");
        let file = OpenOptions::new().create(true).append(true).open(file);
        // One write: tests of other processes append, too.
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the figures can be written");
    }
}

/// Returns a generator that begins with [`seed`], differently for each `purpose`.
pub fn rng(purpose: &str) -> TestRng {
    from_text(&format!("{} {purpose}", seed()))
}

fn from_text(seed: &str) -> TestRng {
    TestRng::from_seed(RngAlgorithm::ChaCha, &Sha256::digest(seed))
}

/// A sequence of random numbers that is the same for the same seed.
#[derive(Debug, Clone)]
pub struct Random(TestRng);

impl Random {
    /// Begins with [`seed`], differently for each `purpose`.
    pub fn new(purpose: &str) -> Self {
        Self(rng(purpose))
    }

    /// Begins with this number, whatever the seed of the run.
    pub fn with_seed(seed: u64) -> Self {
        Self(from_text(&seed.to_string()))
    }

    /// Returns the next number below `bound`, which must not be 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.random_range(0..bound)
    }

    /// Returns the next number from 0 up to, but not including, 1.
    pub fn fraction(&mut self) -> f64 {
        self.0.random()
    }
}
