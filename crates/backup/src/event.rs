//! The events that the engine emits while it works. A terminal, a socket or a table of tasks only
//! displays this typed stream.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use archive::OmissionReason;
use durable::counted;
use inventory::NameList;

use crate::{Cancellation, Error};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A step begins.
    Step(Step),
    /// The progress of the current step, in bytes. The total is 0 as long as it is unknown.
    Progress {
        /// Bytes done.
        done: u64,
        /// Total bytes.
        total: u64,
    },
    /// A note for the user. The work continues.
    Note(Note),
}

/// The steps of all use cases, in the order in which they occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the display text says it")]
#[non_exhaustive]
pub enum Step {
    Snapshot,
    CheckCopy,
    Pack,
    ReadBack,
    Open,
    CheckEntries,
    CheckDatabase,
    Stage,
    SafetyBackup,
    Place,
    Commit,
    Finish,
    Compare,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Snapshot => "Copying the database as of now",
            Self::CheckCopy => "Checking the copy",
            Self::Pack => "Writing the archive",
            Self::ReadBack => "Reading it back",
            Self::Open => "Opening the archive",
            Self::CheckEntries => "Checking every file",
            Self::CheckDatabase => "Checking the database",
            Self::Stage => "Unpacking beside the live data",
            Self::SafetyBackup => "Backing up what is there now",
            Self::Place => "Placing new files",
            Self::Commit => "Replacing the database",
            Self::Finish => "Replacing changed files",
            Self::Compare => "Comparing with the archive",
        })
    }
}

/// A note for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the display text says what each field is")]
#[non_exhaustive]
pub enum Note {
    /// Rows refer to files that do not exist.
    Dangling { files: NameList },
    /// Items were left out, all for the same reason.
    Omitted { what: NameList, why: OmissionReason },
    /// A note of the safety backup of a restore. It is about the live data, not about the restored data.
    OfSafetyBackup(Box<Note>),
    /// The database has rows with broken foreign keys.
    Violations { count: u64 },
    /// The live database is damaged. Its readable content has been kept.
    LiveDamaged { why: String },
    /// The archive was made without a folder, so the live folder is not changed.
    FolderKept { folder: &'static str },
    /// The archive contains an environment file, which is never restored.
    EnvNotRestored { encrypted: bool },
    /// Entries of a re-packed archive that are not part of a backup.
    Ignored { names: NameList },
    /// The inventory is on a read-only file system, so the backup could not lock it.
    NotLocked { path: PathBuf },
    /// The unusable live database was moved to `path`.
    SetAside { path: PathBuf },
    /// What was taken over from the archive at `path` is damaged.
    NotTakenOver { path: PathBuf },
}

impl Note {
    /// Returns the note with the names of files instead of their paths, like [`Error::without_folders`](crate::Error::without_folders).
    #[must_use]
    pub fn without_folders(mut self) -> Self {
        match &mut self {
            Self::NotLocked { path } | Self::SetAside { path } | Self::NotTakenOver { path } => {
                crate::error::shorten(path)
            }
            Self::OfSafetyBackup(note) => **note = note.as_ref().clone().without_folders(),
            _ => {}
        }
        self
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dangling { files } => write!(
                f,
                "{} that rows refer to {} already missing before the backup: {files}",
                counted(files.count, "file"),
                if files.count == 1 { "was" } else { "were" },
            ),
            Self::Omitted { what, why } => write!(f, "{what} {} left out: {why}", what.verb()),
            Self::OfSafetyBackup(note) => write!(f, "in the safety backup: {note}"),
            Self::Violations { count } => write!(
                f,
                "{} with a broken foreign key: the backup holds them as they are",
                counted(*count, "row")
            ),
            Self::LiveDamaged { why } => {
                write!(f, "the live database is damaged ({why}); it is kept for rescue")
            }
            Self::FolderKept { folder } => {
                write!(f, "the archive was made without {folder}: that folder is not changed")
            }
            Self::EnvNotRestored { .. } => {
                f.write_str("the archive holds a .env file, which is never restored")
            }
            Self::Ignored { names } => {
                write!(f, "{names} in the archive {} not part of a backup, and ignored", names.verb())
            }
            Self::NotLocked { path } => write!(
                f,
                "{} is mounted read-only, so nothing was locked there during the backup",
                path.display()
            ),
            Self::SetAside { path } => write!(f, "the unusable database was moved to {}", path.display()),
            Self::NotTakenOver { path } => write!(
                f,
                "the unchanged files could not be taken over from {}, so every file was read again: verify that archive",
                path.display()
            ),
        }
    }
}

/// Receives events. Every closure that takes an [`Event`] is an observer.
pub trait Observer: Send {
    /// Receives an event. Runs on one of the threads that do the work, so it should return quickly.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event) + Send> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// Forwards events, and marks notes as those of the safety backup.
pub(crate) struct OfSafetyBackup<'a>(pub(crate) &'a mut dyn Observer);

impl Observer for OfSafetyBackup<'_> {
    fn event(&mut self, event: Event) {
        self.0.event(match event {
            Event::Note(note) => Event::Note(Note::OfSafetyBackup(Box::new(note))),
            other => other,
        });
    }
}

/// Counts bytes towards a total and emits progress events at intervals. Several threads can count.
pub(crate) struct Meter<'a> {
    cancellation: &'a Cancellation,
    total: u64,
    count: Mutex<Count<'a>>,
}

struct Count<'a> {
    observer: &'a mut dyn Observer,
    done: u64,
    reported: u64,
}

impl<'a> Meter<'a> {
    /// Creates a meter and emits the first progress event.
    pub(crate) fn new(cancellation: &'a Cancellation, observer: &'a mut dyn Observer, total: u64) -> Self {
        observer.event(Event::Progress { done: 0, total });
        let count = Mutex::new(Count { observer, done: 0, reported: 0 });
        Self { cancellation, total, count }
    }

    /// Emits that a step begins.
    pub(crate) fn step(&self, step: Step) {
        self.count().observer.event(Event::Step(step));
    }

    fn count(&self) -> MutexGuard<'_, Count<'a>> {
        // A panic of the observer leaves the count as it should be.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to the count, and fails if the engine was asked to stop.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn add_or_stop(&self, bytes: u64) -> Result<(), Error> {
        self.add(bytes);
        self.cancellation.check()
    }

    /// Adds to the count.
    pub(crate) fn add(&self, bytes: u64) {
        const REPORT_INTERVAL: u64 = 1 << 18;
        let mut count = self.count();
        count.done += bytes;
        if count.done - count.reported >= REPORT_INTERVAL || count.done == self.total {
            let done = count.done;
            count.reported = done;
            count.observer.event(Event::Progress { done, total: self.total });
        }
    }
}
