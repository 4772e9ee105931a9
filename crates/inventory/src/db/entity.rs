//! The entities: one file for each table, named after the table. An entity is added with the first use case that needs it.
//!
//! Stored values must be the same as those of the original: ids are text, times are [`Timestamp`](crate::Timestamp), JSON
//! is [`Json`](crate::Json), and enum columns hold the upper-case name.
#![expect(unreachable_pub, reason = "the derived code is public; the module is not")]

pub mod activitylogmodel;
pub mod api_keys;
pub mod categorymodel;
pub mod datasheets;
pub mod locationmodel;
pub mod mm_category_parent;
pub mod mm_idempotency;
pub mod mm_low_stock_limit;
pub mod mm_saved_view;
pub mod mm_stock_movement;
pub mod part_location_allocations;
pub mod part_project_link;
pub mod part_tag_links;
pub mod partcategorylink;
pub mod partmodel;
pub mod projectmodel;
pub mod rolemodel;
pub mod tagmodel;
pub mod tool_location_allocations;
pub mod usermodel;
pub mod userrolelink;

#[cfg(test)]
mod tests;
