//! Files that survive a crash. Every change that the program makes to the file system goes through [`Disk`],
//! except for what SQLite does to its own files.
//!
//! What this crate must never know: databases, archives, and what any file is for.
//!
//! Reading order: [`RawDisk`] (the interface, and its implementation for the real file system), [`Disk`], [`OwnedDisk`]
//! (sets the owner of files that root creates), [`open_lock_file`], [`ScratchFolder`], [`resolve`] (finds the canonical
//! path of a file), [`regular_file`] (opens regular files only), [`FileView`] (reads a file
//! from several threads), [`printable`] (escapes untrusted text for messages),
//! [`counted`] (words a number with its noun).

mod counted;
mod disk;
mod error;
mod file_view;
mod lock_file;
mod owned_disk;
mod owner;
mod paths;
mod printable;
mod raw_disk;
pub mod regular_file;
mod resolve;
mod scratch_folder;

pub use counted::{counted, plural};
pub use disk::Disk;
pub use error::{Error, Result};
pub use file_view::FileView;
pub use lock_file::open_lock_file;
pub use owned_disk::OwnedDisk;
pub use owner::Owner;
pub use paths::{folder_of, is_being_written, with_suffix};
pub use printable::printable;
pub use raw_disk::{DiskFile, FileMode, RawDisk, RealDisk};
pub use resolve::resolve;
pub use scratch_folder::{ScratchFolder, is_id};
