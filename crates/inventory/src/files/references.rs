//! Counts the rows that refer to a file.

use super::FileRef;
use crate::parts::IMAGE_URL;
use crate::static_files::FileKind;
use crate::{Access, Error, Permission, Query, Read};

/// The tables with addresses of images.
const IMAGE_TABLES: [&str; 4] = ["partmodel", "locationmodel", "toolmodel", "projectmodel"];

/// Counts the rows that refer to a file.
#[derive(Clone, Debug)]
pub struct CountFileReferences(pub FileRef);

impl Query for CountFileReferences {
    const ACCESS: Access = Access::Permission(Permission::PartsRead);
    type Output = u64;

    async fn run(&self, read: &Read) -> Result<u64, Error> {
        let FileRef { kind, path } = &self.0;
        if *kind == FileKind::Datasheets {
            return read.count_referring("datasheets", "filename", path).await;
        }
        let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
        let mut count = 0;
        for table in IMAGE_TABLES {
            for name in [path, stem] {
                count += read.count_referring(table, "image_url", &format!("{IMAGE_URL}{name}")).await?;
            }
        }
        Ok(count)
    }
}
