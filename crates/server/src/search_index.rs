//! Keeps the search index of parts in step with the database, and searches it.
//!
//! The index is derived data: it is in a folder beside the database that no archive holds, and it can be deleted at any time. At the
//! start, after a restore, and when another program has written, it is compared with all parts in the background. Until that has
//! ended, [`SearchIndex::search`] returns `None`, and the caller searches the database. Changes by this program are applied before
//! the next search.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use durable::Disk;
use inventory::parts::{
    GetSearchableParts, InventoryTotals, ListPlaces, ListSearchableParts, MAX_SEARCHABLE, NamedPlace, Places,
    SearchablePart,
};
use inventory::{Actor, Changed, Inventory};
use search::{Changes, Document, Index, Place, Request, Results, Suggestion, Value};
use tokio::sync::Mutex;

/// The largest number of ancestors of a location or a category.
const MAX_DEPTH: usize = 100;
/// What the index counts amounts of money in: this many are one.
const AMOUNT: f64 = 10_000.0;

/// An error of the search index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Index(#[from] search::Error),
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    #[error("a thread of the search failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
}

/// The search index of an inventory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SearchIndex(Arc<Shared>);

struct Shared {
    /// `None` if the index cannot be used. Then the database is searched.
    index: RwLock<Option<Arc<Index>>>,
    /// Held while the index is changed.
    following: Mutex<Following>,
    /// Whether a comparison has begun. It holds `following` for long, so nobody else should wait for that.
    is_comparing: AtomicBool,
    is_closing: AtomicBool,
}

/// How far the index has followed the database.
#[derive(Default)]
struct Following {
    /// The places that the documents refer to.
    places: Option<Arc<Places>>,
    /// Whether only the changes that [`Inventory::take_changes`] returns are missing.
    is_current: bool,
}

/// The result of a search.
pub(crate) struct Found {
    pub(crate) results: Results,
    /// Words that occur, if nothing was found.
    pub(crate) suggestions: Vec<Suggestion>,
}

impl SearchIndex {
    /// Opens the index in a folder. If that is not possible, logs the reason, and the database is searched instead.
    pub(crate) fn open(folder: &Path) -> Self {
        let index = match Index::open(&Disk::real(), folder) {
            Ok((index, search::Content::Kept)) => Some(index),
            Ok((index, search::Content::RebuildNeeded(reason))) => {
                tracing::info!(?reason, "the search index is built");
                Some(index)
            }
            Err(error) => {
                tracing::warn!(%error, "the search index cannot be used, so searches are slower");
                None
            }
        };
        Self(Arc::new(Shared {
            index: RwLock::new(index.map(Arc::new)),
            following: Mutex::default(),
            is_comparing: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
        }))
    }

    /// Searches. Returns `None` if the index is catching up or cannot be used.
    pub(crate) async fn search(&self, inventory: &Inventory, request: Request) -> Option<Found> {
        let search = move |index: &Index| {
            let results = index.search(&request)?;
            let suggestions = if results.total == 0 { index.suggest(&request.query)? } else { Vec::new() };
            Ok(Found { results, suggestions })
        };
        self.ask(inventory, search).await
    }

    /// Returns the number of parts, or `None` if the index is catching up or cannot be used.
    pub(crate) async fn count(&self, inventory: &Inventory) -> Option<u64> {
        self.current(inventory).await.map(|index| index.len() as u64)
    }

    /// Returns the sums over all parts, or `None` if the index is catching up or cannot be used.
    pub(crate) async fn totals(&self, inventory: &Inventory) -> Option<InventoryTotals> {
        let search::Totals { parts, stock, out, low, nowhere, priced, values } =
            self.ask(inventory, Index::totals).await?;
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let values = values.into_iter().map(|value| (value.currency, value.amount as f64 / AMOUNT));
        Some(InventoryTotals {
            parts: count(parts),
            units: stock,
            out: count(out),
            low: count(low),
            without_place: count(nowhere),
            priced: count(priced),
            values: values.collect(),
        })
    }

