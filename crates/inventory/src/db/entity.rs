//! The rows of the tables, one file for each table, named after it. An entity comes with the first use case that needs it.
//!
//! What is stored must be what the original stores: ids are text, times are [`Timestamp`](crate::Timestamp), JSON is
//! [`Json`](crate::Json), and columns that are enums there hold the enum's upper-case name.
#![expect(unreachable_pub, reason = "the derived code is public; the module is not")]

pub mod activitylogmodel;
pub mod api_keys;
pub mod categorymodel;
pub mod datasheets;
pub mod locationmodel;
pub mod mm_category_parent;
pub mod part_location_allocations;
pub mod partcategorylink;
pub mod partmodel;
pub mod rolemodel;
pub mod usermodel;
pub mod userrolelink;

#[cfg(test)]
mod tests;
