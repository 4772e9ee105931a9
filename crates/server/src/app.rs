//! What every request needs.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use backup::Engine;
use inventory::{Ambient, Inventory};

use tokio::sync::Semaphore;

use crate::error::Error;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::sign_in_limits::SignInLimits;
use crate::state::State;
use crate::tasks::Tasks;

/// The largest number of images that are decoded at the same time.
const MAX_IMAGES: usize = 2;

/// The options of the server.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The addresses of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The shared state of all requests. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) live: Arc<Live>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) state: State,
    pub(crate) tasks: Tasks,
    pub(crate) sign_ins: Arc<SignInLimits>,
    pub(crate) options: Arc<Options>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ambient: Ambient,
    /// Bounds the number of images that are decoded at the same time, and so the memory for them.
    pub(crate) images: Arc<Semaphore>,
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
        let state = State::open(&state_file(&engine)).await?;
        let tasks = Tasks::new(state.clone(), ambient.clone()).await?;
        Ok(Self {
            live: Arc::new(Live::new(inventory)),
            engine: Arc::new(engine),
            state,
            tasks,
            sign_ins: Arc::default(),
            options: Arc::new(options),
            metrics: Arc::new(Metrics::new()),
            ambient,
            images: Arc::new(Semaphore::new(MAX_IMAGES)),
        })
    }

    /// Returns the inventory.
    pub(crate) async fn inventory(&self) -> Result<Inventory, Problem> {
        Ok(self.live.inventory().await?)
    }

    /// Returns the time in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.ambient.utc().and_utc().timestamp()
    }

    /// Closes the inventory and the state.
    pub(crate) async fn close(&self) {
        self.tasks.close().await;
        if let Err(error) = self.live.close().await {
            tracing::warn!(%error, "closing the database failed");
        }
        self.state.close().await;
    }
}

/// Returns the file with the state of the server. It is beside the database, because a restore must not replace it.
fn state_file(engine: &Engine) -> PathBuf {
    engine.places().database.with_extension("server.db")
}
