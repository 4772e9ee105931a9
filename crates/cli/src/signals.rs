//! Signals. The first SIGINT or SIGTERM asks the engine to stop, which tidies up; the second ends the process
//! at once, and the next run tidies up. A file that grows beyond `ulimit -f` is an error of the write instead
//! of the end of the process.

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use backup::Cancellation;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use crate::exit::Code;

/// What a shell adds to the number of a signal that ended a process.
const SIGNALLED: i32 = 128;

struct Signals {
    stop: Arc<AtomicBool>,
    received: Arc<AtomicUsize>,
    /// A question is asked for which nothing has been begun: the signal does what it usually does.
    asking: Arc<AtomicBool>,
}

static SIGNALS: OnceLock<Signals> = OnceLock::new();

fn signals() -> &'static Signals {
    SIGNALS.get_or_init(|| Signals { stop: Arc::default(), received: Arc::default(), asking: Arc::default() })
}

/// Installs the handlers.
pub(crate) fn install() -> io::Result<()> {
    let Signals { stop, received, asking } = signals();
    for signal in [SIGINT, SIGTERM] {
        let number = usize::try_from(signal).unwrap_or_default();
        flag::register_conditional_default(signal, Arc::clone(asking))?;
        // In this order: the first one finds that there was none before it.
        flag::register_conditional_shutdown(signal, SIGNALLED + signal, Arc::clone(stop))?;
        flag::register_usize(signal, Arc::clone(received), number)?;
        flag::register(signal, Arc::clone(stop))?;
    }
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(())
}

/// Returns what asks the engine to stop.
pub(crate) fn cancellation() -> Cancellation {
    Cancellation::of(Arc::clone(&signals().stop))
}

/// Returns the exit code of a command that failed after a signal.
pub(crate) fn exit_code() -> Option<Code> {
    match i32::try_from(signals().received.load(Ordering::SeqCst)) {
        Ok(SIGINT) => Some(Code::Interrupted),
        Ok(SIGTERM) => Some(Code::Terminated),
        _ => None,
    }
}

/// Asks a question that a signal may end the process at, since nothing has been begun that would be left.
pub(crate) fn while_asking<T>(ask: impl FnOnce() -> T) -> T {
    signals().asking.store(true, Ordering::SeqCst);
    let answer = ask();
    signals().asking.store(false, Ordering::SeqCst);
    answer
}
