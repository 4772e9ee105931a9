//! Handles signals. The first SIGINT or SIGTERM asks the engine to stop and clean up. The second one ends the
//! process at once, and the next run cleans up. SIGXFSZ is caught, so that a file that exceeds `ulimit -f` is a write
//! error.

use std::io;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use backup::Cancellation;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use crate::exit::Code;

/// The offset that shells add to the signal number for the exit code.
const SIGNALLED: i32 = 128;

struct Signals {
    stop: Arc<AtomicBool>,
    received: Arc<AtomicUsize>,
    /// Whether a question is open and no work has begun. Then a signal has its default effect.
    asking: Arc<AtomicBool>,
}

static SIGNALS: OnceLock<Signals> = OnceLock::new();

fn signals() -> &'static Signals {
    SIGNALS.get_or_init(|| Signals { stop: Arc::default(), received: Arc::default(), asking: Arc::default() })
}

/// Installs the signal handlers.
pub(crate) fn install() -> io::Result<()> {
    let Signals { stop, received, asking } = signals();
    for signal in [SIGINT, SIGTERM] {
        let number = usize::try_from(signal).unwrap_or_default();
        flag::register_conditional_default(signal, Arc::clone(asking))?;
        // The order matters: the shutdown handler must run before `stop` is set by the first signal.
        flag::register_conditional_shutdown(signal, SIGNALLED + signal, Arc::clone(stop))?;
        flag::register_usize(signal, Arc::clone(received), number)?;
        flag::register(signal, Arc::clone(stop))?;
    }
    flag::register(SIGXFSZ, Arc::default())?;
    Ok(())
}

/// Returns a future that completes with the first SIGINT or SIGTERM, at once if that has come already.
pub(crate) fn first() -> io::Result<impl Future<Output = ()> + Send> {
    let mut received = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    // Whatever comes from here on is among those received.
    let has_come = signals().stop.load(Ordering::SeqCst);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        if !has_come {
            received.forever().next();
        }
        // Fails only if the server has already stopped.
        let _ = sender.send(());
    });
    Ok(async move {
        let _ = receiver.await;
    })
}

/// Returns the cancellation flag that the first signal sets.
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

/// Asks a question during which a signal ends the process, since no work has begun.
pub(crate) fn while_asking<T>(ask: impl FnOnce() -> T) -> T {
    signals().asking.store(true, Ordering::SeqCst);
    let answer = ask();
    signals().asking.store(false, Ordering::SeqCst);
    answer
}
