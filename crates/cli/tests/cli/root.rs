//! Tests that root can maintain an inventory that a service uses under another account.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::state_of;

use crate::support::{Ran, Shop, write};

/// The id of the user and group `nobody`.
const NOBODY: u32 = 65534;

fn entries_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(entries_below(&path)) } else { found.push(path) }
    }
    found
}

/// Changes the owner of everything in the data folder. Returns false if only root could do so.
fn give_to_nobody(shop: &Shop) -> bool {
    let given =
        entries_below(&shop.folder).iter().all(|path| chown(path, Some(NOBODY), Some(NOBODY)).is_ok());
    if !given {
        testkit::skipped("only root can give files away");
    }
    given
}

/// Runs as the user `nobody`, since root bypasses permissions. Returns `None` if that is not possible.
pub(crate) fn run_as_nobody(shop: &Shop, args: &[&str]) -> Option<Ran> {
    // Other users may not be able to read the build folder.
    let binary = shop.folder.join("makermatrix");
    if !binary.exists() {
        fs::copy(env!("CARGO_BIN_EXE_makermatrix"), &binary).unwrap();
    }
    let command = shop.command(args);
    let user = NOBODY.to_string();
    let mut as_nobody = Command::new("setpriv");
    as_nobody.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(binary);
    as_nobody.args(command.get_args()).env("MAKERMATRIX_DATA", shop.data()).current_dir(&shop.folder);
    let ran = Ran::from(as_nobody.output().ok()?);
    if ran.err.starts_with("setpriv") {
        testkit::skipped("switching to another user is not possible here");
        return None;
    }
    Some(ran)
}

fn assert_all_belong_to_nobody(shop: &Shop, when: &str) {
    for path in entries_below(&shop.data()) {
        let found = path.symlink_metadata().unwrap();
        assert_eq!((found.uid(), found.gid()), (NOBODY, NOBODY), "{when}: {}", path.display());
    }
}

/// Guards against a defect: the lock file, `backups/` and restored files belonged to root, and the service was locked
/// out.
#[test]
fn files_that_root_creates_belong_to_the_owner_of_the_data() {
    let shop = Shop::populated();
    let before = state_of(&shop.places());
    let _ = fs::remove_file(shop.data().join("makers_matrix.db.lock"));
    let _ = fs::remove_dir_all(shop.places().backups);
    if !give_to_nobody(&shop) {
        return;
    }
    shop.json(&["backup", "--name", "x"]);
    assert_all_belong_to_nobody(&shop, "after a backup");
    fs::remove_dir_all(shop.places().static_files.join("images")).unwrap();
    write(&shop.places().static_files.join("datasheets/x.pdf"), b"changed");
    chown(shop.places().static_files.join("datasheets/x.pdf"), Some(NOBODY), Some(NOBODY)).unwrap();
    shop.json(&["restore", "data/backups/x.zip", "--yes"]);
    assert_all_belong_to_nobody(&shop, "after a restore");
    shop.json(&["drill", "data/backups/x.zip"]);
    shop.json(&["verify", "data/backups/x.zip"]);
    assert_all_belong_to_nobody(&shop, "after a drill");
    // Over a file that is not a database, which is set aside and replaced.
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(durable::with_suffix(&shop.places().database, suffix));
    }
    write(&shop.places().database, b"no database");
    shop.json(&["restore", "data/backups/x.zip", "--yes"]);
    assert_all_belong_to_nobody(&shop, "after a restore over an unusable database");
    assert!(state_of(&shop.places()) == before);
    for args in [
        &["backup"][..],
        &["restore", "data/backups/x.zip", "--yes"],
        &["drill", "data/backups/x.zip"],
        &["list"],
    ] {
        let Some(ran) = run_as_nobody(&shop, args) else { return };
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn an_inventory_that_root_creates_belongs_to_the_owner_of_its_folder() {
    let shop = Shop::new();
    if !give_to_nobody(&shop) {
        return;
    }
    assert_eq!(shop.run(&["init"]).code, 0);
    assert_all_belong_to_nobody(&shop, "after init");
    let mode = shop.places().database.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Guards against a defect: a new database was readable by everybody, a restored one only by its owner.
#[test]
fn a_new_database_is_private_and_an_existing_one_keeps_its_mode() {
    let shop = Shop::populated();
    let mode = |shop: &Shop| shop.places().database.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&shop), 0o600);
    let made = shop.json(&["backup", "--name", "x"]);
    let other = Shop::new();
    let archive = made["archive"].as_str().unwrap();
    assert_eq!(other.run(&["restore", archive, "--yes", "--create"]).code, 0);
    assert_eq!(mode(&other), 0o600);
    fs::set_permissions(shop.places().database, fs::Permissions::from_mode(0o640)).unwrap();
    shop.json(&["restore", archive, "--yes"]);
    assert_eq!(mode(&shop), 0o640);
}