    /// Returns the index after it has caught up, or `None` if that takes longer or the index cannot be used.
    async fn current(&self, inventory: &Inventory) -> Option<Arc<Index>> {
        match self.catch_up(inventory).await {
            Ok(true) => self.index(),
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, "the search index could not follow the changes");
                self.compare_later(inventory);
                None
            }
        }
    }

    /// Asks the current index something.
    async fn ask<T: Send + 'static>(
        &self,
        inventory: &Inventory,
        question: impl FnOnce(&Index) -> search::Result<T> + Send + 'static,
    ) -> Option<T> {
        let index = self.current(inventory).await?;
        match tokio::task::spawn_blocking(move || question(&index)).await {
            Ok(Ok(found)) => Some(found),
            Ok(Err(error)) => {
                tracing::warn!(%error, "a search failed");
                None
            }
            Err(error) => {
                tracing::error!(%error, "a search failed");
                None
            }
        }
    }

    /// Applies what has changed. Returns whether the index is current.
    pub(crate) async fn catch_up(&self, inventory: &Inventory) -> Result<bool, Error> {
        if self.0.is_comparing.load(Ordering::SeqCst) {
            return Ok(false);
        }
        let mut following = self.0.following.lock().await;
        match inventory.take_changes().await? {
            Changed::Parts(parts) if following.is_current => {
                let applied = self.apply(inventory, &mut following.places, &parts).await;
                if applied.is_err() {
                    following.is_current = false;
                    inventory.give_back_changes(Changed::Parts(parts));
                }
                applied.map(|()| true)
            }
            // The comparison takes them, be it one that begins now or the next one.
            changed => {
                following.is_current = false;
                inventory.give_back_changes(changed);
                self.compare_later(inventory);
                Ok(false)
            }
        }
    }

    /// Reads parts and puts them into the index, or takes them out if they are gone.
    async fn apply(
        &self,
        inventory: &Inventory,
        places: &mut Option<Arc<Places>>,
        ids: &BTreeSet<String>,
    ) -> Result<(), Error> {
        let ids: Vec<&String> = ids.iter().collect();
        for ids in ids.chunks(usize::try_from(MAX_SEARCHABLE).unwrap_or(usize::MAX)) {
            let parts = inventory
                .query(&Actor::System, GetSearchableParts(ids.iter().copied().cloned().collect()))
                .await?;
            let gone = ids.iter().filter(|id| !parts.iter().any(|part| part.part.id == ***id));
            let deletes = gone.copied().cloned().collect();
            let knows = |places: &Places| {
                let known = |part: &SearchablePart| {
                    part.location_ids.iter().all(|id| places.locations.contains_key(id))
                        && part.category_ids.iter().all(|id| places.categories.contains_key(id))
                };
                parts.iter().all(known)
            };
            let known = match places.as_ref().filter(|places| knows(places)) {
                Some(places) => Arc::clone(places),
                None => {
                    let read = Arc::new(inventory.query(&Actor::System, ListPlaces).await?);
                    Arc::clone(places.insert(read))
                }
            };
            self.write(parts, deletes, known).await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        parts: Vec<SearchablePart>,
        deletes: Vec<String>,
        places: Arc<Places>,
    ) -> Result<(), Error> {
        let Some(index) = self.index() else { return Ok(()) };
        let applied = tokio::task::spawn_blocking(move || {
            let upserts = parts.iter().map(|part| document(part, &places)).collect();
            index.apply(&Changes { upserts, deletes, position: None })
        });
        Ok(applied.await??)
    }

    /// Compares the index with all parts in the background, unless that is being done.
    pub(crate) fn compare_later(&self, inventory: &Inventory) {
        if self.index().is_none() || self.0.is_comparing.swap(true, Ordering::SeqCst) {
            return;
        }
        let (this, inventory) = (self.clone(), inventory.clone());
        tokio::spawn(async move {
            let compared = this.compare(&inventory).await;
            this.0.is_comparing.store(false, Ordering::SeqCst);
            if let Err(error) = compared {
                tracing::warn!(%error, "comparing the search index with the parts failed");
            }
        });
    }

    /// Compares the index with all parts, and applies what differs. Stops when the index is closed.
    async fn compare(&self, inventory: &Inventory) -> Result<(), Error> {
        let Some(index) = self.index() else { return Ok(()) };
        let mut following = self.0.following.lock().await;
        // What changes from here on is applied afterwards.
        inventory.take_changes().await?;
        let places = Arc::new(inventory.query(&Actor::System, ListPlaces).await?);
        following.places = Some(Arc::clone(&places));
        // A hash covers the id, so it tells which state of which part is in the index.
        let mut indexed: HashSet<u64> = HashSet::with_capacity(index.len());
        index.for_each_hash(|_, hash| {
            indexed.insert(hash);
        })?;
        let mut after = None;
        let mut changed = false;
        loop {
            if self.0.is_closing.load(Ordering::SeqCst) {
                return Ok(());
            }
            let parts = inventory.query(&Actor::System, ListSearchableParts { after }).await?;
            let Some(last) = parts.last() else { break };
            after = Some(last.part.id.clone());
            let differing: Vec<SearchablePart> =
                parts.into_iter().filter(|part| !indexed.remove(&document(part, &places).hash)).collect();
            if !differing.is_empty() {
                changed = true;
                self.write(differing, Vec::new(), Arc::clone(&places)).await?;
            }
        }
        // What is left are former states: those of changed parts are no longer in the index.
        let mut gone = Vec::new();
        if !indexed.is_empty() {
            index.for_each_hash(|id, hash| gone.extend(indexed.contains(&hash).then(|| id.to_owned())))?;
        }
        if !gone.is_empty() {
            changed = true;
            self.write(Vec::new(), gone, places).await?;
        }
        if changed {
            tokio::task::spawn_blocking(move || index.compact()).await??;
        }
        following.is_current = true;
        Ok(())
    }

    fn index(&self) -> Option<Arc<Index>> {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes the index, so that no thread writes to its folder. A comparison that is running stops after its present batch.
    pub(crate) async fn close(&self) {
        self.0.is_closing.store(true, Ordering::SeqCst);
        let _following = self.0.following.lock().await;
        let index = self.0.index.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(index) = index.and_then(Arc::into_inner)
            && let Ok(Err(error)) = tokio::task::spawn_blocking(move || index.close()).await
        {
            tracing::warn!(%error, "closing the search index failed");
        }
    }
}

/// Returns the document of a part.
fn document(part: &SearchablePart, places: &Places) -> Document {
    let SearchablePart { part, quantity, category_ids, location_ids, tags, low_stock_limit, price } = part;
    let value = |(currency, price): &(String, f64)| Value {
        currency: currency.clone(),
        amount: (*quantity as f64 * price * AMOUNT).round() as i64,
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut document = Document {
        id: part.id.clone(),
        hash: 0,
        name: part.name.clone(),
        number: text(&part.number),
        mpn: text(&part.manufacturer_part_number),
        supplier_number: text(&part.supplier_part_number),
        manufacturer: text(&part.manufacturer),
        supplier: text(&part.supplier),
        description: text(&part.description),
        properties: part.properties.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        categories: category_ids.iter().map(|id| place(id, &places.categories)).collect(),
        locations: location_ids.iter().map(|id| place(id, &places.locations)).collect(),
        tags: tags.iter().map(|(id, name)| Place { name: name.clone(), ids: vec![id.clone()] }).collect(),
        stock: *quantity,
        value: price.as_ref().filter(|_| *quantity > 0).map(value),
        is_low: low_stock_limit.is_some_and(|limit| *quantity < limit),
        created_at: part.created_at.0.and_utc().timestamp_micros(),
    };
    document.hash = hash(&document);
    document
}

/// Returns the text of a property.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn place(id: &str, places: &HashMap<String, NamedPlace>) -> Place {
    let name = places.get(id).map(|place| place.name.clone()).unwrap_or_default();
    let mut ids = vec![id.to_owned()];
    let mut at = places.get(id);
    while let Some(parent) = at.and_then(|place| place.parent_id.as_ref()) {
        // Another program may have left a cycle.
        if ids.len() > MAX_DEPTH || ids.contains(parent) {
            break;
        }
        ids.push(parent.clone());
        at = places.get(parent);
    }
    Place { name, ids }
}

/// Returns a hash of everything that is indexed. It differs between versions of the compiler, after which the index is built again.
fn hash(document: &Document) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Document {
        id, hash: _, name, number, mpn, supplier_number, manufacturer, supplier, description, ..
    } = document;
    (id, name, number, mpn, supplier_number, manufacturer, supplier, description).hash(&mut hasher);
    (&document.properties, document.stock, document.is_low, document.created_at).hash(&mut hasher);
    document.value.as_ref().map(|value| (&value.currency, value.amount)).hash(&mut hasher);
    for places in [&document.categories, &document.locations, &document.tags] {
        places.len().hash(&mut hasher);
        for place in places {
            (&place.name, &place.ids).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use inventory::Ambient;
    use inventory::locations::CreateLocation;
    use inventory::parts::{CreatePart, SumInventory};
    use inventory::stock::CreateAllocation;
    use testkit::TestFolder;

    use super::*;

    async fn open(folder: &TestFolder) -> (Inventory, SearchIndex) {
        let inventory = Inventory::create(folder.path().join("x.db"), Ambient::system()).await.unwrap();
        (inventory, SearchIndex::open(&folder.path().join("index")))
    }

    /// A search may come to its turn when a comparison has read everything but has not ended yet.
    #[tokio::test]
    async fn a_change_that_a_search_takes_while_a_comparison_ends_is_not_lost() {
        let folder = TestFolder::new();
        let (inventory, index) = open(&folder).await;
        index.compare(&inventory).await.unwrap();
        assert!(index.catch_up(&inventory).await.unwrap());
        inventory.give_back_changes(Changed::Anything);
        let waiting = {
            let turn = index.0.following.lock().await;
            let (searching, of) = (index.clone(), inventory.clone());
            let waiting = tokio::spawn(async move { searching.catch_up(&of).await.unwrap() });
            tokio::task::yield_now().await;
            // The end of the comparison.
            index.0.is_comparing.store(true, Ordering::SeqCst);
            drop(turn);
            waiting
        };
        assert!(!waiting.await.unwrap());
        index.0.is_comparing.store(false, Ordering::SeqCst);
        assert_eq!(inventory.take_changes().await.unwrap(), Changed::Anything);
    }

    #[tokio::test]
    async fn a_comparison_finds_what_was_added_changed_and_deleted() {
        let folder = TestFolder::new();
        let (inventory, index) = open(&folder).await;
        let add = async |name: &str| {
            let part = CreatePart { name: name.to_owned(), ..CreatePart::default() };
            inventory.run(&Actor::System, part).await.unwrap().id
        };
        let found = async || {
            let request = Request { page: 1, page_size: 10, ..Request::default() };
            index.index().unwrap().search(&request).unwrap().ids
        };
        let (same, changed, deleted) = (add("a").await, add("b").await, add("c").await);
        index.compare(&inventory).await.unwrap();
        assert_eq!(found().await, [same.clone(), changed.clone(), deleted.clone()]);
        let sql = format!(
            "UPDATE partmodel SET part_name = 'A' WHERE id = '{changed}'; DELETE FROM partmodel WHERE id = '{deleted}'"
        );
        rusqlite::Connection::open(folder.path().join("x.db")).unwrap().execute_batch(&sql).unwrap();
        let added = add("d").await;
        index.compare(&inventory).await.unwrap();
        assert_eq!(found().await, [changed, same, added]);
    }

    /// The pages show the totals of the index, or those of the database while the index is catching up.
    #[tokio::test]
    async fn the_totals_are_those_of_the_database() {
        let folder = TestFolder::new();
        let (inventory, index) = open(&folder).await;
        let shelf = CreateLocation { name: "Shelf".to_owned(), ..CreateLocation::default() };
        let shelf = inventory.run(&Actor::System, shelf).await.unwrap();
        let mut ids = Vec::new();
        for (name, limit) in [("a", None), ("b", Some(5)), ("c", Some(2)), ("d", None)] {
            let part = CreatePart { name: name.to_owned(), low_stock_limit: limit, ..CreatePart::default() };
            ids.push(inventory.run(&Actor::System, part).await.unwrap().id);
        }
        let add = async |part: &str, quantity| {
            let (part_id, location_id) = (part.to_owned(), shelf.id.clone());
            let stock = CreateAllocation { part_id, location_id, quantity, ..CreateAllocation::default() };
            inventory.run(&Actor::System, stock).await.unwrap();
        };
        add(&ids[0], 3).await;
        add(&ids[1], 4).await;
        let price = |part: &str, currency: &str, price: f64| {
            format!(
                "INSERT INTO partpricinghistory (id, part_id, supplier, unit_price, currency, source, valid_from, is_current, \
                 created_at) VALUES ('{part}', '{part}', 'LCSC', {price}, '{currency}', 'api', '2025-01-01', 1, '2025-01-01')"
            )
        };
        let sql = [price(&ids[0], "EUR", 0.25), price(&ids[1], "USD", 0.1234), price(&ids[2], "EUR", 9.0)];
        rusqlite::Connection::open(folder.path().join("x.db"))
            .unwrap()
            .execute_batch(&sql.join(";"))
            .unwrap();
        index.compare(&inventory).await.unwrap();
        let both = async || {
            let of_database = inventory.query(&Actor::System, SumInventory).await.unwrap();
            // The comparison after the writes of another program goes on in the background.
            let of_index = loop {
                match index.totals(&inventory).await {
                    Some(totals) => break totals,
                    None => tokio::task::yield_now().await,
                }
            };
            (of_index, of_database)
        };
        let (totals, of_database) = both().await;
        assert_eq!(totals, of_database);
        assert_eq!((totals.parts, totals.low, totals.without_place, totals.priced), (4, 2, 2, 2));
        add(&ids[2], 7).await;
        let (totals, of_database) = both().await;
        assert_eq!(totals, of_database);
        assert_eq!((totals.low, totals.values[0].clone()), (1, ("EUR".to_owned(), 63.75)));
        assert_eq!(index.count(&inventory).await, Some(4));
    }

    #[tokio::test]
    async fn a_comparison_stops_when_the_index_is_closed() {
        let folder = TestFolder::new();
        let (inventory, index) = open(&folder).await;
        let part = CreatePart { name: "R".to_owned(), ..CreatePart::default() };
        inventory.run(&Actor::System, part).await.unwrap();
        index.0.is_closing.store(true, Ordering::SeqCst);
        index.compare(&inventory).await.unwrap();
        assert!(!index.0.following.lock().await.is_current, "it has not compared everything");
        assert_eq!(index.index().unwrap().len(), 0);
        index.close().await;
        assert!(index.index().is_none());
    }
}
