//! The folder of the index: opens it, or throws away what cannot be used.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use durable::Disk;
use tantivy::directory::error::LockError;
use tantivy::directory::{Directory, INDEX_WRITER_LOCK};
use tantivy::{IndexWriter, TantivyError};

use crate::derived_directory::{DerivedDirectory, FILES, PARTIAL};
use crate::error::{Error, Result};
use crate::schema::{Fields, VERSION};
use crate::tokenizer::tokenizers;

/// What was found when an index was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The index is as it was left. Its position says which state of the database it shows.
    Kept,
    /// The index is empty, and has to be filled from the database.
    RebuildNeeded(RebuildReason),
}

/// Why an index is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RebuildReason {
    /// There was none.
    Missing,
    /// It was written by another version of the program.
    OtherVersion,
    /// It was damaged, as this message of the library says.
    Damaged(String),
}

/// What is stored with each commit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    pub(crate) position: Option<String>,
}

impl Payload {
    pub(crate) fn to_text(&self) -> String {
        match &self.position {
            Some(position) => format!("{VERSION} {position}"),
            None => VERSION.to_string(),
        }
    }

    pub(crate) fn of(index: &tantivy::Index) -> Result<Self> {
        let text = index.load_metas()?.payload.unwrap_or_default();
        Ok(Self { position: text.split_once(' ').map(|(_, position)| position.to_owned()) })
    }

    fn is_of_this_version(text: &str) -> bool {
        text.split(' ').next() == Some(&VERSION.to_string())
    }
}

/// Opens the index in a folder. The folder is created if it is missing.
pub(crate) fn open(disk: &Disk, folder: &Path) -> Result<(tantivy::Index, Content)> {
    disk.create_folder(folder)?;
    let directory = DerivedDirectory::open(disk, folder)?;
    refuse_if_in_use(&directory)?;
    let reason = match catch_unwind(AssertUnwindSafe(|| open_sound(&directory))) {
        Ok(Ok(index)) => {
            let segments: Vec<String> =
                index.searchable_segment_ids()?.iter().map(|id| id.uuid_string()).collect();
            remove_files(disk, folder, |name| {
                segment_of(name).is_some_and(|id| !segments.iter().any(|it| it == id))
            })?;
            return Ok((index, Content::Kept));
        }
        Ok(Err(reason)) => reason,
        Err(_) => RebuildReason::Damaged("the library cannot read it".to_owned()),
    };
    // Others stay, in case the folder is not what the caller thinks.
    remove_files(disk, folder, is_index_file)?;
    let (schema, _) = Fields::schema();
    let builder = tantivy::Index::builder().schema(schema).tokenizers(tokenizers());
    Ok((begin(builder.open_or_create(directory)?)?, Content::RebuildNeeded(reason)))
}

/// Returns an empty index in memory.
pub(crate) fn in_memory() -> Result<tantivy::Index> {
    let (schema, _) = Fields::schema();
    begin(tantivy::Index::builder().schema(schema).tokenizers(tokenizers()).create_in_ram()?)
}

/// Returns the error of a lock that another process holds.
pub(crate) fn locked(error: TantivyError) -> Error {
    match error {
        TantivyError::LockFailure(LockError::LockBusy, _) => Error::InUse,
        other => Error::Index(other),
    }
}

fn refuse_if_in_use(directory: &DerivedDirectory) -> Result<()> {
    match directory.acquire_lock(&INDEX_WRITER_LOCK) {
        Ok(_) => Ok(()),
        Err(error) => Err(locked(TantivyError::LockFailure(error, None))),
    }
}

/// Opens an index all of whose files have their checksums, and whose segments agree with its list of them.
fn open_sound(directory: &DerivedDirectory) -> std::result::Result<tantivy::Index, RebuildReason> {
    let damaged = |error: TantivyError| RebuildReason::Damaged(error.to_string());
    if !tantivy::Index::exists(directory).map_err(|error| damaged(error.into()))? {
        return Err(RebuildReason::Missing);
    }
    let mut index = match tantivy::Index::open(directory.clone()) {
        Err(TantivyError::IncompatibleIndex(_)) => return Err(RebuildReason::OtherVersion),
        opened => opened.map_err(damaged)?,
    };
    index.set_tokenizers(tokenizers());
    let payload = index.load_metas().map_err(damaged)?.payload.unwrap_or_default();
    if !Payload::is_of_this_version(&payload) || index.schema() != Fields::schema().0 {
        return Err(RebuildReason::OtherVersion);
    }
    let broken = index.validate_checksum().map_err(damaged)?;
    if let Some(file) = broken.iter().next() {
        return Err(RebuildReason::Damaged(format!("the checksum of {} is wrong", file.display())));
    }
    check_segments(&index).map_err(damaged)?;
    Ok(index)
}

/// Opens every segment, and compares the number of its documents with what its files hold.
fn check_segments(index: &tantivy::Index) -> std::result::Result<(), TantivyError> {
    for segment in index.reader()?.searcher().segment_readers() {
        let documents = segment.fast_fields().u64(crate::schema::fast::HASH)?.num_docs();
        let alive = segment.alive_bitset().map_or(segment.max_doc() as usize, |alive| alive.num_alive_docs());
        if documents != segment.max_doc() || alive != segment.num_docs() as usize {
            return Err(TantivyError::SystemError("the list of segments is wrong".to_owned()));
        }
    }
    Ok(())
}

/// Commits, so that the version is stored even while the index is empty.
fn begin(index: tantivy::Index) -> Result<tantivy::Index> {
    let mut writer: IndexWriter = index.writer_with_num_threads(1, 15_000_000).map_err(locked)?;
    let mut commit = writer.prepare_commit()?;
    commit.set_payload(&Payload { position: None }.to_text());
    commit.commit()?;
    Ok(index)
}

/// Removes the files with such names.
fn remove_files(disk: &Disk, folder: &Path, is_meant: impl Fn(&str) -> bool) -> Result<()> {
    let unreadable = |error| Error::Index(TantivyError::from(error));
    let mut removed = false;
    for entry in folder.read_dir().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if is_meant(&entry.file_name().to_string_lossy()) {
            disk.remove(&entry.path())?;
            removed = true;
        }
    }
    if removed {
        disk.sync_folder(folder)?;
    }
    Ok(())
}

fn is_index_file(name: &str) -> bool {
    let name = name.strip_suffix(PARTIAL).unwrap_or(name);
    matches!(name, "meta.json" | FILES) || name.starts_with(".tantivy-") || segment_of(name).is_some()
}

/// Returns the id of the segment to which a file belongs.
fn segment_of(name: &str) -> Option<&str> {
    let id = name.split('.').next().unwrap_or_default();
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}
