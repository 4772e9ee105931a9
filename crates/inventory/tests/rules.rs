//! The rules of parts, stock and places, each tried from outside.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use inventory::{
    Actor, Ambient, Error, Inventory, Location, NewAllocation, NewCategory, NewDatasheet, NewLocation,
    NewPart, Part, SINGLE_PART,
};
use tempfile::TempDir;

const SYSTEM: &Actor = &Actor::System;

async fn inventory() -> (TempDir, Inventory) {
    let folder = TempDir::new().unwrap();
    let inventory = Inventory::create(&folder.path().join("parts.db"), Ambient::system()).await.unwrap();
    (folder, inventory)
}

async fn part(inventory: &Inventory, name: &str) -> Part {
    inventory.create_part(SYSTEM, NewPart { name: name.to_owned(), ..NewPart::default() }).await.unwrap()
}

async fn location(inventory: &Inventory, name: &str, parent: Option<&Location>) -> Location {
    let parent_id = parent.map(|parent| parent.id.clone());
    inventory
        .create_location(SYSTEM, NewLocation { name: name.to_owned(), parent_id, ..NewLocation::default() })
        .await
        .unwrap()
}

fn stock(part: &Part, location: &Location, quantity: i64) -> NewAllocation {
    let (part_id, location_id) = (part.id.clone(), location.id.clone());
    NewAllocation { part_id, location_id, quantity, ..NewAllocation::default() }
}

