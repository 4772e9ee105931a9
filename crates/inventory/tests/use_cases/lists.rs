//! Tests filters, sort orders, pagination by number and by cursor, and limits of lists on both engines.
use crate::support::{SYSTEM, location, problems, stock};
use inventory::Problem;
use inventory::list::{Cursor, ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::locations::{ListLocations, LocationFilter};
use inventory::parts::{CreatePart, ListParts, PartFilter, PartSort};
use rstest::rstest;
use testkit::{DbEngine, TestInventory};

const EVERY_SORT: [PartSort; 4] = [PartSort::Name, PartSort::Number, PartSort::Quantity, PartSort::CreatedAt];

/// Creates parts whose names must sort by bytes, some without a number, some with stock.
async fn filled(engine: DbEngine) -> TestInventory {
    let test = TestInventory::new(engine).await;
    let inventory = &test.inventory;
    let shelf = location(inventory, "shelf", None).await;
    for (index, name) in ["b", "a", "B", "Ä", "ä", "_", "a b", "A%", "é", "Z"].into_iter().enumerate() {
        let index = i64::try_from(index).unwrap();
        let number = (index % 3 > 0).then(|| format!("N{}", index % 2));
        let supplier = (index % 2 == 0).then(|| "lcsc".to_owned());
        let new = CreatePart { name: name.into(), number, supplier, ..CreatePart::default() };
        let part = inventory.run(SYSTEM, new).await.unwrap();
        if index % 4 > 0 {
            inventory.run(SYSTEM, stock(&part, &shelf, index % 4 * 10)).await.unwrap();
        }
    }
    test
}

async fn names(test: &TestInventory, query: ListQuery<PartFilter, PartSort>) -> Vec<String> {
    let page = test.inventory.query(SYSTEM, ListParts(query)).await.unwrap();
    page.items.into_iter().map(|row| row.part.name).collect()
}

#[rstest]
#[tokio::test]
async fn text_sorts_by_bytes(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = filled(engine).await;
    let expected = ["A%", "B", "Z", "_", "a", "a b", "b", "Ä", "ä", "é"];
    assert_eq!(names(&test, ListQuery::default()).await, expected);
}

#[rstest]
#[tokio::test]
async fn the_pages_together_form_the_whole_list(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = filled(engine).await;
    for sort in EVERY_SORT {
        for descending in [false, true] {
            let query = ListQuery { sort, descending, ..ListQuery::default() };
            let all = names(&test, query.clone()).await;
            assert_eq!(all.len(), 10);
            let mut by_number = Vec::new();
            for number in 1..=4 {
                let paging = Paging::Number(PageNumber { number, size: 3 });
                let list = ListParts(ListQuery { paging, ..query.clone() });
                let page = test.inventory.query(SYSTEM, list).await.unwrap();
                assert_eq!(page.total, Some(10));
                by_number.extend(page.items.into_iter().map(|row| row.part.name));
            }
            assert_eq!(by_number, all, "{sort:?}");
            let (mut by_cursor, mut cursor) = (Vec::new(), None);
            loop {
                let list =
                    ListParts(ListQuery { paging: Paging::After { cursor, size: 3 }, ..query.clone() });
                let page = test.inventory.query(SYSTEM, list).await.unwrap();
                assert!(page.items.len() <= 3);
                by_cursor.extend(page.items.into_iter().map(|row| row.part.name));
                match page.next {
                    // The text of a cursor can be sent to a client and back.
                    Some(next) => cursor = Some(Cursor::from_text(next.as_str())),
                    None => break,
                }
            }
            assert_eq!(by_cursor, all, "{sort:?} {descending}");
        }
    }
}

#[rstest]
#[tokio::test]
async fn a_page_by_cursor_repeats_nothing_when_an_item_is_added(
    #[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine,
) {
    let test = filled(engine).await;
    let first =
        ListParts(ListQuery { paging: Paging::After { cursor: None, size: 4 }, ..ListQuery::default() });
    let first = test.inventory.query(SYSTEM, first).await.unwrap();
    test.inventory.run(SYSTEM, CreatePart { name: "A".into(), ..CreatePart::default() }).await.unwrap();
    let paging = Paging::After { cursor: first.next, size: 2 };
    assert_eq!(names(&test, ListQuery { paging, ..ListQuery::default() }).await, ["a", "a b"]);
}

#[rstest]
#[tokio::test]
async fn filters_narrow_the_list(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = filled(engine).await;
    let filtered =
        async |filter: PartFilter| names(&test, ListQuery { filter, ..ListQuery::default() }).await;
    let text = |text: &str| PartFilter { text: Some(text.to_owned()), ..PartFilter::default() };
    assert_eq!(filtered(text("a")).await, ["A%", "a", "a b"], "the case of ASCII letters is ignored");
    assert_eq!(filtered(text("%")).await, ["A%"], "% is an ordinary character");
    assert_eq!(filtered(text("_")).await, ["_"]);
    assert_eq!(filtered(text("n1")).await, ["A%", "_", "a"], "the number is searched as well");
    let supplier = PartFilter { supplier: Some("lcsc".into()), ..PartFilter::default() };
    assert_eq!(filtered(supplier).await, ["B", "a b", "b", "ä", "é"]);
    let low = PartFilter { max_quantity: Some(10), ..PartFilter::default() };
    assert_eq!(filtered(low).await, ["Z", "_", "a", "b", "ä", "é"]);

    let list = ListParts(ListQuery { sort: PartSort::Quantity, descending: true, ..ListQuery::default() });
    let most = test.inventory.query(SYSTEM, list).await.unwrap();
    assert_eq!(
        most.items.iter().map(|row| row.quantity).collect::<Vec<_>>(),
        [30, 30, 20, 20, 10, 10, 10, 0, 0, 0]
    );
    let shelf = LocationFilter { text: Some("SHEL".into()), ..LocationFilter::default() };
    let shelves = ListLocations(ListQuery { filter: shelf, ..ListQuery::default() });
    assert_eq!(test.inventory.query(SYSTEM, shelves).await.unwrap().total, Some(1));
}

#[rstest]
#[tokio::test]
async fn pages_have_limits(#[values(DbEngine::Sqlite, DbEngine::Postgres)] engine: DbEngine) {
    let test = TestInventory::new(engine).await;
    let max = i64::try_from(MAX_PAGE_SIZE).unwrap();
    for (paging, field, problem) in [
        (Paging::Number(PageNumber { number: 0, size: 10 }), "page", Problem::TooSmall { min: 1 }),
        (Paging::Number(PageNumber { number: 1, size: 0 }), "page_size", Problem::TooSmall { min: 1 }),
        (Paging::Number(PageNumber { number: 1, size: 1001 }), "page_size", Problem::TooLarge { max }),
        (
            Paging::Number(PageNumber { number: u64::MAX, size: 9 }),
            "page",
            Problem::TooLarge { max: 1_000_000_000 },
        ),
        (Paging::After { cursor: None, size: 1001 }, "page_size", Problem::TooLarge { max }),
        (Paging::After { cursor: Some(Cursor::from_text("x")), size: 9 }, "cursor", Problem::NotACursor),
    ] {
        let list = ListParts(ListQuery { paging, ..ListQuery::default() });
        assert_eq!(problems(test.inventory.query(SYSTEM, list).await), [(field, problem)]);
    }
}
