//! Implements `demo`: a real backup and restore of sample data in a scratch folder.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use backup::{BackupOptions, Engine, Places, RestoreOptions};
use durable::counted;
use durable::{Disk, ScratchFolder, with_suffix};
use inventory::sample::{Accounts, Sample, populate};
use inventory::{Ambient, FileKind, Inventory, LiveDatabase, StaticFiles, sqlite};
use serde_json::json;

use super::{ACTOR, block_on};
use crate::args::{self, Global};
use crate::exit::{Code, Failure};
use crate::output::{self, Lines};
use crate::progress::Progress;

pub(crate) fn run(global: &Global, keep: bool) -> Result<(), Failure> {
    let folder = DemoFolder::create(keep)?;
    let engine = folder.engine();
    let places = engine.places();
    let mut progress = Progress::new(global);
    let say = |line: &str| output::step(global, line);
    let heading = |line: &str| {
        say("");
        say(line);
    };
    say(&format!("Everything happens in {}", folder.path().display()));

    heading("1. Populate an inventory");
    // Nobody signs in to this inventory, but every user must have a password.
    let sample = block_on(fill(places, &random_password()))??;
    let made = [
        counted(sample.users.len(), "user"),
        counted(sample.categories.len(), "category"),
        counted(sample.locations.len(), "location"),
        counted(sample.parts.len(), "part"),
        counted(sample.allocations.len(), "allocation"),
        counted(sample.datasheets.len(), "datasheet"),
        counted(sample.images.len(), "image"),
    ];
    say(&format!("   {}", made.join(", ")));
    let before = state(places)?;

    heading("2. Back it up");
    let report = engine.backup(ACTOR, &BackupOptions::default(), &mut progress)?;
    say(&format!("   {} ({})", report.path.display(), output::bytes(report.size)));

    heading("3. Verify the archive");
    let verified = engine.verify(ACTOR, &report.path, &mut progress)?;
    let files = counted(verified.files, "file");
    say(&format!("   {files}, every hash checked, database opened and checked"));

    heading("4. Damage the inventory");
    let overwrite =
        |path: &Path, bytes: &[u8]| Disk::real().write_durably(path, bytes).map_err(Failure::from);
    overwrite(&places.database, b"this was a database")?;
    for file in ["-wal", "-shm"] {
        let _ = Disk::real().remove(&with_suffix(&places.database, file));
    }
    Disk::real().remove(&sample.images[0])?;
    overwrite(&sample.datasheets[0], b"scribbled over")?;
    say("   overwrote the database, deleted an image, overwrote a datasheet");

    heading("5. Restore");
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(&report.path), &mut progress)?;
    let (add, replace, remove) = staged.plan().file_totals();
    say(&format!("   plan: {} added, {replace} replaced, {remove} removed", counted(add, "file")));
    let restored = staged.commit(&mut progress)?;
    if let Some(path) = &restored.safety_backup {
        say(&format!("   the previous state is kept in {}", path.display()));
    }

    heading("6. Prove it");
    let after = state(places)?;
    drop(progress);
    if before != after {
        let message = "the restored inventory differs from the original one: this is a defect".to_owned();
        return Err(Failure::new(Code::Internal, message));
    }
    let rows: u64 = before.tables.values().map(|(rows, _)| rows).sum();
    let text = format!(
        "Proven: {} with {} and {} are the same as before, by digest.",
        counted(before.tables.len(), "table"),
        counted(rows, "row"),
        counted(before.files.len(), "file")
    );
    let value = json!({
        "proven": true, "tables": before.tables.len(), "rows": rows, "files": before.files.len(),
        "archive": output::path(&*report.path), "kept": keep,
    });
    output::result(global, text, &value)
}

/// Serves an inventory of sample data until a signal.
pub(crate) fn serve(global: &Global, keep: bool, listen: SocketAddr) -> Result<(), Failure> {
    let folder = DemoFolder::create(keep)?;
    let engine = folder.engine();
    let password = random_password();
    let sample = block_on(fill(engine.places(), &password))??;
    let administrator = &sample.users[0].username;
    let args = args::Serve {
        listen,
        create: false,
        trusted_proxy: Vec::new(),
        tls_certificate: None,
        tls_key: None,
        log_format: args::LogFormat::Text,
    };
    super::serve::serve(engine, &args, |url, _| {
        let mut lines = Lines::from(format!("Serving sample data at {url}"));
        lines.add(format!("The API is described at {url}/api/docs"));
        lines.add(format!("User {administrator}, password {password}"));
        let end = if keep { "stays" } else { "is removed when the server stops" };
        lines.add(format!("Everything is in {}, which {end}.", folder.path().display()));
        let value = json!({"url": url, "username": administrator, "password": password,
            "folder": output::path(folder.path()), "kept": keep});
        output::result(global, lines, &value)
    })?;
    output::progress(global, "Stopped.");
    Ok(())
}

/// The folder of a demonstration.
enum DemoFolder {
    /// Has a name that no later run mistakes for a leftover.
    Kept(PathBuf),
    /// Is removed when dropped.
    Scratch(ScratchFolder),
}

impl DemoFolder {
    fn create(keep: bool) -> Result<Self, Failure> {
        let beside = std::env::temp_dir().join("makermatrix");
        let id = || Ambient::system().uuid().to_string();
        if !keep {
            return Ok(Self::Scratch(ScratchFolder::create(&Disk::real(), &beside, "-demo-", id)?));
        }
        let folder = with_suffix(&beside, &format!("-demo-{}-kept", id()));
        Disk::real().create_folder(&folder)?;
        Ok(Self::Kept(folder))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Scratch(folder) => folder.path(),
        }
    }

    fn engine(&self) -> Engine {
        Engine::new(Places::in_folder(self.path()), Ambient::system())
    }
}

fn random_password() -> String {
    // Not a secret that lasts, but nobody must guess it while the demonstration runs.
    format!("Demo-{}9", Ambient::system().uuid())
}

async fn fill(places: &Places, admin_password: &str) -> Result<Sample, Failure> {
    let accounts = Accounts { admin_password: admin_password.to_owned(), user_password: random_password() };
    let inventory = Inventory::create(&places.database, Ambient::system()).await?;
    let sample = populate(&inventory, &places.static_files, accounts).await?;
    inventory.close().await?;
    Ok(sample)
}

fn scratch_failed(error: io::Error) -> Failure {
    Failure::new(Code::Storage, format!("in the scratch folder: {error}"))
}

/// The digest of every table and the content of every file.
#[derive(PartialEq)]
struct State {
    tables: BTreeMap<String, (u64, [u8; 32])>,
    files: BTreeMap<String, Vec<u8>>,
}

fn state(places: &Places) -> Result<State, Failure> {
    let copy = with_suffix(&places.database, ".compare");
    LiveDatabase::new(places.database.as_path()).snapshot(&copy, &mut |_, _| {})?;
    let mut tables = sqlite::inspect(&copy)?.tables;
    // Only the marker of the restore may differ.
    tables.remove(sqlite::MARKER_TABLE);
    Disk::real().remove(&copy)?;
    let files = files(&places.static_files)?;
    Ok(State { tables: tables.into_iter().map(|(name, t)| (name, (t.rows, t.sha256))).collect(), files })
}

fn files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let static_files = StaticFiles::new(root);
    let mut files = BTreeMap::new();
    for kind in FileKind::ALL {
        for file in static_files.list(kind)?.files {
            let content = fs::read(static_files.below(kind, &file.path)?).map_err(scratch_failed)?;
            files.insert(format!("{}/{}", kind.folder(), file.path), content);
        }
    }
    Ok(files)
}
