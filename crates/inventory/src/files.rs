//! Stores uploaded files together with the rows that refer to them. A file is durable before its row is written, and is removed
//! again if the row cannot be written. A file that no row refers to any longer is deleted.

mod references;
mod thumbnail;
mod upload;

use std::path::{Path, PathBuf};

use crate::parts::{AddDatasheet, Datasheet, DeleteDatasheet, GetPart, Part, UpdatePart};
use crate::static_files::{FileKind, IMAGE_URL, StaticFiles};
use crate::{Access, Actor, Change, Error, IdempotencyKey, Inventory, Once, Permission};

use self::upload::StoredUpload;

pub use crate::static_files::FileRef;
pub use references::CountFileReferences;

/// The largest size of a datasheet in bytes.
pub const MAX_DATASHEET: u64 = 100 << 20;
/// The largest size of an uploaded image in bytes.
pub const MAX_IMAGE: u64 = 20 << 20;

/// The extensions of images, in the order in which they are tried.
const EXTENSIONS: [&str; 5] = ["jpg", "png", "webp", "jpeg", "gif"];

/// The files of an inventory, together with the rows that refer to them.
#[derive(Clone)]
pub struct FileStore {
    inventory: Inventory,
    files: StaticFiles,
}

/// What is known about a new datasheet, besides its content.
#[derive(Clone, Debug, Default)]
pub struct NewDatasheet {
    /// The part that the document describes.
    pub part_id: String,
    /// The title.
    pub title: Option<String>,
    /// The supplier that the document came from.
    pub supplier: Option<String>,
    /// The address that the document came from.
    pub url: Option<String>,
    /// Whether the document is shown first.
    pub is_primary: bool,
}

/// The idempotency key of an upload, and how its response is recorded.
pub struct UploadOnce<'a, T> {
    /// The key, with a digest of the request without its content. The digest of the content is added while the content is read.
    pub key: &'a IdempotencyKey,
    /// Returns the response that a repeated request gets.
    pub respond: &'a (dyn Fn(&T) -> String + Sync),
}

impl FileStore {
    /// Creates a store for an inventory and its files.
    pub fn new(inventory: Inventory, files: StaticFiles) -> Self {
        Self { inventory, files }
    }

    /// Stores a datasheet, which must be a PDF document of at most [`MAX_DATASHEET`] bytes.
    ///
    /// # Errors
    /// [`Error::BadFile`], [`Error::Forbidden`], [`Error::NotFound`], [`Error::Io`].
    pub async fn add_datasheet(
        &self,
        actor: &Actor,
        new: NewDatasheet,
        content: impl std::io::Read + Send + 'static,
    ) -> Result<Datasheet, Error> {
        let (command, stored) = self.store_datasheet(actor, new, content).await?;
        let added = self.inventory.run(actor, command).await;
        self.keep_if(added.is_ok(), stored.file).await;
        added
    }

    /// Stores a datasheet like [`FileStore::add_datasheet`], but only once for the same idempotency key.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key was used for another request or content, and those of [`FileStore::add_datasheet`].
    pub async fn add_datasheet_once(
        &self,
        actor: &Actor,
        new: NewDatasheet,
        content: impl std::io::Read + Send + 'static,
        once: &UploadOnce<'_, Datasheet>,
    ) -> Result<Once<Datasheet>, Error> {
        let (command, stored) = self.store_datasheet(actor, new, content).await?;
        let key = once.key.with_content(&stored.digest);
        let added = self.inventory.run_once(actor, command, &key, once.respond).await;
        self.keep_if(matches!(added, Ok(Once::Done(_))), stored.file).await;
        added
    }

    /// Stores the file of a datasheet, and returns the command that adds its row.
    async fn store_datasheet(
        &self,
        actor: &Actor,
        new: NewDatasheet,
        content: impl std::io::Read + Send + 'static,
    ) -> Result<(AddDatasheet, StoredUpload), Error> {
        self.check_upload(actor, &new.part_id).await?;
        let stored = self.blocking(move |store| upload::store_pdf(store, content)).await?;
        let command = AddDatasheet {
            part_id: new.part_id,
            filename: stored.file.path.clone(),
            file_path: None,
            file_size: i64::try_from(stored.size).ok(),
            title: new.title,
            supplier: new.supplier,
            url: new.url,
            is_primary: new.is_primary,
        };
        Ok((command, stored))
    }

    /// Deletes a datasheet and its file.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`], [`Error::Io`].
    pub async fn delete_datasheet(&self, actor: &Actor, part_id: &str, id: &str) -> Result<(), Error> {
        let command = DeleteDatasheet { part_id: part_id.to_owned(), id: id.to_owned() };
        self.inventory.run(actor, command).await?;
        self.remove_released().await
    }

