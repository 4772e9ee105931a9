//! Implements `serve`: brings the database up to date, and serves it until a signal.

use std::net::SocketAddr;

use backup::Engine;
use durable::{Disk, folder_of};
use inventory::sqlite::DatabaseState;
use inventory::{Ambient, Inventory, LiveDatabase};
use serde_json::json;
use server::{App, Options, ServerLock, Tls};

use super::{ACTOR, init};
use crate::args::{self, Global};
use crate::exit::{Code, Failure};
use crate::output::Lines;
use crate::progress::Progress;
use crate::{output, places, signals};

pub(crate) fn run(global: &Global, engine: Engine, args: &args::Serve) -> Result<(), Failure> {
    let lock = prepare(global, &engine, args.create)?;
    serve(engine, args, |url, setup| {
        let mut lines = Lines::from(format!("Serving at {url}"));
        if let Some(link) = setup {
            lines.add(format!("Create the first administrator within a day: {link}"));
        }
        output::result(global, lines, &json!({"url": url, "setup_link": setup}))
    })?;
    drop(lock);
    output::progress(global, "Stopped.");
    Ok(())
}

/// Settles interrupted restores, takes the lock of the server, and creates or migrates the database.
fn prepare(global: &Global, engine: &Engine, create: bool) -> Result<ServerLock, Failure> {
    places::settle_interrupted(global, engine)?;
    places::require_inventory_or(create, global, engine)?;
    let database = &engine.places().database;
    Disk::real().create_folder(folder_of(database))?;
    let lock = ServerLock::take(database)?;
    match LiveDatabase::new(database.as_path()).state()? {
        DatabaseState::Missing | DatabaseState::Empty { .. } => {
            init::create(engine)?;
            output::step(global, "Created an empty inventory.");
        }
        DatabaseState::Usable { .. } => {
            let mut progress = Progress::new(global);
            let migrated = engine.migrate(ACTOR, &mut progress)?;
            drop(progress);
            if let Some((migrated, safety)) = migrated {
                output::before_question(&init::migration_lines(&migrated, &safety));
            }
        }
        DatabaseState::Unusable(why) => {
            let shown = database.display();
            let message = format!(
                "{shown} cannot be served: {why}. Restore a backup over it with `makermatrix restore`."
            );
            return Err(Failure::new(Code::Corrupt, message));
        }
    }
    Ok(lock)
}

/// Serves until a signal. `announce` gets the address and, if there is no administrator, the link for creating one.
pub(super) fn serve(
    engine: Engine,
    args: &args::Serve,
    announce: impl FnOnce(&str, Option<&str>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    log_to_standard_error(args.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Failure::internal)?.block_on(async {
        let tls = match (&args.tls_certificate, &args.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::load(certificate, key, Tls::CHECK_EVERY)?),
            _ => None,
        };
        let inventory = Inventory::open(&engine.places().database, Ambient::system()).await?;
        let options = Options { trusted_proxies: args.trusted_proxy.clone(), ..Options::default() };
        let app = App::new(inventory, engine, options).await?;
        let listener = server::listen(args.listen).await?;
        let url = url_of(listener.local_addr().map_err(Failure::internal)?, tls.is_some());
        let setup = app.setup_link(&url).await?;
        // Before anybody reads the address and sends a signal.
        let stop = signals::first().map_err(Failure::internal)?;
        announce(&url, setup.as_deref())?;
        server::serve(app, listener, tls, stop).await;
        Ok(())
    })
}

fn url_of(address: SocketAddr, encrypted: bool) -> String {
    let scheme = if encrypted { "https" } else { "http" };
    format!("{scheme}://{address}")
}

fn log_to_standard_error(format: args::LogFormat) {
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    // Fails only if there is a logger already.
    let _ = match format {
        args::LogFormat::Text => builder.with_ansi(false).try_init(),
        args::LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    };
}
