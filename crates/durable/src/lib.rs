//! Files that survive a crash. Everything the program does to the file system, other than what SQLite
//! does to its own files, goes through [`Disk`].
//!
//! What this crate must never know: databases, archives, and what any file is for.
//!
//! Reading order: [`RawDisk`] (the seam, and the real file system behind it), [`Disk`], [`OwnedDisk`] (the owner of
//! what root creates), [`open_lock_file`], [`resolve`] (one name for each file), [`regular_file`] (opens
//! regular files only), [`printable`] (how a name from outside is shown).

mod disk;
mod error;
mod lock_file;
mod owned_disk;
mod owner;
mod paths;
mod printable;
mod raw_disk;
pub mod regular_file;
mod resolve;
mod scratch_folder;

pub use disk::Disk;
pub use error::{Error, Result};
pub use lock_file::open_lock_file;
pub use owned_disk::OwnedDisk;
pub use owner::Owner;
pub use paths::{folder_of, is_being_written, with_suffix};
pub use printable::printable;
pub use raw_disk::{DiskFile, FileMode, RawDisk, RealDisk};
pub use resolve::resolve;
pub use scratch_folder::{ScratchFolder, is_id};
