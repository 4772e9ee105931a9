//! The backup engine. It makes backups, verifies and restores them, and recovers from interrupted
//! restores.
//!
//! This crate must never know HTTP, the command line, or how anything is displayed. It prints
//! nothing: it reports progress as [`event::Event`]s and failures as [`Error`].
//!
//! Reading order: [`places`] (where the files are), [`engine`] (what every use case needs), then one
//! file per use case: [`create`], [`verify`], [`catalog`] (show and list), [`backup_folder`] (receive and remove), [`restore`] with its
//! stages, [`recover`], [`drill`], [`import`], `key_check`, `migrate`, `check`.

pub mod backup_folder;
pub mod cancellation;
pub mod catalog;
mod check;
pub mod create;
mod damage;
mod database_files;
pub mod drill;
pub mod engine;
pub mod error;
pub mod event;
mod file_changes;
mod file_references;
mod files_cache;
pub mod import;
mod key_check;
mod leftovers;
mod lock;
mod migrate;
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
mod unpacker;
pub mod verify;

pub use backup_folder::Upload;
pub use cancellation::Cancellation;
pub use catalog::{Contents, ListedArchive, NewestChecked, Summary};
pub use check::{CheckReport, FileCheck};
pub use create::{BackupOptions, BackupReport, EncryptionChoice, Purpose};
pub use drill::{DrillOptions, DrillReport};
pub use engine::{EncryptionPolicy, Engine};
pub use error::{Error, Kind};
pub use event::{Event, Note, Observer, Step};
pub use import::{ImportOptions, ImportPreview, ImportReport, StagedImport};
pub use pending::PendingRestore;
pub use places::Places;
pub use recover::Recovery;
pub use restore::{Plan, RestoreOptions, RestoreRecord, RestoreReport, StagedRestore, Totals, Undo};
pub use status::{KeyCheckRecord, ProofRecord, Status};
pub use verify::VerifyReport;
