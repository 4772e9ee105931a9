//! The backup engine: take a backup, prove that it is one, put it back, and recover when any of
//! that was interrupted.
//!
//! What this crate must never know: HTTP, the command line, how anything is shown. It prints
//! nothing; what happens is told as [`event::Event`]s, and what went wrong as one [`Error`].
//!
//! Reading order: [`places`] (where things are), [`engine`] (what every use case needs), then one
//! use case a file: [`create`], [`verify`], [`catalog`] (show and list), [`restore`] with its
//! stages, [`recover`], [`drill`], [`import`], `key_check`, `migrate`.

pub mod cancellation;
pub mod catalog;
mod confirm;
mod counted;
pub mod create;
mod database_files;
pub mod drill;
pub mod engine;
pub mod error;
pub mod event;
mod file_changes;
pub mod import;
mod key_check;
mod leftovers;
mod lock;
mod migrate;
mod names;
mod new_inventory;
mod open_archive;
mod pending;
mod permission;
pub mod places;
pub mod recover;
pub mod restore;
mod session;
mod settle;
mod space;
mod stable_file;
mod status;
pub mod verify;

pub use cancellation::Cancellation;
pub use catalog::{Contents, ListedArchive, Summary};
pub use counted::{counted, plural};
pub use create::{BackupOptions, BackupReport, EncryptionChoice, Purpose};
pub use drill::{DrillOptions, DrillReport};
pub use engine::{EncryptionPolicy, Engine};
pub use error::{Error, Kind};
pub use event::{Event, Note, Observer, Step};
pub use import::{ImportOptions, ImportPreview, ImportReport, StagedImport};
pub use names::Names;
pub use pending::PendingRestore;
pub use places::Places;
pub use recover::Recovery;
pub use restore::{Plan, RestoreOptions, RestoreRecord, RestoreReport, StagedRestore, Totals, Undo};
pub use status::{KeyCheckRecord, ProofRecord, Status};
pub use verify::VerifyReport;
