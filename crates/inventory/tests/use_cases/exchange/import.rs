//! Imports of parts.

use inventory::exchange::{
    FieldChange, ImportMode, ImportOptions, ImportParts, Mapping, RowAction, UnknownColumns, read_table,
};
use inventory::list::ListQuery;
use inventory::locations::{CreateLocation, SINGLE_PART};
use inventory::parts::{FindPartByName, GetPartDetails, ListParts, Part};
use inventory::stock::{CheckStock, ListMovements, MovementFilter, MovementKind};
use inventory::tags::ListTags;
use inventory::{Actor, Error, Inventory, Permission};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use super::{CREATE_MISSING, actions, command, errors, import, import_well};
use crate::support::{SYSTEM, location, part, places_of, stock};

const FIRST: &str = "\
Part Name,Part Number,MPN,Category,Tags,Projects,Location,Qty,Minimum,property:Size,Properties
R 10k,R-10K,CRCW0805,Passive > Resistors; Chips,smd; #new ones,Robot,Shelf > A,100,20,0805,\"{\"\"tolerance\"\": 1}\"
R 10k,,,,,,Shelf > B,5,,,
C 1u,,,,,,,,,,
";

async fn part_named(inventory: &Inventory, name: &str) -> Part {
    inventory.query(SYSTEM, FindPartByName(name.to_owned())).await.unwrap()
}

async fn part_count(inventory: &Inventory) -> usize {
    inventory.query(SYSTEM, ListParts::default()).await.unwrap().items.len()
}

