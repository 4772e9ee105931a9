//! One file per command. Each command calls one use case and prints the result.

mod api_key;
mod backup;
mod check;
mod demo;
mod drill;
mod import;
mod init;
mod key;
mod list;
mod plan;
mod restore;
mod serve;
mod shell;
mod show;
mod user;
mod verify;

use ::backup::Engine;
use inventory::list::{MAX_PAGE_SIZE, Page, Paging};
use inventory::{Ambient, Inventory};

use crate::args::{self, Args, Command, Global};
use crate::exit::Failure;
use crate::places::{self, ACTOR};

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let global = &args.global;
    // These commands need neither an inventory nor its configuration.
    match &args.command {
        Command::Demo { keep, serve: true, listen } => return demo::serve(global, *keep, *listen),
        Command::Demo { keep, .. } => return demo::run(global, *keep),
        Command::Completions { shell } => return shell::completions(global, *shell),
        Command::Man { output } => return shell::man(global, output.as_deref()),
        _ => {}
    }
    let engine = places::engine(global)?;
    match &args.command {
        Command::Init => init::run(global, &engine),
        Command::Serve(options) => serve::run(global, engine, options),
        Command::Backup(options) => backup::run(global, &engine, options),
        Command::Check => check::run(global, &engine),
        Command::Verify { file, keys } => verify::run(global, &engine, file, keys),
        Command::Drill(options) => drill::run(global, &engine, options),
        Command::Show { file, files, keys } => show::run(global, &engine, file, *files, keys),
        Command::Restore(options) => restore::run(global, &engine, options),
        Command::Undo { replace, keys } => restore::undo(global, &engine, replace, keys),
        Command::Import(options) => import::run(global, &engine, options),
        Command::List { keys } => list::run(global, &engine, keys),
        Command::Key(args::Key::New { output, kit }) => key::new(global, output.as_deref(), kit.as_deref()),
        Command::Key(args::Key::Check { identity, archive }) => {
            key::check(global, &engine, identity, archive.as_deref())
        }
        Command::User(command) => user::run(global, &engine, command),
        Command::ApiKey(command) => api_key::run(global, &engine, command),
        Command::Demo { .. } | Command::Completions { .. } | Command::Man { .. } => {
            unreachable!("handled above")
        }
    }
}

/// Runs an async use case. The engine itself needs no runtime.
fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::internal)?.block_on(future))
}

/// Opens the inventory, works with it, and closes it. Other programs may use it at the same time.
fn with_inventory<T>(
    global: &Global,
    engine: &Engine,
    work: impl AsyncFnOnce(&Inventory) -> Result<T, Failure>,
) -> Result<T, Failure> {
    places::require_inventory(global, engine)?;
    block_on(async {
        let inventory = Inventory::open(&engine.places().database, Ambient::system()).await?;
        let done = work(&inventory).await;
        inventory.close().await?;
        done
    })?
}

/// Returns all items of a list, page by page.
async fn all_pages<T>(
    fetch: impl AsyncFn(Paging) -> Result<Page<T>, inventory::Error>,
) -> Result<Vec<T>, inventory::Error> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = fetch(Paging::After { cursor, size: MAX_PAGE_SIZE }).await?;
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(items);
        }
    }
}
