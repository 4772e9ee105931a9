//! The promises of the product, each tested where it could break.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod at_work;
mod changing_files;
mod content;
mod drill;
mod interruption;
mod live_database;
mod modification_times;
mod notes;
#[cfg(unix)]
mod one_name;
mod passwords;
mod permissions;
mod status;
#[cfg(unix)]
mod unchanged_files;

use std::fs;
use std::path::PathBuf;

use inventory::parts::CreatePart;
use testkit::engine::{ACTOR, back_up, quiet};
use testkit::generators::noise;
use testkit::{State, TestDatabase, TestStaticFiles, populate_test_database, state_of};

/// An archive of an inventory with nested files, and the inventory since then, which differs in every way
/// that a restore has to handle: rows, and files to add, to replace and to remove, some in own folders.
struct Two {
    database: TestDatabase,
    files: TestStaticFiles,
    old: State,
    archive: PathBuf,
    archived: State,
}

async fn two_states(database: TestDatabase, files: TestStaticFiles) -> Two {
    populate_test_database(&database.inventory, files.root()).await;
    files.write("images/shared/same.png", b"the same in both");
    files.write("images/shared/changed.png", b"as archived");
    files.write("images/only/in/archive/a.png", b"added by the restore");
    // A name that looks like a drive without the folder above it.
    files.write("images/R:10k.png", b"added by the restore");
    files.write("datasheets/b.pdf", &noise(3000, 5));
    let engine = database.engine(&files);
    let archived = state_of(engine.places());
    let archive = back_up(&engine);

    let part = CreatePart { name: "made after the backup".into(), ..CreatePart::default() };
    database.inventory.run(ACTOR, part).await.unwrap();
    files.write("images/shared/changed.png", b"changed since");
    fs::remove_dir_all(files.root().join("images/only")).unwrap();
    fs::remove_file(files.root().join("images/R:10k.png")).unwrap();
    files.write("datasheets/new/folder/c.pdf", b"removed by the restore");
    database.inventory.close().await.unwrap();
    let old = state_of(engine.places());
    Two { database, files, old, archive, archived }
}
