//! Makes and keeps small pictures of images. They are beside the two folders of static files, in a folder that backups omit.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use durable::Disk;
use sha2::{Digest, Sha256};

use crate::static_files::StaticFiles;
use crate::{Error, images};

const FOLDER: &str = ".mm-thumbnails";

/// Returns the path of the small picture of an image. Makes the picture if there is none, or if the image has changed.
pub(super) fn of(files: &StaticFiles, image: &Path) -> Result<PathBuf, Error> {
    let failed = |source| Error::io(image, source);
    let found = image.metadata().map_err(failed)?;
    let changed = found.modified().map_err(failed)?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let folder = folder_of(files, image);
    let path = folder.join(format!("{}-{}", found.len(), changed.as_nanos()));
    if path.exists() {
        return Ok(path);
    }
    let small = images::thumbnail(&fs::read(image).map_err(failed)?)?;
    remove(files, image)?;
    let disk = Disk::real();
    disk.create_folder(&folder)?;
    disk.write_durably(&path, &small.bytes)?;
    Ok(path)
}

/// Removes the small pictures of an image.
pub(super) fn remove(files: &StaticFiles, image: &Path) -> Result<(), Error> {
    let folder = folder_of(files, image);
    if folder.exists() {
        Disk::real().remove_tree(&folder)?;
    }
    Ok(())
}

fn folder_of(files: &StaticFiles, image: &Path) -> PathBuf {
    let digest = Sha256::digest(image.as_os_str().as_encoded_bytes());
    let name: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    files.root().join(FOLDER).join(name)
}
