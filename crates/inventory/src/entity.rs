//! One SeaORM entity for each table, in a file named after the table: the original's 39, as `schema.sql` makes
//! them, and ours (`mm_…`), as the migrations make them.
//!
//! What is stored must be what the original stores: ids are text, times are [`Timestamp`](crate::Timestamp), JSON is
//! [`Json`](crate::Json), prices are [`Numeric`](crate::Numeric), and columns that are enums there hold the enum's
//! upper-case name.

pub mod activitylogmodel;
pub mod api_keys;
pub mod backup_config;
pub mod categorymodel;
pub mod csvimportconfigmodel;
pub mod datasheets;
pub mod enrichment_profiles;
pub mod label_template_presets;
pub mod label_templates;
pub mod locationmodel;
pub mod mm_category_parent;
pub mod mm_restore;
pub mod orderitemmodel;
pub mod ordermodel;
pub mod part_location_allocations;
pub mod part_project_link;
pub mod part_tag_links;
pub mod partcategorylink;
pub mod partenrichmentmetadata;
pub mod partmodel;
pub mod partorderlink;
pub mod partordersummary;
pub mod partpricinghistory;
pub mod partsystemmetadata;
pub mod printermodel;
pub mod projectmodel;
pub mod rolemodel;
pub mod supplier_configs;
pub mod supplier_credentials;
pub mod supplier_rate_limits;
pub mod supplier_usage_summary;
pub mod supplier_usage_tracking;
pub mod tagmodel;
pub mod tasks;
pub mod tool_category_links;
pub mod tool_location_allocations;
pub mod tool_maintenance_records;
pub mod tool_tag_links;
pub mod toolmodel;
pub mod usermodel;
pub mod userrolelink;