    /// Stores an image of at most [`MAX_IMAGE`] bytes, upright and without metadata, and makes it the image of a part.
    ///
    /// # Errors
    /// [`Error::BadFile`], [`Error::Forbidden`], [`Error::NotFound`], [`Error::Changed`], [`Error::Io`].
    pub async fn set_image(
        &self,
        actor: &Actor,
        (part_id, version): (&str, Option<String>),
        content: Vec<u8>,
    ) -> Result<Part, Error> {
        let (command, stored) = self.store_image(actor, part_id, content).await?;
        let changed = self.inventory.run(actor, UpdatePart { version, ..command }).await;
        self.keep_if(changed.is_ok(), stored.file).await;
        let part = changed?;
        self.remove_released().await?;
        Ok(part)
    }

    /// Stores an image like [`FileStore::set_image`], but only once for the same idempotency key.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key was used for another request or content, and those of [`FileStore::set_image`].
    pub async fn set_image_once(
        &self,
        actor: &Actor,
        (part_id, version): (&str, Option<String>),
        content: Vec<u8>,
        once: &UploadOnce<'_, Part>,
    ) -> Result<Once<Part>, Error> {
        let (command, stored) = self.store_image(actor, part_id, content).await?;
        let key = once.key.with_content(&stored.digest);
        let command = UpdatePart { version, ..command };
        let changed = self.inventory.run_once(actor, command, &key, once.respond).await;
        self.keep_if(matches!(changed, Ok(Once::Done(_))), stored.file).await;
        let changed = changed?;
        self.remove_released().await?;
        Ok(changed)
    }

    /// Stores the file of an image, and returns the command that makes it the image of a part.
    async fn store_image(
        &self,
        actor: &Actor,
        part_id: &str,
        content: Vec<u8>,
    ) -> Result<(UpdatePart, StoredUpload), Error> {
        self.check_upload(actor, part_id).await?;
        let stored = self.blocking(move |store| upload::store_image(store, &content)).await?;
        let stem = stored.file.path.split('.').next().unwrap_or_default();
        let image_url = Change::Set(Some(format!("{IMAGE_URL}{stem}")));
        Ok((UpdatePart { id: part_id.to_owned(), image_url, ..UpdatePart::default() }, stored))
    }

    /// Deletes the files to which changed and deleted rows have referred, unless another row refers to them. A delete waits while a backup
    /// runs.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Database`].
    pub async fn remove_released(&self) -> Result<(), Error> {
        for FileRef { kind, path } in self.inventory.take_released_files() {
            let Some((path, _)) = self.existing(kind, &path) else { continue };
            let file = FileRef { kind, path };
            let count = self.inventory.query(&Actor::System, CountFileReferences(file.clone())).await?;
            if count == 0 {
                self.blocking(move |store| store.remove(&file)).await?;
            }
        }
        Ok(())
    }

    /// Returns the path of a file, and checks that the actor may read it. The extension of an image may be missing.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub fn find(&self, actor: &Actor, kind: FileKind, name: &str) -> Result<PathBuf, Error> {
        Access::Permission(Permission::PartsRead).check(actor)?;
        self.existing(kind, name).map(|(_, path)| path).ok_or_else(|| Error::not_found("file", name))
    }

    /// Returns the path of a small picture of an image, which is made at its first use. It belongs to no backup.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`], [`Error::BadFile`], [`Error::Io`].
    pub async fn thumbnail(&self, actor: &Actor, name: &str) -> Result<PathBuf, Error> {
        let image = self.find(actor, FileKind::Images, name)?;
        self.blocking(move |store| thumbnail::of(&store.files, &image)).await
    }

    /// Returns the path below the folder and the full path of a regular file.
    fn existing(&self, kind: FileKind, name: &str) -> Option<(String, PathBuf)> {
        let is_file = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_file());
        let found = |name: String| {
            let path = self.files.below(kind, &name).ok()?;
            is_file(&path).then_some((name, path))
        };
        let with_extension = || {
            let images = (kind == FileKind::Images).then_some(EXTENSIONS);
            images.into_iter().flatten().find_map(|extension| found(format!("{name}.{extension}")))
        };
        found(name.to_owned()).or_else(with_extension)
    }

    /// Checks that an upload for a part may begin, before anything of it is read.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn check_upload(&self, actor: &Actor, part_id: &str) -> Result<Part, Error> {
        Access::Permission(Permission::PartsUpdate).check(actor)?;
        self.inventory.query(&Actor::System, GetPart(part_id.to_owned())).await
    }

    /// Removes a stored file unless its row was written.
    async fn keep_if(&self, is_written: bool, file: FileRef) {
        if !is_written {
            // What kept the row from being written matters more. Nothing refers to the file.
            let _ = self.blocking(move |store| store.remove(&file)).await;
        }
    }

    fn remove(&self, file: &FileRef) -> Result<(), Error> {
        if let Some((path, full_path)) = self.existing(file.kind, &file.path) {
            self.files.delete(file.kind, &path, self.inventory.ambient())?;
            thumbnail::remove(&self.files, &full_path)?;
        }
        Ok(())
    }

    /// Runs work that blocks on a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileStore").field("root", &self.files.root()).finish_non_exhaustive()
    }
}
