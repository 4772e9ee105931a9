//! What can go wrong with the index.

/// The result of an operation on the index.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the index. The caller falls back to the database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process writes to the folder of the index.
    #[error("another process uses the search index")]
    InUse,
    /// The folder of the index cannot be created or emptied.
    #[error(transparent)]
    Folder(#[from] durable::Error),
    /// The index cannot be read or written.
    #[error("the search index failed: {0}")]
    Index(#[from] tantivy::TantivyError),
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Index(error.into())
    }
}
