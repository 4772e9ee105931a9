//! How good the backups are: the one rule for the rail of every page and for the page of backups.

use super::words::ago;
use crate::BackupAges;
use crate::app::App;

/// The days after which a backup no longer counts as recent.
const RECENT: i64 = 7 * 86_400;

/// How good the backups are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backups {
    /// A recent backup has been proven by a drill. Its age in seconds.
    Proven(i64),
    /// A recent backup has been verified, but none was proven.
    Verified(i64),
    /// The last attempt failed after the newest backup was made. The ages of both; `None` if there is no backup.
    Failed { failure: i64, newest: Option<i64> },
    /// The newest backup is old.
    Old(i64),
    /// There is no backup.
    None,
    /// The backup folder cannot be read.
    Unreadable,
}

/// How good the backups are, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    /// `good`, `warn` or `bad`.
    pub(super) state: &'static str,
    pub(super) text: &'static str,
    pub(super) detail: String,
}

impl Backups {
    /// Returns how good the backups are now.
    pub(super) async fn now(app: &App) -> Self {
        match app.backup_ages().await {
            Ok(ages) => Self::of(ages, app.tasks.failed_backup().map(|at| (app.now() - at).max(0))),
            // All other pages go on, and this one says so.
            Err(error) => {
                tracing::error!(%error, "the backup folder cannot be read");
                Self::Unreadable
            }
        }
    }

    /// Judges the ages of the newest checked backups, and of the last attempt if it failed.
    fn of(BackupAges { verified, proven }: BackupAges, failure: Option<i64>) -> Self {
        let newest = proven.into_iter().chain(verified).min();
        match (failure, newest) {
            (Some(failure), newest) if newest.is_none_or(|newest| failure < newest) => {
                Self::Failed { failure, newest }
            }
            (_, None) => Self::None,
            (_, Some(newest)) => match (proven, verified) {
                (Some(proven), _) if proven < RECENT => Self::Proven(proven),
                (_, Some(verified)) if verified < RECENT => Self::Verified(verified),
                _ => Self::Old(newest),
            },
        }
    }

    /// Returns `good`, `warn` or `bad`.
    pub(super) fn state(self) -> &'static str {
        match self {
            Self::Proven(_) => "good",
            Self::Verified(_) => "warn",
            Self::Failed { newest: Some(newest), .. } if newest < RECENT => "warn",
            Self::Failed { .. } | Self::Old(_) | Self::None | Self::Unreadable => "bad",
        }
    }

    /// Returns the sentence of the rail.
    pub(super) fn truth(self) -> Truth {
        let (text, detail) = match self {
            Self::Proven(age) => ("Last proven backup", ago(age)),
            Self::Verified(age) => ("Backed up, not proven", ago(age)),
            Self::Failed { failure, .. } => ("The last backup failed", ago(failure)),
            Self::Old(age) => ("The last backup is old", ago(age)),
            Self::None => ("No backup yet", "Make the first one".to_owned()),
            Self::Unreadable => ("The backups cannot be read", "See what to do".to_owned()),
        };
        Truth { state: self.state(), text, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_that_holds_decides() {
        const DAY: i64 = 86_400;
        let of = |verified, proven, failure| Backups::of(BackupAges { verified, proven }, failure);
        let cases = [
            (of(Some(60), Some(3 * DAY), None), Backups::Proven(3 * DAY), "good"),
            (of(Some(60), Some(8 * DAY), None), Backups::Verified(60), "warn"),
            (of(Some(60), None, None), Backups::Verified(60), "warn"),
            (of(Some(9 * DAY), Some(8 * DAY), None), Backups::Old(8 * DAY), "bad"),
            (of(None, None, None), Backups::None, "bad"),
            (of(Some(60), Some(60), Some(90)), Backups::Proven(60), "good"),
            (of(Some(DAY), Some(DAY), Some(5)), Backups::Failed { failure: 5, newest: Some(DAY) }, "warn"),
            (of(Some(8 * DAY), None, Some(5)), Backups::Failed { failure: 5, newest: Some(8 * DAY) }, "bad"),
            (of(None, None, Some(5)), Backups::Failed { failure: 5, newest: None }, "bad"),
        ];
        for (found, expected, state) in cases {
            assert_eq!((found, found.state()), (expected, state));
        }
    }
}
