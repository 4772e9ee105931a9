//! What every request needs.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use backup::Engine;
use inventory::{Ambient, Inventory};

use crate::auth::SignInLimits;
use crate::live::Live;
use crate::problem::Problem;
use crate::state::State;
use crate::tasks::Tasks;

/// The options of the server.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The addresses of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` headers are believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The shared state of all requests. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) live: Live,
    pub(crate) engine: Engine,
    pub(crate) state: State,
    pub(crate) tasks: Tasks,
    pub(crate) sign_ins: SignInLimits,
    pub(crate) options: Options,
    pub(crate) ambient: Ambient,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
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
    /// [`crate::Error::State`] when the state of the server (sessions and tasks) cannot be opened.
    pub async fn new(inventory: Inventory, engine: Engine, options: Options) -> Result<Self, crate::Error> {
        let ambient = inventory.ambient().clone();
        let state = State::open(&state_file(&engine)).await?;
        let tasks = Tasks::new(state.clone(), ambient.clone()).await?;
        let sign_ins = SignInLimits::default();
        let live = Live::new(inventory);
        Ok(Self(Arc::new(Parts { live, engine, state, tasks, sign_ins, options, ambient })))
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
