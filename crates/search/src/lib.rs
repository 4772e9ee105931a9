//! The search index of parts: documents in, queries out.
//!
//! What this crate must never know: the database, its tables and SQL, HTTP, how results are shown.
//!
//! The index is derived from the database, and can be thrown away at any time. What the caller does:
//!
//! 1. It opens the index ([`Index::open`]) and compares [`Index::position`] with the state of the database. Equal: the index
//!    is current. Otherwise, or when the content is [`Content::RebuildNeeded`] (the position then is `None`), it reconciles: it
//!    compares [`Index::for_each_hash`] with the hashes of its rows, and applies what differs in batches of some thousands,
//!    the position with the last one. Searches between the batches see what is there so far. [`Index::compact`] at the end
//!    makes searching fastest.
//! 2. After each change of a part it applies the change, with the new position, before it answers. A batch takes about as
//!    long as a single change. Who reads a row must apply it before anybody else applies a later state of the same row.
//! 3. It parses what a person typed ([`Query::parse`]), shows the notes, searches, and asks for suggestions
//!    ([`Index::suggest`]) when nothing was found. On an [`Error`] it falls back to the database.
//!
//! ```
//! use search::{Changes, Document, Index, Query, Request};
//!
//! # fn main() -> search::Result<()> {
//! let index = Index::in_memory()?;
//! let part = Document {
//!     id: "5f2c".to_owned(),
//!     hash: 0x1d0a,
//!     name: "Resistor 10 kΩ".to_owned(),
//!     mpn: "RC0603FR-0710KL".to_owned(),
//!     stock: 7,
//!     ..Document::default()
//! };
//! index.apply(&Changes { upserts: vec![part], deletes: vec![], position: Some("42".to_owned()) })?;
//!
//! let query = Query::parse("10kohm 0603FR stock<10 name:res");
//! assert!(query.notes().is_empty());
//! let results = index.search(&Request { query, page: 1, page_size: 50, ..Request::default() })?;
//! assert_eq!((results.ids, results.total), (vec!["5f2c".to_owned()], 1));
//! assert_eq!(index.position().as_deref(), Some("42"));
//!
//! let mistyped = Query::parse("resitsor");
//! assert_eq!(index.suggest(&mistyped)?[0].instead, ["resistor"]);
//! # Ok(())
//! # }
//! ```
//!
//! Reading order: [`Document`], [`Query`] (the syntax), `fold`, `words` and `grams` (how text becomes words), `schema` (the
//! fields), [`Index`], `plan` (queries as lookups), `lookup` and `documents` (what they find), `search` and `order` (the page),
//! `totals`, `suggest`, `folder`.

mod derived_directory;
mod document;
mod documents;
mod error;
mod filters;
mod fold;
mod folder;
mod grams;
mod index;
mod lookup;
mod merging;
mod order;
mod plan;
mod query;
mod schema;
mod search;
mod suggest;
mod tokenizer;
mod totals;
mod words;

pub use document::{Document, Place, Value};
pub use error::{Error, Result};
pub use filters::Filters;
pub use folder::{Content, RebuildReason};
pub use index::{Changes, Index};
pub use order::Sort;
pub use query::{MAX_CHARACTERS, MAX_TERMS, Note, Query};
pub use search::{Request, Results};
pub use suggest::Suggestion;
pub use totals::Totals;
