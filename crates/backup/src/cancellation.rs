//! Cancellation of a running use case. The caller keeps a [`Cancellation`] and sets it. The engine checks it
//! between pieces of work, fails with [`crate::Error::Cancelled`], and cleans up as after any other error.
//! The commit of a restore does not check it: a commit is always completed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// A flag that asks the engine to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Creates a cancellation from a shared flag, such as one that a signal handler sets.
    pub fn of(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Asks the engine to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Returns whether the engine has been asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Fails with [`Error::Cancelled`] once the engine has been asked to stop.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
