//! The search index of parts: documents in, queries out.
//!
//! What this crate must never know: the database, its tables and SQL, HTTP, how results are shown.

mod any_of;
mod document;
mod documents;
mod error;
mod filters;
mod fold;
mod folder;
mod grams;
mod index;
mod order;
mod plan;
mod query;
mod schema;
mod search;
mod suggest;
mod tokenizer;
mod words;

pub use document::{Document, Place};
pub use error::{Error, Result};
pub use filters::Filters;
pub use folder::{Content, RebuildReason};
pub use index::{Changes, Index};
pub use order::Sort;
pub use query::{MAX_CHARACTERS, MAX_TERMS, Note, Query};
pub use search::{Request, Results};
pub use suggest::Suggestion;
