//! Runs the commands of "How to go back" in `docs/from-the-original.md`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::state::files_of;

use super::support::{Shop, write};

/// Returns the commands of the section as one script.
fn recipe() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/from-the-original.md");
    let text = fs::read_to_string(page).unwrap();
    let section = text.split_once("## How to go back").unwrap().1;
    let (_, from) = section.split_once("```sh\n").unwrap();
    from.split_once("```").unwrap().0.to_owned()
}

#[test]
fn o5_the_commands_of_how_to_go_back_work() {
    let shop = Shop::populated();
    // The volume of the original's Docker image, as it was left.
    let original = shop.folder.join("the original's volume");
    write(&original.join("database/makermatrix.db"), b"what it was");
    write(&original.join("static/images/old.png"), b"old");
    let script = recipe();
    let first = "original=/srv/makermatrix\n";
    assert!(script.starts_with(first), "the first line says where");
    let script = script.replacen(first, &format!("original=\"{}\"\n", original.display()), 1);

    let binary = PathBuf::from(env!("CARGO_BIN_EXE_makermatrix"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    for variable in ["DATABASE_URL", "STATIC_FILES_PATH", "BACKUPS_PATH", "MAKERMATRIX_CONFIG"] {
        shell.env_remove(variable);
    }
    shell.args(["-e", "-c", &script]).current_dir(&shop.folder);
    shell.env("PATH", path).env("MAKERMATRIX_DATA", shop.data()).env("LC_ALL", "C.UTF-8");
    let ran = shell.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));

    // The original copies only the database file.
    let mut beside: Vec<_> =
        fs::read_dir(original.join("database")).unwrap().map(|at| at.unwrap().file_name()).collect();
    beside.sort();
    assert_eq!(beside, ["makermatrix.db"]);
    let copy = shop.folder.join("copied.db");
    fs::copy(original.join("database/makermatrix.db"), &copy).unwrap();
    let database = rusqlite::Connection::open(&copy).unwrap();
    let parts: u32 = database.query_row("SELECT count(*) FROM partmodel", [], |row| row.get(0)).unwrap();
    let mode: String = database.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!((parts, mode.as_str()), (300, "delete"));
    assert_eq!(files_of(&original.join("static")), files_of(&shop.places().static_files));
    assert_eq!(fs::read(original.join("database.before/makermatrix.db")).unwrap(), b"what it was");
    assert!(original.join("static.before/images/old.png").exists());
    assert!(!shop.folder.join("going-back").exists());
}
