//! How the activity log describes a row: its type and name, and the columns that are omitted.

use std::fmt;

use sea_orm::{EntityTrait, IdenStatic, Iterable, ModelTrait, Value};

use crate::digest_of;
use crate::static_files::{FileKind, FileRef, IMAGE_URL};

use super::entity::{
    api_keys, categorymodel, datasheets, locationmodel, mm_low_stock_limit, part_location_allocations,
    partmodel, projectmodel, rolemodel, tagmodel, tool_location_allocations, usermodel,
};

/// The column type of a row.
pub(crate) type ColumnOf<M> = <<M as ModelTrait>::Entity as EntityTrait>::Column;

/// A row whose changes are written to the activity log.
pub(crate) trait Record: ModelTrait {
    /// The type of the thing in the log, such as `part`.
    const ENTITY_TYPE: &'static str;

    /// Returns the id of the row.
    fn id(&self) -> &str;

    /// Returns the name of the thing for users.
    fn name(&self) -> Option<&str>;

    /// Returns whether the log must not repeat the values of a column.
    fn secret(_column: &ColumnOf<Self>) -> bool {
        false
    }

    /// Returns whether the log omits a column because it changes with every use.
    fn unlogged(_column: &ColumnOf<Self>) -> bool {
        false
    }
}

/// Returns a text that changes whenever a column changes that the activity log shows, or the time of the last change.
pub(crate) fn version_of<M: Record>(row: &M) -> String {
    version_with(row, &[])
}

/// Returns a version like [`version_of`] that also changes with texts beside the row.
pub(crate) fn version_with<M: Record>(row: &M, beside: &[&str]) -> String {
    let mut texts = Vec::new();
    for column in ColumnOf::<M>::iter() {
        if M::unlogged(&column) && column.as_str() != "updated_at" {
            continue;
        }
        let value = match row.get(column) {
            Value::String(text) => text.map(|text| format!("s{text}")),
            other => Some(format!("{other:?}")),
        };
        texts.push(value.unwrap_or_default());
    }
    let beside = beside.iter().map(|text| text.as_bytes());
    digest_of(texts.iter().map(String::as_bytes).chain(beside))[..24].to_owned()
}

/// Returns the file that a row refers to. The extension of an image may be missing.
pub(crate) fn file_of<M: Record>(row: &M) -> Option<FileRef> {
    let text = |name: &str| {
        let column = ColumnOf::<M>::iter().find(|column| column.as_str() == name)?;
        match row.get(column) {
            Value::String(text) => text,
            _ => None,
        }
    };
    match M::ENTITY_TYPE {
        "datasheet" => Some(FileRef { kind: FileKind::Datasheets, path: text("filename")? }),
        "part" | "location" | "project" => {
            let address = text("image_url")?;
            let name = address.strip_prefix(IMAGE_URL)?.split(['?', '#']).next()?;
            Some(FileRef { kind: FileKind::Images, path: name.to_owned() })
        }
        _ => None,
    }
}

macro_rules! records {
    ($($table:ident $entity_type:literal name($row:ident) $name:expr;
        secret [$($secret:ident),*] unlogged [$($unlogged:ident),*])*) => {
        $(impl Record for $table::Model {
            const ENTITY_TYPE: &'static str = $entity_type;

            fn id(&self) -> &str {
                &self.id
            }

            fn name(&self) -> Option<&str> {
                let $row = self;
                $name
            }

            fn secret(column: &ColumnOf<Self>) -> bool {
                let _ = column;
                false $(|| matches!(column, $table::Column::$secret))*
            }

            fn unlogged(column: &ColumnOf<Self>) -> bool {
                let _ = column;
                false $(|| matches!(column, $table::Column::$unlogged))*
            }
        })*
    };
}

records! {
    api_keys "api_key" name(row) Some(&row.name); secret [KeyHash] unlogged [LastUsedAt, UsageCount]
    categorymodel "category" name(row) Some(&row.name); secret [] unlogged []
    datasheets "datasheet" name(row) Some(row.title.as_deref().unwrap_or(&row.filename)); secret [] unlogged []
    locationmodel "location" name(row) row.name.as_deref(); secret [] unlogged []
    part_location_allocations "allocation" name(_row) None; secret [] unlogged [LastUpdated]
    partmodel "part" name(row) Some(&row.part_name); secret [] unlogged [UpdatedAt]
    projectmodel "project" name(row) Some(&row.name); secret [] unlogged [UpdatedAt, PartsCount]
    rolemodel "role" name(row) Some(&row.name); secret [] unlogged []
    tagmodel "tag" name(row) Some(&row.name); secret []
        unlogged [UpdatedAt, UsageCount, PartsCount, ToolsCount, LastUsedAt]
    tool_location_allocations "tool_allocation" name(_row) None; secret [] unlogged [LastUpdated]
    usermodel "user" name(row) Some(&row.username); secret [HashedPassword] unlogged []
}

impl Record for mm_low_stock_limit::Model {
    const ENTITY_TYPE: &'static str = "low_stock_limit";

    fn id(&self) -> &str {
        &self.part_id
    }

    fn name(&self) -> Option<&str> {
        None
    }
}

/// The hash of a password or key. Its debug output does not show the hash.
#[derive(Clone, PartialEq, Eq, sea_orm::DeriveValueType)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
