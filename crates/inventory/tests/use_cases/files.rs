//! The files that rows refer to.

use inventory::files::{FileStore, NewDatasheet};
use inventory::locations::{CreateLocation, UpdateLocation};
use inventory::parts::DeletePart;
use inventory::{Change, FileKind, StaticFiles};
use rstest::rstest;
use testkit::{DbEngine, TestFolder, TestInventory};

use crate::support::{SYSTEM, part};

const PDF: &[u8] = include_bytes!("../../assets/datasheet.pdf");
const PNG: &[u8] = include_bytes!("../../assets/led.png");

fn count(files: &StaticFiles) -> [usize; 2] {
    FileKind::ALL.map(|kind| files.list(kind).unwrap().files.len())
}

#[rstest]
#[tokio::test]
async fn files_go_with_the_last_row_that_refers_to_them(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let folder = TestFolder::new();
    let files = StaticFiles::new(folder.path());
    let store = FileStore::new(inventory.clone(), files.clone());
    let part = part(inventory, "LED").await;
    let new = NewDatasheet { part_id: part.id.clone(), ..NewDatasheet::default() };
    store.add_datasheet(SYSTEM, new, PDF).await.unwrap();
    store.set_image(SYSTEM, (&part.id, None), PNG.to_vec()).await.unwrap();
    let changed = store.set_image(SYSTEM, (&part.id, None), PNG.to_vec()).await.unwrap();
    assert_eq!(count(&files), [1, 1], "the replaced image is gone");

    let address = changed.image_url.unwrap();
    let image_url = Some(format!("{address}.png#x"));
    let place = CreateLocation { name: "S".to_owned(), image_url, ..CreateLocation::default() };
    let place = inventory.run(SYSTEM, place).await.unwrap();
    inventory.run(SYSTEM, DeletePart { id: part.id, version: None }).await.unwrap();
    assert_eq!(count(&files), [1, 1], "a use case deletes no file");
    store.remove_released().await.unwrap();
    assert_eq!(count(&files), [0, 1], "the location still shows the image");

    // In a pattern, the underscore would stand for any character.
    let other = CreateLocation {
        name: "T".to_owned(),
        image_url: Some("/api/utility/get_image/axb.png?v=1".to_owned()),
        ..CreateLocation::default()
    };
    inventory.run(SYSTEM, other).await.unwrap();
    std::fs::write(files.folder(FileKind::Images).join("a_b.png"), PNG).unwrap();
    for image_url in [Some("/api/utility/get_image/a_b".to_owned()), None] {
        let image_url = Change::Set(image_url);
        let changed = UpdateLocation { id: place.id.clone(), image_url, ..UpdateLocation::default() };
        inventory.run(SYSTEM, changed).await.unwrap();
        store.remove_released().await.unwrap();
    }
    assert_eq!(count(&files), [0, 0]);
}
