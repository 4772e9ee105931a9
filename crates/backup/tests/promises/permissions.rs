//! Every use case of the engine takes the actor, and refuses one who lacks its permission, before it does anything else.

use archive::Identity;
use backup::{BackupOptions, DrillOptions, Error, ImportOptions, Kind, RestoreOptions};
use inventory::{Actor, Permission};
use rstest::rstest;
use testkit::engine::{back_up, quiet};
use testkit::{TestDatabase, TestStaticFiles, state_of, test_db_with_schema, test_static_files_dir};

type UseCase<'a> = &'a dyn Fn(&Actor) -> Result<(), Error>;

#[rstest]
#[tokio::test]
async fn every_use_case_refuses_who_lacks_its_permission(
    #[future(awt)] test_db_with_schema: TestDatabase,
    test_static_files_dir: TestStaticFiles,
) {
    let engine = &test_db_with_schema.engine(&test_static_files_dir);
    let archive = back_up(engine);
    let before = state_of(engine.places());
    let restore = RestoreOptions::new(&archive);
    let import = ImportOptions::new(&archive);
    let drill = DrillOptions { archive: archive.clone(), scratch: None, allow_violations: false };
    let use_cases: &[(&str, UseCase<'_>)] = &[
        ("backup", &|actor| engine.backup(actor, &BackupOptions::default(), &mut quiet).map(drop)),
        ("verify", &|actor| engine.verify(actor, &archive, &mut quiet).map(drop)),
        ("drill", &|actor| engine.drill(actor, &drill, &mut quiet).map(drop)),
        ("show", &|actor| engine.show(actor, &archive).map(drop)),
        ("list", &|actor| engine.list(actor).map(drop)),
        ("find_archive", &|actor| engine.find_archive(actor, &archive).map(drop)),
        ("listed_archive", &|actor| engine.listed_archive(actor, "x.zip").map(drop)),
        ("receive_backup", &|actor| engine.receive_backup(actor, "x.zip", None, 1).map(drop)),
        ("remove_backup", &|actor| engine.remove_backup(actor, "x.zip")),
        ("tidy_backup_folder", &|actor| engine.tidy_backup_folder(actor)),
        ("check_key", &|actor| engine.check_key(actor, &archive, &Identity::generate()).map(drop)),
        ("stage_restore", &|actor| engine.stage_restore(actor, &restore, &mut quiet).map(drop)),
        ("preview_restore", &|actor| engine.preview_restore(actor, &restore, &mut quiet).map(drop)),
        ("find_undo", &|actor| engine.find_undo(actor).map(drop)),
        ("find_import", &|actor| engine.find_import(actor, &import).map(drop)),
        ("migrate", &|actor| engine.migrate(actor, &mut quiet).map(drop)),
        ("recover", &|actor| engine.recover(actor).map(drop)),
        ("pending_restores", &|actor| engine.pending_restores(actor).map(drop)),
        ("leftovers", &|actor| engine.leftovers(actor).map(drop)),
        ("prepare_new_inventory", &|actor| engine.prepare_new_inventory(actor)),
    ];
    let permissions = [Permission::PartsRead, Permission::TasksAdmin, Permission::UsersUpdate].into();
    let user = Actor::User { id: "1".into(), username: "user".into(), permissions };
    for (name, run) in use_cases {
        assert_eq!(run(&user).map_err(|error| error.kind()), Err(Kind::Forbidden), "{name}");
        let anonymous = run(&Actor::Anonymous).map_err(|error| error.kind());
        assert_eq!(anonymous, Err(Kind::NotSignedIn), "{name}");
    }
    assert!(state_of(engine.places()) == before);
}

/// A new use case is in the list above only if somebody thinks of it, so a use case without an actor must not exist at all.
#[test]
fn every_public_method_of_the_engine_takes_the_actor() {
    const OTHERS: [&str; 2] = ["encrypts", "places"];
    let mut seen = 0;
    for source in sources() {
        for block in source.split("\nimpl Engine {").skip(1) {
            let block = block.split("\n}").next().unwrap();
            for method in block.split("pub fn ").skip(1) {
                let (name, rest) = method.split_once('(').unwrap();
                let parameters = rest.split(')').next().unwrap();
                if parameters.contains("&self") && !OTHERS.contains(&name) {
                    assert!(parameters.contains("actor: &Actor"), "{name}({parameters})");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 20, "{seen}");
}

fn sources() -> Vec<String> {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}
