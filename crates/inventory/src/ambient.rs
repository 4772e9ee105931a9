//! Time and randomness, injected as values. No other code in the workspace may ask the machine for them
//! (`clippy.toml` forbids it), so a test that fixes both is deterministic.

use std::fmt;
use std::sync::Arc;

use chrono::{Local, NaiveDateTime, TimeDelta};
use uuid::Uuid;

/// A source of time.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Now;
}

/// A point in time, with microsecond precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time in UTC.
    pub utc: NaiveDateTime,
    /// The local time of this machine.
    pub local: NaiveDateTime,
}

/// A source of randomness.
pub trait Random: Send + Sync {
    /// Fills `bytes` with cryptographically secure random data.
    fn fill(&self, bytes: &mut [u8]);
}

/// A clock and a source of randomness. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ambient {
    /// Returns the clock and the randomness of the machine.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) }
    }

    /// Combines a clock and a source of randomness.
    pub fn new(clock: impl Clock + 'static, random: impl Random + 'static) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// Returns the current time, in UTC and local.
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// Returns the current time in UTC, with microsecond precision.
    pub fn utc(&self) -> NaiveDateTime {
        self.now().utc
    }

    /// Returns the current local time, with microsecond precision.
    pub fn local(&self) -> NaiveDateTime {
        self.now().local
    }

    /// Returns a new random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// Returns `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ambient")
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Now {
        let now = Local::now();
        Now { utc: to_microseconds(now.naive_utc()), local: to_microseconds(now.naive_local()) }
    }
}

/// Truncates a time to microseconds, the precision of the database.
fn to_microseconds(time: NaiveDateTime) -> NaiveDateTime {
    let finer = i64::from(time.and_utc().timestamp_subsec_nanos() % 1_000);
    time - TimeDelta::nanoseconds(finer)
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system always provides randomness");
    }
}
