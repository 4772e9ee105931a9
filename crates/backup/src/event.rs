//! What the engine tells while it works: one typed stream, which a terminal, a socket or a table
//! of tasks only renders.

use std::path::PathBuf;

use crate::{Cancellation, Error, Names, counted};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A stage begins.
    Step(Step),
    /// How far the current stage is, in bytes. The total can be unknown at first (0).
    Progress {
        /// Bytes done.
        done: u64,
        /// Bytes altogether.
        total: u64,
    },
    /// Something the user should know although the work goes on.
    Note(Note),
}

/// The stages, in the order in which they occur.
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

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the display text says what each field is")]
#[non_exhaustive]
pub enum Note {
    /// Rows refer to files that are not there.
    Dangling { files: Names },
    /// Something cannot be kept in an archive, all of it for the same reason.
    LeftOut { what: Names, why: String },
    /// A note of the safety backup that a restore takes: about what there is now, not about what is restored.
    OfSafetyBackup(Box<Note>),
    /// The database has rows with broken foreign keys.
    Violations { count: u64 },
    /// The live database is damaged; what there is of it has been kept.
    LiveDamaged { why: String },
    /// The archive says nothing about a folder, which therefore stays as it is.
    FolderKept { folder: &'static str },
    /// The archive has an environment file, which is never put in place.
    EnvNotRestored { encrypted: bool },
    /// Entries of a re-packed archive that are no part of a backup.
    Ignored { names: Names },
    /// The inventory lies on a file system that is mounted read-only, so the backup could not lock it.
    NotLocked { path: PathBuf },
    /// Where the unusable live database was moved.
    SetAside { path: PathBuf },
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dangling { files } => write!(
                f,
                "{} that rows refer to {} missing already before the backup: {files}",
                counted(files.count as u64, "file"),
                if files.count == 1 { "was" } else { "were" },
            ),
            Self::LeftOut { what, why } => write!(f, "{what} {} left out: {why}", what.are()),
            Self::OfSafetyBackup(note) => write!(f, "in the backup of what is there now: {note}"),
            Self::Violations { count } => write!(
                f,
                "{} with a broken foreign key: the backup holds them as they are",
                counted(*count, "row")
            ),
            Self::LiveDamaged { why } => {
                write!(f, "the live database is damaged ({why}); it is kept for rescue")
            }
            Self::FolderKept { folder } => {
                write!(f, "the archive was made without {folder}: that folder stays as it is")
            }
            Self::EnvNotRestored { .. } => {
                f.write_str("the archive holds a .env file, which is never put in place by itself")
            }
            Self::Ignored { names } => {
                write!(f, "{names} in the archive {} no part of a backup and ignored", names.are())
            }
            Self::NotLocked { path } => write!(
                f,
                "{} is on a file system that is mounted read-only: nothing was locked there while the backup was made",
                path.display()
            ),
            Self::SetAside { path } => write!(f, "the unusable database was moved to {}", path.display()),
        }
    }
}

/// Hears events. Any closure that takes an [`Event`] is one.
pub trait Observer {
    /// Called on the thread that works; it should be quick.
    fn event(&mut self, event: Event);
}

impl<F: FnMut(Event)> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// Passes everything on, and says of notes that they are those of the safety backup.
pub(crate) struct OfSafetyBackup<'a>(pub(crate) &'a mut dyn Observer);

impl Observer for OfSafetyBackup<'_> {
    fn event(&mut self, event: Event) {
        self.0.event(match event {
            Event::Note(note) => Event::Note(Note::OfSafetyBackup(Box::new(note))),
            other => other,
        });
    }
}

/// Counts bytes towards a total and tells of them, not too often.
pub(crate) struct Meter<'a> {
    cancellation: &'a Cancellation,
    observer: &'a mut dyn Observer,
    done: u64,
    told: u64,
    total: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(cancellation: &'a Cancellation, observer: &'a mut dyn Observer, total: u64) -> Self {
        observer.event(Event::Progress { done: 0, total });
        Self { cancellation, observer, done: 0, told: 0, total }
    }

    /// Counts so many bytes more.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn add_or_stop(&mut self, bytes: u64) -> Result<(), Error> {
        self.add(bytes);
        self.cancellation.check()
    }

    pub(crate) fn add(&mut self, bytes: u64) {
        const OFTEN_ENOUGH: u64 = 1 << 18;
        self.done += bytes;
        if self.done - self.told >= OFTEN_ENOUGH || self.done == self.total {
            self.told = self.done;
            self.observer.event(Event::Progress { done: self.done, total: self.total });
        }
    }
}