#[rstest]
#[tokio::test]
async fn an_import_creates_parts_with_stock_and_everything_they_name(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let report = import_well(&test.inventory, FIRST).await;
    assert_eq!(actions(&report), [RowAction::Create, RowAction::Update, RowAction::Create]);
    assert_eq!((report.created, report.updated, report.failed), (2, 1, 0));
    assert_eq!(report.created_locations, ["Shelf", "Shelf > A", "Shelf > B"]);
    assert_eq!(report.created_categories, ["Passive", "Passive > Resistors", "Chips"]);
    assert_eq!(report.created_tags, ["smd", "new-ones"]);
    assert_eq!(report.created_projects, ["Robot"]);

    let resistor = part_named(&test.inventory, "R 10k").await;
    let details = test.inventory.query(SYSTEM, GetPartDetails(resistor.id.clone())).await.unwrap();
    assert_eq!(details.part.number.as_deref(), Some("R-10K"));
    assert_eq!(details.part.manufacturer_part_number.as_deref(), Some("CRCW0805"));
    assert_eq!(details.low_stock_limit, Some(20));
    assert_eq!(details.quantity, 105);
    let names: Vec<&str> = details.categories.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(names, ["Chips", "Resistors"]);
    assert_eq!(details.part.properties["Size"], "0805");
    assert_eq!(details.part.properties["tolerance"], 1);
    let places: Vec<(String, i64, bool)> = places_of(&test.inventory, &resistor)
        .await
        .into_iter()
        .map(|placed| (placed.location_name, placed.allocation.quantity, placed.allocation.is_primary))
        .collect();
    assert_eq!(places, [("A".to_owned(), 100, true), ("B".to_owned(), 5, false)]);
    let tags = test.inventory.query(SYSTEM, ListTags::default()).await.unwrap().items;
    assert!(tags.iter().all(|tag| tag.part_count == 1), "{tags:?}");
    assert_eq!(test.inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}

#[rstest]
#[tokio::test]
async fn a_dry_run_reports_what_the_import_does_and_changes_nothing(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    import_well(&test.inventory, "name,number,location,quantity\nR 10k,OLD,Shelf,7\n").await;
    let second = format!("{FIRST}L 1m,,,,,,Shelf > A,1,,,\n");
    let dry_run = ImportOptions { dry_run: true, ..CREATE_MISSING };
    let tried = import(&test.inventory, &second, dry_run).await;
    assert!(tried.is_dry_run && !tried.is_applied);
    assert_eq!(part_count(&test.inventory).await, 1);
    assert_eq!(part_named(&test.inventory, "R 10k").await.number.as_deref(), Some("OLD"));

    let mut done = import_well(&test.inventory, &second).await;
    assert_eq!(actions(&done)[..2], [RowAction::Update, RowAction::Update]);
    let created: Vec<&mut _> = done.rows.iter_mut().filter(|row| row.action == RowAction::Create).collect();
    assert_eq!(created.len(), 2);
    // Only the ids of new parts differ: in a dry run there are none.
    created.into_iter().for_each(|row| assert!(row.part_id.take().is_some()));
    (done.is_dry_run, done.is_applied) = (true, false);
    assert_eq!(tried, done);
}

#[rstest]
#[tokio::test]
async fn an_import_with_an_error_writes_nothing_and_reports_every_error(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let shelf = location(&test.inventory, "Shelf", None).await;
    location(&test.inventory, "A", Some(&shelf)).await;
    let box_ = location(&test.inventory, "Box", None).await;
    location(&test.inventory, "A", Some(&box_)).await;
    let csv = "name,emoji,location,quantity,tags,properties\n\
               good,,Shelf > A,1,,\n\
               bad quantity,,Shelf > A,-1,,\n\
               bad place,,Attic,1,,\n\
               several places,,A,1,,\n\
               no place,,,1,,\n\
               bad tag,,,,nothing,\n\
               ,,Shelf > A,1,,\n\
               bad json,,,,,[1]\n\
               good,,Shelf > A,2,,\n\
               good,x,,,,,more\n";
    let report = import(&test.inventory, csv, ImportOptions::default()).await;
    assert!(!report.is_applied);
    assert_eq!(
        errors(&report),
        [
            (3, "quantity", "must be a whole number from 0 to 1000000000000, without separators"),
            (4, "location", "there is no location \"Attic\""),
            (5, "location", "names several locations: Box > A, Shelf > A"),
            (6, "location", "is required, since the part is not at exactly one location"),
            (7, "tags", "there is no tag \"nothing\""),
            (8, "name", "is required"),
            (9, "properties", "must be a JSON object, like {\"size\": \"0805\"}"),
            (10, "quantity", "line 2 has counted the same part at the same location"),
            (11, "row", "has more cells than there are headers"),
        ]
    );
    assert_eq!((report.created, report.failed), (1, 9));
    assert!(report.rows.iter().all(|row| row.part_id.is_none()), "{report:#?}");
    assert_eq!(part_count(&test.inventory).await, 0);
}

#[rstest]
#[tokio::test]
async fn a_row_belongs_to_the_part_with_its_id_else_its_number_else_its_name(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let by_id = part(&test.inventory, "by id").await;
    import_well(&test.inventory, "name,number,description\nby number,N,kept\nby name,M,kept\n").await;
    let csv = format!(
        "id,name,number,description\n{},renamed by id,,\nunknown,renamed by number,N,\n,by name,O,changed\n",
        by_id.id
    );
    let report = import_well(&test.inventory, &csv).await;
    assert_eq!(actions(&report), [RowAction::Update; 3]);
    let change = |field: &str, before: Option<&str>, after: &str| FieldChange {
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.to_owned(),
    };
    assert_eq!(report.rows[0].changes, [change("name", Some("by id"), "renamed by id")]);
    assert_eq!(report.rows[1].changes, [change("name", Some("by number"), "renamed by number")]);
    let changes = [change("number", Some("M"), "O"), change("description", Some("kept"), "changed")];
    assert_eq!(report.rows[2].changes, changes);
    assert_eq!(part_named(&test.inventory, "renamed by id").await.id, by_id.id);
    let renamed = part_named(&test.inventory, "renamed by number").await;
    assert_eq!(renamed.description.as_deref(), Some("kept"), "an empty cell leaves the field");

    // The same file again, with the name that it has given.
    let again = import_well(&test.inventory, &csv).await;
    assert_eq!(actions(&again), [RowAction::Unchanged; 3]);
}

#[rstest]
#[tokio::test]
async fn parts_that_share_a_number_are_told_apart_by_their_names(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let csv = "name,number\nA,N\nB,N\nC,N\n";
    let report = import_well(&test.inventory, csv).await;
    assert_eq!(actions(&report), [RowAction::Create; 3]);
    assert_eq!(actions(&import_well(&test.inventory, csv).await), [RowAction::Unchanged; 3]);
    let report = import(&test.inventory, "name,number\nD,N\n", CREATE_MISSING).await;
    assert_eq!(errors(&report), [(2, "number", "several parts have this number: \"A\", \"B\", \"C\"")]);
}

#[rstest]
#[tokio::test]
async fn a_quantity_is_a_count_in_the_ledger(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let shelf = location(&test.inventory, "Shelf", None).await;
    let resistor = part(&test.inventory, "R").await;
    test.inventory.run(SYSTEM, stock(&resistor, &shelf, 10)).await.unwrap();
    // The only location of the part need not be named, and an unchanged quantity is no movement.
    let report = import_well(&test.inventory, "name,quantity\nR,7\n").await;
    assert_eq!(report.rows[0].changes.len(), 1);
    let again = import_well(&test.inventory, "name,location,quantity\nR,Shelf,7\nR,Shelf,\n").await;
    assert_eq!(actions(&again), [RowAction::Unchanged; 2]);
    let filter = MovementFilter { part_id: Some(resistor.id.clone()), ..MovementFilter::default() };
    let list = ListMovements(ListQuery { filter, ..ListQuery::default() });
    let movements = test.inventory.query(SYSTEM, list).await.unwrap().items;
    let last = movements.last().unwrap();
    assert_eq!(movements.len(), 2);
    assert_eq!((last.kind, last.quantity, last.reason.as_deref()), (MovementKind::Count, 3, Some("import")));
    assert_eq!(test.inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
}

#[rstest]
#[tokio::test]
async fn the_mode_says_whether_parts_may_exist(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    part(&test.inventory, "old").await;
    let csv = "name,location,quantity\nold,Shelf,1\nnew,Shelf,1\nnew,Box,2\n";
    let with = |mode| ImportOptions { mode, ..CREATE_MISSING };
    let created = import(&test.inventory, csv, with(ImportMode::Create)).await;
    assert_eq!(errors(&created), [(2, "name", "the part exists already")]);
    let updated = import(&test.inventory, csv, with(ImportMode::Update)).await;
    assert_eq!(
        errors(&updated),
        [(3, "name", "there is no such part"), (4, "name", "there is no such part")]
    );
    let both = import(&test.inventory, csv, with(ImportMode::Both)).await;
    assert_eq!(actions(&both), [RowAction::Update, RowAction::Create, RowAction::Update]);
}

#[rstest]
#[tokio::test]
async fn rows_of_one_part_must_not_contradict_each_other(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let report = import(&test.inventory, "name,supplier\nR,one\nS,one\nR,other\n", CREATE_MISSING).await;
    let message = "contradicts a row of the same part that begins in line 2 or later";
    assert_eq!(errors(&report), [(4, "supplier", message)]);
}

#[rstest]
#[tokio::test]
async fn a_row_that_a_use_case_refuses_does_not_end_the_report(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    part(&test.inventory, "taken").await;
    let renamed = part(&test.inventory, "renamed").await;
    let long = "x".repeat(256);
    let csv = format!("id,name,tags\n{},taken,\n,{long},\n,R,{long}\n,S,\n", renamed.id);
    let report = import(&test.inventory, &csv, CREATE_MISSING).await;
    assert_eq!(
        errors(&report),
        [
            (2, "name", "a part \"taken\" already exists"),
            (3, "name", "must have at most 255 characters"),
            (4, "tags", "name must have at most 50 characters"),
        ]
    );
    assert_eq!(report.rows[3].action, RowAction::Create);
    assert_eq!(part_count(&test.inventory).await, 2);
}

#[rstest]
#[tokio::test]
async fn rows_that_are_written_together_see_those_before_them(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    import_well(inventory, "name,number,location,quantity\nold,N-1,Shelf,4\n").await;
    let single = CreateLocation {
        name: "Single".to_owned(),
        location_type: SINGLE_PART.to_owned(),
        ..CreateLocation::default()
    };
    inventory.run(SYSTEM, single).await.unwrap();
    // The first row is kept back, the second one renames a part, and the third one takes the name that is free now.
    let csv = "number,name,location,quantity,tags\n,first,Shelf,1,a\nN-1,renamed,,,\n,old,Box,2,a; b\n,first,Box,3,\n,alone,Single,,\n";
    let report = import(inventory, csv, CREATE_MISSING).await;
    assert_eq!(errors(&report), []);
    use RowAction::{Create, Update};
    assert_eq!(actions(&report), [Create, Update, Create, Update, Create]);
    let places =
        async |name: &str| {
            let places = places_of(inventory, &part_named(inventory, name).await).await.into_iter();
            Vec::from_iter(places.map(|placed| {
                (placed.location_name, placed.allocation.quantity, placed.allocation.is_primary)
            }))
        };
    let at = |name: &str, quantity, is_primary| (name.to_owned(), quantity, is_primary);
    assert_eq!(places("first").await, [at("Shelf", 1, true), at("Box", 3, false)]);
    assert_eq!(places("old").await, [at("Box", 2, true)]);
    assert_eq!(places("renamed").await, [at("Shelf", 4, true)]);
    assert_eq!(places("alone").await, [at("Single", 0, true)]);
    let tags = inventory.query(SYSTEM, ListTags::default()).await.unwrap().items;
    assert_eq!(
        Vec::from_iter(tags.iter().map(|tag| (tag.name.as_str(), tag.part_count))),
        [("a", 2), ("b", 1)]
    );
    assert_eq!(inventory.query(SYSTEM, CheckStock).await.unwrap().count, 0);
    let movements = inventory.query(SYSTEM, ListMovements::default()).await.unwrap().items;
    let mut numbers: Vec<i64> = movements.iter().map(|movement| movement.number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5], "each movement has its own number");

    // A part that its location refuses does not exist for the rows after it.
    let csv = "name,location,quantity\nsecond,Single,1\nsecond,Shelf,1\n";
    let refused = import(inventory, csv, CREATE_MISSING).await;
    assert_eq!(
        errors(&refused).iter().map(|error| (error.0, error.1)).collect::<Vec<_>>(),
        [(2, "location")]
    );
    assert_eq!((refused.rows[1].action, refused.is_applied), (Create, false));
}

#[tokio::test]
async fn unknown_columns_are_refused_ignored_or_become_properties() {
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let run = async |unknown| {
        let mapping = Mapping { unknown, ..Mapping::default() };
        let table = read_table(b"name,Colour\nR,red\n", &mapping).unwrap();
        test.inventory.run(SYSTEM, ImportParts { table, options: CREATE_MISSING }).await.unwrap()
    };
    let refused = run(UnknownColumns::Refuse).await;
    assert!(!refused.is_applied);
    assert_eq!(refused.unknown_columns, ["Colour"]);
    assert_eq!(part_count(&test.inventory).await, 0);
    assert!(run(UnknownColumns::Ignore).await.is_applied);
    assert!(part_named(&test.inventory, "R").await.properties.is_empty());
    let report = run(UnknownColumns::Properties).await;
    assert_eq!(report.rows[0].changes[0].field, "property:Colour");
    assert_eq!(part_named(&test.inventory, "R").await.properties["Colour"], "red");
}

#[rstest]
#[tokio::test]
async fn whoever_imports_needs_the_permission_for_everything_that_is_created(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    use Permission::{LocationsCreate, PartsCreate, PartsUpdate};
    let test = TestInventory::new(engine).await;
    let run = async |permissions: &[Permission]| {
        let actor = Actor::User {
            id: "u".to_owned(),
            username: "u".to_owned(),
            permissions: permissions.iter().copied().collect(),
        };
        let csv = "name,location,quantity\nR,Shelf,1\n";
        // The actor is in no table, so nothing of the actor can be logged.
        let options = ImportOptions { dry_run: true, ..CREATE_MISSING };
        test.inventory.run(&actor, command(csv, options)).await
    };
    for (held, missing) in [
        (&[PartsUpdate][..], PartsCreate),
        (&[PartsCreate], PartsUpdate),
        (&[PartsCreate, PartsUpdate], LocationsCreate),
    ] {
        let refused = run(held).await;
        assert!(
            matches!(refused, Err(Error::Forbidden { permission }) if permission == missing),
            "{refused:?}"
        );
    }
    assert_eq!(run(&[PartsCreate, PartsUpdate, LocationsCreate]).await.unwrap().created, 1);
}
