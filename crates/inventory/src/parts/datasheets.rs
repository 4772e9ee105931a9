//! The datasheets of a part. Their files are managed by [`static_files`](crate::static_files).

use std::collections::HashMap;
use std::path::{Component, Path};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::find;
use crate::db::entity::datasheets::{Column, Entity, Model};
use crate::fields::{Fields, MAX_TEXT, Problem};
use crate::static_files::{FileKind, FileRef};
use crate::{Access, Command, Error, Permission, Query, Read, Timestamp, Work};

/// The largest number of datasheets that are listed for a part.
const MAX_DATASHEETS: u64 = 1000;

/// A document about a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Datasheet {
    /// Unique.
    pub id: String,
    /// The part that the document describes.
    pub part_id: String,
    /// The path of the file below `static/datasheets`.
    pub filename: String,
    /// The size of the file in bytes.
    pub file_size: Option<i64>,
    /// The title.
    pub title: Option<String>,
    /// The supplier that the document came from.
    pub supplier: Option<String>,
    /// The address that the document came from.
    pub url: Option<String>,
    /// Whether the document is shown first.
    pub is_primary: bool,
    /// When the document was added.
    pub created_at: Timestamp,
}

impl Datasheet {
    /// Returns the file of the document.
    pub fn file(&self) -> FileRef {
        FileRef { kind: FileKind::Datasheets, path: self.filename.clone() }
    }
}

/// Adds a datasheet to a part. Its file must already be in `static/datasheets`.
#[derive(Clone, Debug, Default)]
pub struct AddDatasheet {
    /// The part that the document describes.
    pub part_id: String,
    /// The path of the file below `static/datasheets`.
    pub filename: String,
    /// The path of the file as the original stores it. The default is the filename.
    pub file_path: Option<String>,
    /// The size of the file in bytes.
    pub file_size: Option<i64>,
    /// The title.
    pub title: Option<String>,
    /// The supplier that the document came from.
    pub supplier: Option<String>,
    /// The address that the document came from.
    pub url: Option<String>,
    /// Whether the document is shown first.
    pub is_primary: bool,
}

/// Deletes the row of a datasheet, and returns it. [`FileStore`](crate::files::FileStore) deletes the file as well.
#[derive(Clone, Debug)]
pub struct DeleteDatasheet {
    /// The part that the document describes.
    pub part_id: String,
    /// The datasheet.
    pub id: String,
}

/// Lists the datasheets of a part, oldest first, at most 1000.
#[derive(Clone, Debug)]
pub struct ListDatasheets {
    /// The part.
    pub part_id: String,
}

impl Command for AddDatasheet {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Datasheet;

    fn validate(&self, fields: &mut Fields) {
        fields.name("filename", &self.filename, MAX_TEXT);
        let mut components = Path::new(&self.filename).components();
        let inside = components.all(|part| matches!(part, Component::Normal(_)));
        fields.require("filename", inside && !self.filename.contains('\\'), Problem::OutsideFolder);
        fields.number("file_size", self.file_size.unwrap_or_default(), 0..=i64::MAX);
        for (field, value) in [
            ("file_path", &self.file_path),
            ("title", &self.title),
            ("supplier", &self.supplier),
            ("url", &self.url),
        ] {
            fields.text(field, value.as_deref(), MAX_TEXT);
        }
    }

    async fn run(&self, work: &mut Work) -> Result<Datasheet, Error> {
        let part = find(work, &self.part_id).await?;
        let datasheet = Model {
            id: work.new_id(),
            part_id: part.id,
            filename: self.filename.clone(),
            file_path: self.file_path.clone().unwrap_or_else(|| self.filename.clone()),
            file_size: self.file_size,
            file_type: "pdf".to_owned(),
            title: self.title.clone(),
            supplier: self.supplier.clone(),
            url: self.url.clone(),
            download_date: work.now(),
            is_primary: self.is_primary,
            is_active: true,
            created_at: work.now(),
        };
        Ok(work.insert(datasheet).await?.into())
    }
}

impl Command for DeleteDatasheet {
    const ACCESS: Access = Access::Permission(Permission::PartsUpdate);
    type Output = Datasheet;

    async fn run(&self, work: &mut Work) -> Result<Datasheet, Error> {
        let row = Entity::find_by_id(&self.id).filter(Column::PartId.eq(&self.part_id));
        let row = row.one(work.db().await?).await?;
        let row = row.ok_or_else(|| Error::not_found("datasheet of the part", &self.id))?;
        work.delete(row.clone()).await?;
        Ok(row.into())
    }
}

impl Query for ListDatasheets {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = Vec<Datasheet>;

    async fn run(&self, read: &Read) -> Result<Vec<Datasheet>, Error> {
        datasheets_of(read, &find(read, &self.part_id).await?.id).await
    }
}

pub(super) async fn datasheets_of(read: &Read, part_id: &str) -> Result<Vec<Datasheet>, Error> {
    let query = Entity::find().filter(Column::PartId.eq(part_id));
    let query = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id).limit(MAX_DATASHEETS);
    let rows = query.all(read.db().await?).await?;
    Ok(rows.into_iter().map(Datasheet::from).collect())
}

/// Returns the datasheets of parts by the ids of the parts, oldest first.
pub(crate) async fn datasheets_of_all(
    read: &Read,
    part_ids: &[&str],
) -> Result<HashMap<String, Vec<Datasheet>>, Error> {
    let query = Entity::find().filter(Column::PartId.is_in(part_ids.iter().copied()));
    let query = query.order_by_asc(Column::CreatedAt).order_by_asc(Column::Id);
    let mut datasheets: HashMap<String, Vec<Datasheet>> = HashMap::new();
    for row in query.all(read.db().await?).await? {
        datasheets.entry(row.part_id.clone()).or_default().push(row.into());
    }
    Ok(datasheets)
}

impl From<Model> for Datasheet {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            part_id: row.part_id,
            filename: row.filename,
            file_size: row.file_size,
            title: row.title,
            supplier: row.supplier,
            url: row.url,
            is_primary: row.is_primary,
            created_at: row.created_at,
        }
    }
}
