//! The index: changes it, searches it, and knows which state of the database it shows.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use durable::Disk;
use tantivy::indexer::IndexWriterOptions;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyError, Term};

use crate::document::Document;
use crate::error::{Error, Result};
use crate::folder::{self, Content, Payload};
use crate::merging::Merging;
use crate::order::{Sequences, Texts};
use crate::schema::{Fields, fast};
use crate::search::{Request, Results, search};
use crate::suggest::{Suggestion, suggest};
use crate::totals::{KnownTotals, Totals};

/// The memory for documents that are not written yet, in bytes: the least that the library takes, since it clears a part of it
/// for each change.
const MEMORY: usize = 15_000_000;
/// How often [`Index::compact`] looks whether a merge has ended.
const POLL: Duration = Duration::from_millis(50);

/// A search index. All methods may be called from several threads; searches never wait for changes.
pub struct Index {
    index: tantivy::Index,
    writer: Mutex<IndexWriter>,
    merging: Merging,
    reader: IndexReader,
    fields: Fields,
    sequences: Sequences,
    totals: KnownTotals,
    position: Mutex<Option<String>>,
}

/// Changes of the index that become visible together.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The parts that are new or have changed.
    pub upserts: Vec<Document>,
    /// The ids of the parts that are no more.
    pub deletes: Vec<String>,
    /// The state of the database that the index shows with these changes. Without it, the last one stays.
    pub position: Option<String>,
}

impl Index {
    /// Opens the index in a folder, or begins an empty one there. What is damaged or of another version is thrown away:
    /// the content says so, and the index is empty.
    ///
    /// Reads the whole index once, to see that it is sound.
    ///
    /// # Errors
    /// [`crate::Error::InUse`] when another process has opened it, others when the folder cannot be read or written.
    pub fn open(disk: &Disk, folder: &Path) -> Result<(Self, Content)> {
        let (index, content) = folder::open(disk, folder)?;
        Ok((Self::new(index)?, content))
    }

    /// Returns an empty index in memory.
    ///
    /// # Errors
    /// [`crate::Error::Index`] when its threads cannot be started.
    pub fn in_memory() -> Result<Self> {
        Self::new(folder::in_memory()?)
    }

