//! Changing and deleting categories.

use inventory::categories::{
    Category, CreateCategory, DeleteCategory, GetCategory, GetCategoryOutline, GetCategoryTree,
    PreviewCategoryDeletion, UpdateCategory,
};
use inventory::parts::{CreatePart, GetPart};
use inventory::{Change, Error, Inventory};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::SYSTEM;

async fn category(inventory: &Inventory, name: &str, parent: Option<&Category>) -> Category {
    let parent_id = parent.map(|parent| parent.id.clone());
    let new = CreateCategory { name: name.to_owned(), parent_id, ..CreateCategory::default() };
    inventory.run(SYSTEM, new).await.unwrap()
}

#[rstest]
#[tokio::test]
async fn a_category_is_renamed_and_moved_unless_somebody_was_faster(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let top = category(inventory, "passive", None).await;
    let below = category(inventory, "resistors", Some(&top)).await;
    let change = UpdateCategory {
        id: below.id.clone(),
        version: Some(below.version.clone()),
        parent_id: Change::Set(None),
        ..UpdateCategory::default()
    };
    let moved = inventory.run(SYSTEM, change.clone()).await.unwrap();
    assert_eq!((moved.parent_id.clone(), &moved.name), (None, &below.name));
    assert_ne!(moved.version, below.version, "a move is a change");
    let late = inventory.run(SYSTEM, change).await;
    assert!(matches!(late, Err(Error::Changed { what: "category", .. })), "{late:?}");
    let rename = |id: &str, name: &str, parent_id: Change<Option<String>>| UpdateCategory {
        id: id.to_owned(),
        name: Change::Set(name.to_owned()),
        parent_id,
        ..UpdateCategory::default()
    };
    let taken = inventory.run(SYSTEM, rename(&below.id, "passive", Change::Keep)).await;
    assert!(matches!(taken, Err(Error::AlreadyExists { .. })), "{taken:?}");
    let under = Change::Set(Some(below.id.clone()));
    let renamed = inventory.run(SYSTEM, rename(&top.id, "R", under)).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.parent_id.as_ref()), ("R", Some(&below.id)));
    let cycle = inventory.run(SYSTEM, rename(&below.id, "x", Change::Set(Some(top.id.clone())))).await;
    assert!(matches!(cycle, Err(Error::Cycle { .. })), "{cycle:?}");
}

#[rstest]
#[tokio::test]
async fn deleting_a_category_keeps_its_parts_and_moves_its_children(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let top = category(inventory, "passive", None).await;
    let middle = category(inventory, "resistors", Some(&top)).await;
    let below = category(inventory, "smd", Some(&middle)).await;
    let category_ids = vec![middle.id.clone()];
    let part = CreatePart { name: "R 10k".into(), category_ids, ..CreatePart::default() };
    let part = inventory.run(SYSTEM, part).await.unwrap();
    let preview = inventory.query(SYSTEM, PreviewCategoryDeletion(middle.id.clone())).await.unwrap();
    assert_eq!((preview.category.part_count, preview.children), (1, vec![below.clone()]));

    let mut outline = inventory.query(SYSTEM, GetCategoryOutline { counts: true }).await.unwrap();
    outline.sort_by(|a, b| a.name.cmp(&b.name));
    let outline: Vec<_> =
        outline.into_iter().map(|item| (item.name, item.parent_id, item.part_count)).collect();
    let (top_id, middle_id) = (Some(top.id.clone()), Some(middle.id.clone()));
    let expected = [("passive", None, 0), ("resistors", top_id, 1), ("smd", middle_id, 0)];
    assert_eq!(outline, expected.map(|(name, parent, count)| (name.to_owned(), parent, count)));

    let delete = DeleteCategory { id: middle.id.clone(), ..DeleteCategory::default() };
    let refused = inventory.run(SYSTEM, delete.clone()).await;
    assert!(matches!(refused, Err(Error::HasChildren { count: 1, .. })), "{refused:?}");
    let stale = DeleteCategory { version: Some("x".into()), move_children: true, ..delete.clone() };
    assert!(matches!(inventory.run(SYSTEM, stale).await, Err(Error::Changed { .. })));
    inventory.run(SYSTEM, DeleteCategory { move_children: true, ..delete }).await.unwrap();
    let gone = inventory.query(SYSTEM, GetCategory(middle.id)).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })));
    inventory.query(SYSTEM, GetPart(part.id)).await.unwrap();
    let tree = inventory.query(SYSTEM, GetCategoryTree::default()).await.unwrap().items;
    let tree: Vec<_> = tree.iter().map(|node| (node.depth, node.item.name.as_str())).collect();
    assert_eq!(tree, [(0, "passive"), (1, "smd")]);
}
