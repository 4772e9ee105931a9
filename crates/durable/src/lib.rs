//! Files that survive a crash. Every change that the program makes to the file system goes through [`Disk`],
//! except for what SQLite does to its own files.
//!
//! What this crate must never know: databases, archives, and what any file is for.
//!
//! Reading order: [`Disk`] (the interface, and its implementation for the real file system), [`write_durably`],
//! [`OwnedDisk`] (sets the owner of files that root creates), [`open_lock_file`], [`resolve`] (finds the canonical path
//! of a file), [`regular_file`] (opens regular files only), [`printable`] (escapes untrusted text for messages).

mod disk;
mod lock_file;
mod owned_disk;
mod owner;
mod printable;
pub mod regular_file;
mod resolve;

pub use disk::{Disk, DiskFile, FileMode, RealDisk, folder_of, is_being_written, with_suffix, write_durably};
pub use lock_file::open_lock_file;
pub use owned_disk::OwnedDisk;
pub use owner::Owner;
pub use printable::printable;
pub use resolve::resolve;
