//! Time and randomness, as values. Nothing else in the workspace may ask the machine for either
//! (`clippy.toml` forbids it), so a test that fixes both is deterministic.

use std::fmt;
use std::sync::Arc;

use chrono::{Local, NaiveDateTime, TimeDelta};
use uuid::Uuid;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Now;
}

/// One instant, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// In UTC.
    pub utc: NaiveDateTime,
    /// On the wall clock of this machine.
    pub local: NaiveDateTime,
}

/// Where randomness comes from.
pub trait Random: Send + Sync {
    /// Fills `bytes` with randomness fit for keys and ids.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the randomness one part of the program works with. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Ambient {
    /// The machine's own clock and randomness.
    pub fn system() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(SystemRandom) }
    }

    /// A chosen clock and a chosen source of randomness.
    pub fn new(clock: impl Clock + 'static, random: impl Random + 'static) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// The present instant, on both clocks.
    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// The time in UTC, to the microsecond.
    pub fn utc(&self) -> NaiveDateTime {
        self.now().utc
    }

    /// The local time, to the microsecond.
    pub fn local(&self) -> NaiveDateTime {
        self.now().local
    }

    /// A new random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// `N` random bytes.
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

/// Cuts what is finer than the microsecond: the database stores no more.
fn to_microseconds(time: NaiveDateTime) -> NaiveDateTime {
    let finer = i64::from(time.and_utc().timestamp_subsec_nanos() % 1_000);
    time - TimeDelta::nanoseconds(finer)
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system always has randomness to give");
    }
}
