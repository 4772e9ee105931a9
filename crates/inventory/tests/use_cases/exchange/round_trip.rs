//! Whatever is exported is imported again as it was.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy};
use proptest::{prop_assert_eq, prop_oneof};
use testkit::{DbEngine, TestInventory};

use inventory::exchange::{ImportParts, Mapping, read_table};
use inventory::locations::CreateLocation;
use inventory::parts::CreatePart;
use inventory::projects::CreateProject;
use inventory::stock::CreateAllocation;
use inventory::tags::CreateTag;
use inventory::{Error, Inventory};

use super::{CREATE_MISSING, actions, export};
use crate::support::SYSTEM;

/// A part of a test: its texts, its tags and projects, and its stock by the number of the location.
#[derive(Clone, Debug)]
struct AnyPart {
    texts: Vec<Option<String>>,
    links: Vec<usize>,
    property: Option<(String, String)>,
    stock: Vec<(usize, i64)>,
}

/// Texts with everything that CSV, paths, lists and spreadsheets treat in a special way.
fn odd_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[=+@'\" ,;>\t\\\\\r\n-]{1,3}",
        "\\PC{1,4}",
        Just("\u{feff}".to_owned()),
        Just("抵抗器 10kΩ".to_owned()),
    ];
    // An empty text is the same as none, and NUL is refused.
    vec(piece, 1..4).prop_map(|pieces| pieces.concat()).prop_filter("a name", |text| !text.trim().is_empty())
}

fn any_part() -> impl Strategy<Value = AnyPart> {
    let texts = vec(proptest::option::of(odd_text()), 12);
    let stock = vec((0..6usize, 0..1000i64), 0..4);
    (texts, vec(0..3usize, 0..3), proptest::option::of((odd_text(), odd_text())), stock)
        .prop_map(|(texts, links, property, stock)| AnyPart { texts, links, property, stock })
}

/// Creates what a case describes. Names that are taken are left out.
async fn fill(inventory: &Inventory, names: &[String], parts: &[AnyPart]) {
    let mut locations: Vec<String> = Vec::new();
    let mut tags = Vec::new();
    let mut projects = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let parent_id = (number % 2 == 1).then(|| locations.last().cloned()).flatten();
        let new = CreateLocation { name: name.clone(), parent_id, ..CreateLocation::default() };
        locations.extend(created(inventory.run(SYSTEM, new).await).map(|location| location.id));
        let new = CreateTag { name: name.clone(), ..CreateTag::default() };
        tags.extend(created(inventory.run(SYSTEM, new).await).map(|tag| tag.id));
        let new = CreateProject { name: name.clone(), ..CreateProject::default() };
        projects.extend(created(inventory.run(SYSTEM, new).await).map(|project| project.id));
    }
    for (number, part) in parts.iter().enumerate() {
        let text = |at: usize| part.texts[at].clone();
        let some = |ids: &[String]| part.links.iter().filter_map(|at| ids.get(*at).cloned()).collect();
        let new = CreatePart {
            name: text(0).unwrap_or_else(|| format!("part {number}")),
            // Shared by all parts that have one.
            number: part.texts[1].as_ref().map(|_| "-number".to_owned()),
            description: text(2),
            manufacturer: text(3),
            manufacturer_part_number: text(4),
            component_type: text(5),
            supplier: text(6),
            supplier_part_number: text(7),
            supplier_url: text(8),
            product_url: text(9),
            image_url: text(10),
            emoji: text(11),
            properties: part
                .property
                .iter()
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect(),
            category_ids: Vec::new(),
            tag_ids: some(&tags),
            project_ids: some(&projects),
            low_stock_limit: i64::try_from(number).ok().filter(|number| number % 2 == 1),
        };
        let Some(created_part) = created(inventory.run(SYSTEM, new).await) else { continue };
        for (at, quantity) in &part.stock {
            let Some(location_id) = locations.get(*at).cloned() else { continue };
            let (part_id, quantity) = (created_part.id.clone(), *quantity);
            let new = CreateAllocation { part_id, location_id, quantity, ..CreateAllocation::default() };
            created(inventory.run(SYSTEM, new).await);
        }
    }
}

fn created<T>(result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(created) => Some(created),
        Err(Error::AlreadyExists { .. } | Error::Invalid { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Returns the cells of an export without the ids, which differ between inventories, and without the mark of a location at the
/// root, which stands only where another location has the same name, be it an empty one.
fn without_ids(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.records().map(|row| {
        let cells = row.unwrap();
        cells.iter().skip(1).map(|cell| cell.strip_prefix("> ").unwrap_or(cell).to_owned()).collect()
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.sort();
    rows
}

async fn round_trip(engine: DbEngine, names: &[String], parts: &[AnyPart]) -> Result<(), String> {
    let from = TestInventory::new(engine).await;
    fill(&from.inventory, names, parts).await;
    let exported = export(&from.inventory).await;
    let import = |inventory: Inventory| {
        let table = read_table(exported.as_bytes(), &Mapping::default()).unwrap();
        async move { inventory.run(SYSTEM, ImportParts { table, options: CREATE_MISSING }).await.unwrap() }
    };
    let unchanged = import(from.inventory.clone()).await;
    if unchanged.unchanged != unchanged.rows.len() as u64 {
        return Err(format!("changed at home: {:?} {unchanged:#?}", actions(&unchanged)));
    }
    let to = TestInventory::new(engine).await;
    let report = import(to.inventory.clone()).await;
    if !report.is_applied {
        return Err(format!("{report:#?}\n{exported}"));
    }
    let again = export(&to.inventory).await;
    if without_ids(&again) != without_ids(&exported) {
        return Err(format!("{exported}\n---\n{again}"));
    }
    Ok(())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_exported_is_imported_as_it_was(
        names in vec(odd_text(), 6),
        parts in vec(any_part(), 1..6),
        on_postgres in proptest::bool::weighted(0.1),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let engine = if on_postgres { DbEngine::Postgres } else { DbEngine::Sqlite };
        prop_assert_eq!(runtime.block_on(round_trip(engine, &names, &parts)), Ok(()));
    }
}
