//! The ages of the newest checked backups, for metrics. Reading the backup folder is slow, so the result is remembered.

use std::sync::Arc;

use backup::{Engine, NewestChecked};
use inventory::Actor;
use tokio::sync::Mutex;

use crate::error::Error;

/// The seconds after which the backup folder is read again, since other programs make backups as well.
const REMEMBERED: i64 = 60;

/// The ages of the newest checked backups, in seconds. `None` if there is no such backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupAges {
    /// The age of the newest verified backup.
    pub verified: Option<i64>,
    /// The age of the newest backup that a drill has proven.
    pub proven: Option<i64>,
}

/// What was last found in the backup folder.
#[derive(Default)]
pub(crate) struct CheckedBackups(Mutex<Option<Found>>);

#[derive(Clone, Copy)]
struct Found {
    newest: NewestChecked,
    at: i64,
    /// The number of tasks that had ended.
    tasks: u64,
}

impl CheckedBackups {
    /// Returns the ages. Reads the backup folder if a task has ended since the last time, or after a minute. `now` is in
    /// seconds since 1970.
    pub(crate) async fn ages(&self, engine: &Arc<Engine>, now: i64, tasks: u64) -> Result<BackupAges, Error> {
        let mut found = self.0.lock().await;
        let newest = match &*found {
            Some(found) if found.tasks == tasks && (0..REMEMBERED).contains(&(now - found.at)) => {
                found.newest
            }
            _ => {
                let engine = Arc::clone(engine);
                let read = tokio::task::spawn_blocking(move || engine.newest_checked(&Actor::System)).await;
                let newest = read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
                *found = Some(Found { newest, at: now, tasks });
                newest
            }
        };
        let age = |made: i64| (now - made).max(0);
        Ok(BackupAges { verified: newest.verified.map(age), proven: newest.proven.map(age) })
    }

    /// Remembers what somebody else has just found in the backup folder.
    pub(crate) async fn remember(&self, newest: NewestChecked, now: i64, tasks: u64) {
        *self.0.lock().await = Some(Found { newest, at: now, tasks });
    }

    /// Forgets what was found, since the backup folder has changed.
    pub(crate) async fn forget(&self) {
        *self.0.lock().await = None;
    }
}
