//! Stopping early. Whoever runs the engine keeps a [`Cancellation`] and sets it; the engine asks where it
//! has just done a piece of work, ends with [`crate::Error::Cancelled`], and tidies up as after any error.
//! The commit of a restore does not ask: it is completed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Error;

/// A flag that asks the engine to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Shares a flag that somebody else sets, such as a handler of signals.
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

    /// Fails once the engine has been asked to stop.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
