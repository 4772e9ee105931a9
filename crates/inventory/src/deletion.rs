//! Deletes things that others refer to, and shows beforehand what a deletion affects.

mod location;

pub use location::{DeleteLocation, LocationDeletion, PreviewLocationDeletion};