#[tokio::test]
async fn quantities_are_never_negative() {
    let (_folder, inventory) = inventory().await;
    let (part, a, b) = (
        part(&inventory, "R").await,
        location(&inventory, "A", None).await,
        location(&inventory, "B", None).await,
    );
    let negative = inventory.create_allocation(SYSTEM, stock(&part, &a, -1)).await;
    assert!(matches!(negative, Err(Error::Invalid { what: "quantity", .. })));
    inventory.create_allocation(SYSTEM, stock(&part, &a, 5)).await.unwrap();
    for quantity in [0, -3] {
        let transfer = inventory.transfer(SYSTEM, &part.id, &a.id, &b.id, quantity).await;
        assert!(matches!(transfer, Err(Error::Invalid { what: "quantity", .. })));
    }
    let transfer = inventory.transfer(SYSTEM, &part.id, &a.id, &b.id, 6).await;
    assert!(matches!(transfer, Err(Error::InsufficientStock { available: 5, requested: 6 })));
    assert!(matches!(
        inventory.transfer(SYSTEM, &part.id, &b.id, &a.id, 1).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(
        inventory.transfer(SYSTEM, &part.id, &a.id, &a.id, 1).await,
        Err(Error::Invalid { .. })
    ));
    assert_eq!(inventory.total_quantity(SYSTEM, &part.id).await.unwrap(), 5);
}

#[tokio::test]
async fn a_transfer_empties_the_source_and_hands_the_primary_on() {
    let (_folder, inventory) = inventory().await;
    let (part, a, b) = (
        part(&inventory, "R").await,
        location(&inventory, "A", None).await,
        location(&inventory, "B", None).await,
    );
    let first = NewAllocation { is_primary: true, ..stock(&part, &a, 5) };
    inventory.create_allocation(SYSTEM, first).await.unwrap();
    let some = inventory.transfer(SYSTEM, &part.id, &a.id, &b.id, 2).await.unwrap();
    assert_eq!(some.from.map(|from| (from.quantity_at_location, from.is_primary_storage)), Some((3, true)));
    assert_eq!((some.to.quantity_at_location, some.to.is_primary_storage), (2, false));
    let rest = inventory.transfer(SYSTEM, &part.id, &a.id, &b.id, 3).await.unwrap();
    assert_eq!(rest.from, None);
    assert_eq!((rest.to.quantity_at_location, rest.to.is_primary_storage), (5, true));
    assert_eq!(inventory.part_allocations(SYSTEM, &part.id).await.unwrap(), [rest.to]);
    assert!(inventory.location_allocations(SYSTEM, &a.id).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_part_has_one_primary_and_one_allocation_per_location() {
    let (_folder, inventory) = inventory().await;
    let (part, a, b) = (
        part(&inventory, "R").await,
        location(&inventory, "A", None).await,
        location(&inventory, "B", None).await,
    );
    inventory
        .create_allocation(SYSTEM, NewAllocation { is_primary: true, ..stock(&part, &a, 1) })
        .await
        .unwrap();
    let again = inventory.create_allocation(SYSTEM, stock(&part, &a, 1)).await;
    assert!(matches!(again, Err(Error::AlreadyExists { name, .. }) if name == "A"));
    let second = NewAllocation { is_primary: true, ..stock(&part, &b, 1) };
    let refused = inventory.create_allocation(SYSTEM, second.clone()).await;
    assert!(matches!(refused, Err(Error::PrimaryTaken { location }) if location == "A"));
    let second = NewAllocation { replace_primary: true, ..second };
    inventory.create_allocation(SYSTEM, second).await.unwrap();
    let all = inventory.part_allocations(SYSTEM, &part.id).await.unwrap();
    let primary: Vec<_> =
        all.iter().map(|one| (one.location_id.clone().unwrap(), one.is_primary_storage)).collect();
    assert_eq!(primary, [(b.id, true), (a.id, false)]);
}

#[tokio::test]
async fn a_single_part_location_refuses_a_second_part() {
    let (_folder, inventory) = inventory().await;
    let (one, two) = (part(&inventory, "one").await, part(&inventory, "two").await);
    let other = location(&inventory, "other", None).await;
    let new =
        NewLocation { name: "slot".into(), location_type: SINGLE_PART.into(), ..NewLocation::default() };
    let slot = inventory.create_location(SYSTEM, new).await.unwrap();
    inventory.create_allocation(SYSTEM, stock(&one, &slot, 0)).await.unwrap();
    inventory.create_allocation(SYSTEM, stock(&two, &other, 3)).await.unwrap();
    let refused = inventory.create_allocation(SYSTEM, stock(&two, &slot, 1)).await;
    assert!(matches!(refused, Err(Error::Invalid { what: "location", .. })));
    let refused = inventory.transfer(SYSTEM, &two.id, &other.id, &slot.id, 3).await;
    assert!(matches!(refused, Err(Error::Invalid { what: "location", .. })));
    assert_eq!(inventory.total_quantity(SYSTEM, &two.id).await.unwrap(), 3);
}

#[tokio::test]
async fn locations_are_named_once_per_parent_and_never_inside_themselves() {
    let (_folder, inventory) = inventory().await;
    let a = location(&inventory, "A", None).await;
    let b = location(&inventory, "B", Some(&a)).await;
    let c = location(&inventory, "C", Some(&b)).await;
    location(&inventory, "A", Some(&a)).await;
    let twin = NewLocation { name: "A".into(), ..NewLocation::default() };
    assert!(matches!(inventory.create_location(SYSTEM, twin).await, Err(Error::AlreadyExists { .. })));
    let orphan =
        NewLocation { name: "X".into(), parent_id: Some("nowhere".into()), ..NewLocation::default() };
    assert!(matches!(inventory.create_location(SYSTEM, orphan).await, Err(Error::NotFound { .. })));
    for inside in [&a, &b, &c] {
        let moved = inventory.set_location_parent(SYSTEM, &a.id, Some(&inside.id)).await;
        assert!(matches!(moved, Err(Error::Cycle { what: "location", .. })));
    }
    assert!(matches!(
        inventory.set_location_parent(SYSTEM, "nothing", None).await,
        Err(Error::NotFound { what: "location", .. })
    ));
    let path = inventory.location_path(SYSTEM, &c.id).await.unwrap();
    assert_eq!(path.into_iter().map(|one| one.name.unwrap()).collect::<Vec<_>>(), ["A", "B", "C"]);
    let moved = inventory.set_location_parent(SYSTEM, &b.id, None).await.unwrap();
    assert_eq!(moved.parent_id, None);
    let tree = inventory.location_tree(SYSTEM).await.unwrap();
    let tree: Vec<_> = tree.into_iter().map(|branch| (branch.depth, branch.item.name.unwrap())).collect();
    assert_eq!(tree, [(0, "A"), (1, "A"), (0, "B"), (1, "C")].map(|(depth, name)| (depth, name.to_owned())));
}

#[tokio::test]
async fn categories_are_named_once_and_never_inside_themselves() {
    let (_folder, inventory) = inventory().await;
    let new = |name: &str, parent: Option<&str>| NewCategory {
        name: name.to_owned(),
        parent_id: parent.map(str::to_owned),
        ..NewCategory::default()
    };
    let a = inventory.create_category(SYSTEM, new("A", None)).await.unwrap();
    let b = inventory.create_category(SYSTEM, new("B", Some(&a.id))).await.unwrap();
    assert!(matches!(
        inventory.create_category(SYSTEM, new("B", None)).await,
        Err(Error::AlreadyExists { .. })
    ));
    let lost = inventory.create_category(SYSTEM, new("C", Some("nowhere"))).await;
    assert!(matches!(lost, Err(Error::NotFound { .. })));
    assert_eq!(inventory.categories(SYSTEM).await.unwrap().len(), 2);
    let moved = inventory.set_category_parent(SYSTEM, &a.id, Some(&b.id)).await;
    assert!(matches!(moved, Err(Error::Cycle { what: "category", .. })));
    assert_eq!(inventory.category_path(SYSTEM, &b.id).await.unwrap(), [a.clone(), b.clone()]);
    inventory.set_category_parent(SYSTEM, &b.id, None).await.unwrap();
    inventory.set_category_parent(SYSTEM, &a.id, Some(&b.id)).await.unwrap();
    let tree = inventory.category_tree(SYSTEM).await.unwrap();
    assert_eq!(
        tree.iter().map(|branch| (branch.depth, &branch.item)).collect::<Vec<_>>(),
        [(0, &b), (1, &a)]
    );
}

#[tokio::test]
async fn parts_are_found_listed_and_named_once() {
    let (_folder, inventory) = inventory().await;
    for name in ["c", "a", "b"] {
        let number = Some(format!("N-{name}"));
        inventory
            .create_part(SYSTEM, NewPart { name: name.into(), number, ..NewPart::default() })
            .await
            .unwrap();
    }
    let named = |name: &str| NewPart { name: name.to_owned(), ..NewPart::default() };
    assert!(matches!(inventory.create_part(SYSTEM, named("a")).await, Err(Error::AlreadyExists { .. })));
    for bad in ["", "  ", &"x".repeat(256)] {
        assert!(matches!(inventory.create_part(SYSTEM, named(bad)).await, Err(Error::Invalid { .. })));
    }
    inventory.create_part(SYSTEM, named(&"Ω".repeat(255))).await.unwrap();
    let lost = NewPart { category_ids: vec!["nowhere".into()], ..named("d") };
    assert!(matches!(inventory.create_part(SYSTEM, lost).await, Err(Error::NotFound { .. })));
    assert!(matches!(inventory.part_by_name(SYSTEM, "d").await, Err(Error::NotFound { .. })));

    let page = inventory.parts(SYSTEM, 2, 2).await.unwrap();
    assert_eq!((page.items[0].part_name.as_str(), page.items.len(), page.total), ("c", 2, 4));
    for (page, size) in [(0, 10), (1, 0), (1, 1001), (u64::MAX, 1000)] {
        assert!(matches!(inventory.parts(SYSTEM, page, size).await, Err(Error::Invalid { .. })));
    }
    let b = inventory.part_by_number(SYSTEM, "N-b").await.unwrap();
    assert_eq!(inventory.part(SYSTEM, &b.id).await.unwrap(), b);
    for bad in ["", "../x.pdf", "/x.pdf", "a\\x.pdf"] {
        let new = NewDatasheet { filename: bad.into(), ..NewDatasheet::default() };
        assert!(
            matches!(inventory.add_datasheet(SYSTEM, &b.id, new).await, Err(Error::Invalid { .. })),
            "{bad}"
        );
    }
    let new = NewDatasheet { filename: "maker/x.pdf".into(), ..NewDatasheet::default() };
    let datasheet = inventory.add_datasheet(SYSTEM, &b.id, new).await.unwrap();
    assert_eq!(inventory.part_datasheets(SYSTEM, &b.id).await.unwrap(), [datasheet]);
    let changed = inventory.set_image_url(SYSTEM, &b.id, Some("/x")).await.unwrap();
    assert!(changed.image_url.as_deref() == Some("/x") && changed.updated_at > b.updated_at);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_sum_stays_while_many_move_stock() {
    let (folder, inventory) = inventory().await;
    let second = Inventory::open(&folder.path().join("parts.db"), Ambient::system()).await.unwrap();
    let part = part(&inventory, "R").await;
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        let location = location(&inventory, name, None).await;
        inventory.create_allocation(SYSTEM, stock(&part, &location, 20)).await.unwrap();
        ids.push(location.id);
    }
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let inventory = if task % 2 == 0 { inventory.clone() } else { second.clone() };
            let (part, ids) = (part.id.clone(), ids.clone());
            tokio::spawn(async move {
                let mut moved = 0;
                for step in 0..10 {
                    let (from, to) = (&ids[(task + step) % 3], &ids[(task + 2 * step + 1) % 3]);
                    let quantity = i64::try_from(1 + (task * 7 + step * 5) % 15).unwrap();
                    match inventory.transfer(SYSTEM, &part, from, to, quantity).await {
                        Ok(_) => moved += 1,
                        Err(
                            Error::InsufficientStock { .. } | Error::NotFound { .. } | Error::Invalid { .. },
                        ) => {}
                        Err(error) => panic!("{error}"),
                    }
                    assert_eq!(inventory.total_quantity(SYSTEM, &part).await.unwrap(), 60);
                }
                moved
            })
        })
        .collect();
    let mut moved = 0;
    for task in tasks {
        moved += task.await.unwrap();
    }
    assert!(moved > 0);
    let left = inventory.part_allocations(SYSTEM, &part.id).await.unwrap();
    assert!(left.iter().all(|allocation| allocation.quantity_at_location > 0));
}
