//! What every request needs.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use backup::Engine;
use inventory::api_keys::RecordKeyUses;
use inventory::{Actor, Ambient, Inventory};

use tokio::sync::Semaphore;

use crate::backup_ages::{BackupAges, CheckedBackups};
use crate::error::Error;
use crate::key_uses::KeyUseCounter;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::search_index::SearchIndex;
use crate::setup;
use crate::sign_in_limits::SignInLimits;
use crate::state::{self, State};
use crate::tasks::Tasks;

/// The largest number of images that are decoded at the same time.
const MAX_IMAGES: usize = 2;
/// The largest number of images that are read at the same time.
const MAX_IMAGE_BODIES: usize = 16;
/// The largest number of files that are imported at the same time.
const MAX_IMPORTS: usize = 2;

/// The options of the server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The addresses of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// The largest size of an uploaded archive in bytes. The default is 64 GiB.
    pub max_upload: u64,
    /// How long the server waits for clients.
    pub timeouts: Timeouts,
}

/// How long the server waits for clients.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// The time in which a client must complete a TLS handshake, and send the headers of a request. The default is 15 seconds.
    pub header: Duration,
    /// The time after which a connection is closed whose client takes nothing of a response. The default is 2 minutes.
    pub stalled: Duration,
    /// The time that open connections get to finish when the server stops. The default is 30 seconds.
    pub grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(15),
            stalled: Duration::from_secs(120),
            grace: Duration::from_secs(30),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { trusted_proxies: Vec::new(), max_upload: 64 << 30, timeouts: Timeouts::default() }
    }
}

/// The shared state of all requests. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) live: Arc<Live>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) state: State,
    pub(crate) tasks: Tasks,
    pub(crate) backup_ages: Arc<CheckedBackups>,
    pub(crate) sign_ins: Arc<SignInLimits>,
    pub(crate) key_uses: Arc<KeyUseCounter>,
    pub(crate) options: Arc<Options>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) search: SearchIndex,
    pub(crate) ambient: Ambient,
    /// Bounds the number of images that are decoded at the same time, and so the memory for them.
    pub(crate) images: Arc<Semaphore>,
    /// Bounds the number of images that are read at the same time, and so the memory for them.
    pub(crate) image_bodies: Arc<Semaphore>,
    /// Bounds the number of files that are imported at the same time, and so the memory for them.
    pub(crate) imports: Arc<Semaphore>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

impl App {
    /// Creates the application for an open inventory and the backup engine of the same inventory.
    ///
    /// # Errors
    /// [`Error::State`] when the state of the server (sessions and tasks) cannot be opened.
    pub async fn new(inventory: Inventory, engine: Engine, options: Options) -> Result<Self, Error> {
        let ambient = inventory.ambient().clone();
        let state = State::open(&state::file(&engine.places().database)).await?;
        // An upload that was interrupted by a kill is of no use. If it stays, the next backup removes it.
        if let Err(error) = engine.tidy_backup_folder(&Actor::System) {
            tracing::warn!(%error, "the backup folder was not tidied up");
        }
        let search = SearchIndex::open(&engine.places().database.with_extension("search-index"));
        search.compare_later(&inventory);
        let tasks = Tasks::new(state.clone(), ambient.clone()).await?;
        Ok(Self {
            live: Arc::new(Live::new(inventory)),
            engine: Arc::new(engine),
            state,
            tasks,
            backup_ages: Arc::default(),
            sign_ins: Arc::default(),
            key_uses: Arc::default(),
            options: Arc::new(options),
            metrics: Arc::new(Metrics::new()),
            search,
            ambient,
            images: Arc::new(Semaphore::new(MAX_IMAGES)),
            image_bodies: Arc::new(Semaphore::new(MAX_IMAGE_BODIES)),
            imports: Arc::new(Semaphore::new(MAX_IMPORTS)),
        })
    }

    /// Returns the inventory.
    pub(crate) async fn inventory(&self) -> Result<Inventory, Problem> {
        Ok(self.live.inventory().await?)
    }

    /// Returns the ages of the newest backups that were verified and proven. Cheap, since they are remembered for a minute.
    ///
    /// # Errors
    /// [`Error::Backups`] when the backup folder cannot be read.
    pub async fn backup_ages(&self) -> Result<BackupAges, Error> {
        self.backup_ages.ages(&self.engine, self.now(), self.tasks.ended()).await
    }

    /// Returns the time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.ambient.utc().and_utc().timestamp()
    }

    /// Returns the link with which the first administrator is created, with a new token, which replaces the previous one. Returns
    /// `None` if the inventory has an administrator.
    ///
    /// # Errors
    /// [`Error::Inventory`], [`Error::State`].
    pub async fn setup_link(&self, base_url: &str) -> Result<Option<String>, Error> {
        setup::link(&self.live.inventory().await?, &self.state, base_url).await
    }

    /// Writes the uses of API keys to the database that were counted in memory. Uses that cannot be written are kept.
    pub(crate) async fn record_key_uses(&self) {
        let uses = self.key_uses.take();
        for uses in uses.chunks(inventory::api_keys::MAX_KEYS) {
            let recorded = match self.live.inventory().await {
                Ok(inventory) => inventory.run(&Actor::System, RecordKeyUses(uses.to_vec())).await,
                Err(error) => Err(error),
            };
            if let Err(error) = recorded {
                tracing::warn!(%error, "the uses of API keys were not recorded, and are kept");
                self.key_uses.put_back(uses);
            }
        }
    }

    /// Closes the search index. Searches of the database go on.
    pub async fn close_search(&self) {
        self.search.close().await;
    }

    /// Closes the inventory and the state.
    pub(crate) async fn close(&self) {
        self.tasks.close().await;
        self.record_key_uses().await;
        self.search.close().await;
        if let Err(error) = self.live.close().await {
            tracing::warn!(%error, "closing the database failed");
        }
        self.state.close().await;
    }
}
