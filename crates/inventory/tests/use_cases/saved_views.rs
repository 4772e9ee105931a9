//! Tests saved views on both engines: each user has views of their own.
use inventory::saved_views::{CreateSavedView, DeleteSavedView, ListSavedViews};
use inventory::users::{CreateUser, DeleteUser};
use inventory::{Actor, Error, Inventory, Problem};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

use crate::support::{SYSTEM, problems};

async fn user(inventory: &Inventory, name: &str) -> Actor {
    let new = CreateUser {
        username: name.to_owned(),
        email: format!("{name}@example.org"),
        password: "Correct-horse9".to_owned(),
        ..CreateUser::default()
    };
    inventory.run(SYSTEM, new).await.unwrap().actor()
}

fn view(name: &str, query: &str) -> CreateSavedView {
    CreateSavedView { name: name.to_owned(), query: query.to_owned() }
}

async fn views_of(inventory: &Inventory, actor: &Actor) -> Vec<(String, String)> {
    let views = inventory.query(actor, ListSavedViews).await.unwrap();
    views.into_iter().map(|view| (view.name, view.query)).collect()
}

#[rstest]
#[tokio::test]
async fn each_user_has_views_of_their_own(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let (ada, bob) = (user(inventory, "ada").await, user(inventory, "bob").await);
    let low = inventory.run(&ada, view(" Low ", "low_stock=true")).await.unwrap();
    inventory.run(&ada, view("LEDs", "q=led")).await.unwrap();
    let of_bob = inventory.run(&bob, view("Low", "max_quantity=0")).await.unwrap();
    let pair = |name: &str, query: &str| (name.to_owned(), query.to_owned());
    assert_eq!(views_of(inventory, &ada).await, [pair("LEDs", "q=led"), pair("Low", "low_stock=true")]);

    inventory.run(&ada, view("Low", "max_quantity=3")).await.unwrap();
    assert_eq!(views_of(inventory, &ada).await, [pair("LEDs", "q=led"), pair("Low", "max_quantity=3")]);
    for gone in [&low.id, &of_bob.id] {
        let refused = inventory.run(&ada, DeleteSavedView(gone.clone())).await;
        assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
    }
    let kept = inventory.query(&ada, ListSavedViews).await.unwrap();
    inventory.run(&ada, DeleteSavedView(kept[0].id.clone())).await.unwrap();
    assert_eq!(views_of(inventory, &ada).await, [pair("Low", "max_quantity=3")]);
    assert_eq!(views_of(inventory, &bob).await, [pair("Low", "max_quantity=0")]);
}

#[rstest]
#[tokio::test]
async fn views_have_a_name_and_end_with_their_user(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let ada = user(inventory, "ada").await;
    assert_eq!(problems(inventory.run(&ada, view(" ", "")).await), [("name", Problem::Missing)]);
    let long = "x".repeat(2001);
    assert_eq!(
        problems(inventory.run(&ada, view("a", &long)).await),
        [("query", Problem::TooLong { max: 2000 })]
    );
    let nobody = inventory.run(&Actor::Anonymous, view("a", "")).await;
    assert!(matches!(nobody, Err(Error::NotSignedIn)), "{nobody:?}");
    for number in 0..100 {
        inventory.run(&ada, view(&number.to_string(), "")).await.unwrap();
    }
    let one_more = inventory.run(&ada, view("one more", "")).await;
    assert_eq!(problems(one_more), [("name", Problem::TooMany { max: 100 })]);
    let Actor::User { id, .. } = &ada else { panic!("{ada:?}") };
    inventory.run(SYSTEM, DeleteUser { id: id.clone(), version: None }).await.unwrap();
    assert_eq!(views_of(inventory, &ada).await, []);
}
