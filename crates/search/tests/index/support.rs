//! Short ways to make parts and to search for them.

use search::{Changes, Document, Index, Place, Query, Request};

/// Returns a part with this id and name.
pub(crate) fn named(id: &str, name: &str) -> Document {
    Document { id: id.to_owned(), name: name.to_owned(), ..Document::default() }
}

/// Returns a category or location with its own id and those of its ancestors.
pub(crate) fn place(name: &str, ids: &[&str]) -> Place {
    Place { name: name.to_owned(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
}

/// Returns an index of these parts.
pub(crate) fn index_of(upserts: &[Document]) -> Index {
    let index = Index::in_memory().unwrap();
    index.apply(&Changes { upserts: upserts.to_vec(), ..Changes::default() }).unwrap();
    index
}

/// Returns the first page of what a text finds.
pub(crate) fn request(text: &str) -> Request {
    Request { query: Query::parse(text), page: 1, page_size: 100, ..Request::default() }
}

/// Returns the ids that a text finds, best first, separated by spaces.
pub(crate) fn find(index: &Index, text: &str) -> String {
    let results = index.search(&request(text)).unwrap();
    assert_eq!(results.total, results.ids.len());
    results.ids.join(" ")
}
