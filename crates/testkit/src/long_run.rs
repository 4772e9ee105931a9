//! How much the tests do. The normal run is a few minutes on two cores, with a fixed seed;
//! `scripts/long-run.sh` asks for more through the environment, and collects the figures.
//!
//! * `MAKERMATRIX_LONG_RUN=1`: the larger amount of every [`amount`].
//! * `MAKERMATRIX_SEED=N`: what random instants and data begin with.
//! * `MAKERMATRIX_FIGURES=FILE`: where [`figure`] appends its lines.

use std::fs::OpenOptions;
use std::io::Write;

/// How often something random is tried: `normal` times in every run, `long` times in a long one.
pub fn amount(normal: u32, long: u32) -> u32 {
    if std::env::var_os("MAKERMATRIX_LONG_RUN").is_some_and(|value| value != "0") { long } else { normal }
}

/// What random instants and data begin with, never 0. Printed by a test that fails, with the rest of
/// its output.
pub fn seed() -> u64 {
    let seed = match std::env::var("MAKERMATRIX_SEED") {
        Ok(text) => text.parse().expect("MAKERMATRIX_SEED is a number"),
        Err(_) => 20_261_123,
    };
    eprintln!("MAKERMATRIX_SEED={seed}");
    u64::max(seed, 1)
}

/// A line of the table in `docs/RELIABILITY.md`: what was done, and what came out. Printed, and kept
/// where the long run collects.
pub fn figure(what: &str, outcome: &str) {
    println!("{what}: {outcome}");
    if let Some(file) = std::env::var_os("MAKERMATRIX_FIGURES") {
        let line = format!("| {what} | {outcome} |\n");
        let file = OpenOptions::new().create(true).append(true).open(file);
        // One write: tests of other processes append, too.
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the figures can be written");
    }
}

/// A stream of numbers that is the same for the same seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Begins with [`seed`], differently for each `purpose`.
    pub fn new(purpose: &str) -> Self {
        let mixed = purpose
            .bytes()
            .fold(seed(), |mixed, byte| (mixed ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        Self(u64::max(mixed, 1))
    }

    /// Begins with this number.
    pub fn with_seed(seed: u64) -> Self {
        Self(u64::max(seed, 1))
    }

    /// The next number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound
    }

    /// The next number from 0 up to, not including, 1.
    pub fn fraction(&mut self) -> f64 {
        self.below(1 << 53) as f64 / (1_u64 << 53) as f64
    }
}