    fn new(index: tantivy::Index) -> Result<Self> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = index.writer_with_options(options).map_err(folder::locked)?;
        let merging = Merging::new();
        writer.set_merge_policy(Box::new(merging.clone()));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let position = Payload::of(&index)?.position;
        let (_, fields) = Fields::schema();
        Ok(Self {
            index,
            writer: Mutex::new(writer),
            merging,
            reader,
            fields,
            sequences: Sequences::default(),
            totals: KnownTotals::default(),
            position: Mutex::new(position),
        })
    }

    /// Makes changes. The next search sees all of them. After an error, the index is as it was before.
    ///
    /// # Errors
    /// [`crate::Error::Index`]. When it persists: drop the index, and open it anew.
    pub fn apply(&self, changes: &Changes) -> Result<()> {
        let writer = self.lock_writer();
        for document in &changes.upserts {
            writer.delete_term(Term::from_field_text(self.fields.id, &document.id));
            if let Err(error) = writer.add_document(self.fields.document(document)) {
                return self.roll_back(writer, error);
            }
        }
        for id in &changes.deletes {
            writer.delete_term(Term::from_field_text(self.fields.id, id));
        }
        let position = changes.position.clone().or_else(|| self.position());
        self.commit(writer, position)
    }

    /// Removes all parts and the position.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn clear(&self) -> Result<()> {
        let writer = self.lock_writer();
        if let Err(error) = writer.delete_all_documents() {
            return self.roll_back(writer, error);
        }
        self.commit(writer, None)
    }

    fn commit(&self, mut writer: MutexGuard<'_, IndexWriter>, position: Option<String>) -> Result<()> {
        let payload = Payload { position: position.clone() }.to_text();
        let committed = writer.prepare_commit().and_then(|mut commit| {
            commit.set_payload(&payload);
            commit.commit()
        });
        if let Err(error) = committed {
            return self.roll_back(writer, error);
        }
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
        self.reload()
    }

    fn reload(&self) -> Result<()> {
        self.reader.reload()?;
        self.sequences.keep_those_of(&self.reader.searcher());
        Ok(())
    }

    fn roll_back(&self, mut writer: MutexGuard<'_, IndexWriter>, error: TantivyError) -> Result<()> {
        writer.rollback()?;
        Err(error.into())
    }

    fn lock_writer(&self) -> MutexGuard<'_, IndexWriter> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Merges the segments into one, which makes searching fastest. For the end of a rebuild: it writes the whole index
    /// anew. Changes and searches go on meanwhile.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn compact(&self) -> Result<()> {
        self.merging.paused(|| self.merge_all())?;
        let garbage = self.lock_writer().garbage_collect_files();
        self.reload()?;
        garbage.wait()?;
        Ok(())
    }

    fn merge_all(&self) -> Result<()> {
        loop {
            let merge = {
                let mut writer = self.lock_writer();
                let segments = self.index.searchable_segment_ids()?;
                if segments.len() < 2 {
                    return Ok(());
                }
                writer.merge(&segments)
            };
            match merge.wait() {
                // A merge that began before has some of the segments. The library cannot be asked when it ends.
                Err(TantivyError::InvalidArgument(_)) => std::thread::sleep(POLL),
                merged => return merged.map(drop).map_err(Error::from),
            }
        }
    }

    /// Closes the index after merges that are under way. Without it they are given up, which is harmless: only the folder
    /// must not be touched before they have noticed.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn close(self) -> Result<()> {
        Ok(self.writer.into_inner().unwrap_or_else(PoisonError::into_inner).wait_merging_threads()?)
    }

    /// Returns the state of the database that the index shows: what the last [`Changes`] said.
    pub fn position(&self) -> Option<String> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of parts.
    pub fn len(&self) -> usize {
        usize::try_from(self.reader.searcher().num_docs()).unwrap_or(usize::MAX)
    }

    /// Tells an index without parts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Passes the id and the hash of every part to `visit`, in no particular order.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn for_each_hash(&self, mut visit: impl FnMut(&str, u64)) -> Result<()> {
        for segment in self.reader.searcher().segment_readers() {
            let ids = Texts::open(segment.fast_fields(), fast::ID)?;
            let hashes = segment.fast_fields().u64(fast::HASH)?.first_or_default_col(0);
            let mut documents: Vec<(u64, u32)> =
                segment.doc_ids_alive().map(|document| (ids.ordinal(document), document)).collect();
            documents.sort_unstable();
            for chunk in documents.chunks(1024) {
                let ordinals: Vec<u64> = chunk.iter().map(|(ordinal, _)| *ordinal).collect();
                for (id, (_, document)) in ids.texts(&ordinals)?.iter().zip(chunk) {
                    visit(&String::from_utf8_lossy(id), hashes.get_val(*document));
                }
            }
        }
        Ok(())
    }

    /// Searches.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn search(&self, request: &Request) -> Result<Results> {
        search(&self.reader.searcher(), &self.fields, &self.sequences, request)
    }

    /// Returns the sums over all parts. Cheap, since they are remembered until the index changes.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn totals(&self) -> Result<Totals> {
        self.totals.of(&self.reader.searcher(), &self.fields)
    }

    /// Returns words of the index that are similar to words of the query that do not occur. For a search without results.
    ///
    /// # Errors
    /// [`crate::Error::Index`].
    pub fn suggest(&self, query: &crate::Query) -> Result<Vec<Suggestion>> {
        suggest(&self.reader.searcher(), &self.fields, query)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("parts", &self.len()).finish_non_exhaustive()
    }
}
