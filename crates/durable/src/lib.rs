//! Files that survive a crash. Everything the program does to the file system, other than what SQLite
//! does to its own files, goes through [`Disk`].
//!
//! What this crate must never know: databases, archives, and what any file is for.
//!
//! Reading order: [`Disk`] (the seam, and the real file system behind it), [`write_durably`], [`OwnedDisk`] (the
//! owner of what root creates), [`open_lock_file`], [`resolve`] (one name for each file), [`regular_file`] (opens
//! regular files only), [`printable`] (how a name from outside is shown).

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
