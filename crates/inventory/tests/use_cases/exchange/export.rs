//! Exports.

use inventory::exchange::{CsvWriter, DocumentExport, ExportSection, ListExportedParts, Section};
use inventory::parts::ListPlaces;
use inventory::users::CreateUser;
use inventory::{Actor, Error, Inventory, Permission, Timestamp};
use rstest::rstest;
use serde_json::Value;
use testkit::{DbEngine, TestInventory};

use super::{export, import_well};
use crate::support::SYSTEM;

#[rstest]
#[tokio::test]
async fn an_export_has_a_row_for_each_location_of_a_part(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let csv = "name,description,tags,location,quantity\nR,'=1+1,smd; a,Box > 1,3\nR,,,Shelf,0\nS,,,,\n";
    import_well(&test.inventory, csv).await;
    let text = export(&test.inventory).await;
    let rows: Vec<Vec<&str>> =
        text.lines().map(|line| line.split(',').skip(1).filter(|cell| !cell.is_empty()).collect()).collect();
    assert_eq!(
        rows[0].join(","),
        "name,number,description,manufacturer,manufacturer_part_number,component_type,supplier,supplier_part_number,supplier_url,product_url,image_url,emoji,categories,tags,projects,low_stock_limit,properties,location,quantity"
    );
    assert_eq!(
        rows[1..],
        [vec!["R", "'=1+1", "a; smd", "Box > 1", "3"], vec!["R", "'=1+1", "a; smd", "Shelf", "0"], vec!["S"]]
    );

    let raw = CsvWriter::new(test.inventory.query(SYSTEM, ListPlaces).await.unwrap(), true);
    let parts = test.inventory.query(SYSTEM, ListExportedParts::default()).await.unwrap().items;
    assert!(String::from_utf8(raw.rows(&parts)).unwrap().contains(",=1+1,"));
}

async fn document(inventory: &Inventory) -> Value {
    let mut export = DocumentExport::new(Timestamp(inventory.ambient().utc()));
    let mut text = Vec::new();
    while let Some(query) = export.query() {
        let page = inventory.query(SYSTEM, query).await.unwrap();
        text.extend(export.piece(&page));
    }
    serde_json::from_slice(&text).unwrap()
}

#[rstest]
#[tokio::test]
async fn the_document_has_everything_but_secrets(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let user = CreateUser {
        username: "ada".to_owned(),
        email: "ada@example.org".to_owned(),
        password: "Correct-horse9".to_owned(),
        ..CreateUser::default()
    };
    test.inventory.run(SYSTEM, user).await.unwrap();
    // More movements than fit on a page.
    let rows: String = (0..1100).map(|number| format!("P{number},Shelf > A,5,Chips,smd,Robot\n")).collect();
    import_well(&test.inventory, &format!("name,location,quantity,category,tags,projects\n{rows}")).await;

    let document = document(&test.inventory).await;
    assert_eq!(document["format"], "makermatrix-export");
    assert_eq!(document["version"], 1);
    let counts: Vec<(&str, usize)> = Section::EVERY
        .iter()
        .map(|section| (section.key(), document[section.key()].as_array().unwrap().len()))
        .collect();
    assert_eq!(
        counts[1..8],
        [
            ("users", 1),
            ("locations", 2),
            ("categories", 1),
            ("tags", 1),
            ("projects", 1),
            ("parts", 1100),
            ("movements", 1100)
        ]
    );
    assert!(counts[8].1 >= 1100, "{counts:?}");
    let part = &document["parts"][0];
    assert_eq!(part["stock"][0]["quantity"], 5);
    assert_eq!(part["tag_ids"][0], document["tags"][0]["id"]);
    let text = document.to_string();
    assert!(
        !text.contains("pbkdf2") && !text.contains("password") && !text.contains("hash"),
        "{}",
        document["users"]
    );
}

#[tokio::test]
async fn the_document_takes_every_permission_to_read_what_it_has() {
    use Permission::{BackupManage, PartsRead, UsersRead};
    let test = TestInventory::new(DbEngine::Sqlite).await;
    let all = [BackupManage, PartsRead, UsersRead];
    let run = async |permissions: Vec<Permission>| {
        let permissions = permissions.into_iter().collect();
        let actor = Actor::User { id: "u".to_owned(), username: "u".to_owned(), permissions };
        let query = ExportSection { section: Section::Tags, cursor: None };
        test.inventory.query(&actor, query).await
    };
    for missing in all {
        let refused = run(all.into_iter().filter(|held| *held != missing).collect()).await;
        assert!(matches!(refused, Err(Error::Forbidden { permission }) if permission == missing));
    }
    assert!(run(all.to_vec()).await.is_ok());
}
