//! A part, as the drawer beside the list and its own page show it.

use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::parts::{GetListedParts, GetPartDetails, PartDetails};
use inventory::stock::{ListMovements, Movement, MovementFilter};
use inventory::{Error, Permission};
use serde_json::Value;

use super::address::Address;
use super::error::PageError;
use super::frame::encoded;
use super::listed::{Picture, Place, Stock};
use super::visitor::Visitor;
use super::words::{When, grouped, size};
use crate::app::App;

/// The number of movements that the drawer shows.
const LATELY: u64 = 5;

/// A part as the drawer and the page show it.
pub(super) struct Drawer {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: Option<String>,
    pub(super) manufacturer: Option<String>,
    pub(super) mpn: Option<String>,
    pub(super) supplier: Option<String>,
    pub(super) supplier_number: Option<String>,
    pub(super) supplier_url: Option<String>,
    pub(super) description: Option<String>,
    pub(super) categories: Vec<(String, String)>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) projects: Vec<(String, String)>,
    pub(super) picture: Picture,
    pub(super) stock: Stock,
    pub(super) limit: Option<i64>,
    pub(super) places: Vec<Place>,
    pub(super) properties: Vec<(String, String)>,
    pub(super) datasheets: Vec<Sheet>,
    pub(super) lately: Vec<Step>,
    /// The page of the part itself.
    pub(super) page: String,
    /// The list without the drawer.
    pub(super) close: String,
    /// The position in the list, such as `4 of 248`.
    pub(super) position: Option<String>,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
    pub(super) may_change: bool,
    pub(super) may_delete: bool,
    pub(super) may_create: bool,
}

/// A datasheet.
pub(super) struct Sheet {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) link: String,
    pub(super) size: String,
}

/// A movement of stock, as seen from the part.
pub(super) struct Step {
    /// The change of the total, with its sign.
    pub(super) change: String,
    pub(super) what: String,
    pub(super) when: When,
    pub(super) by: String,
}

impl Drawer {
    /// Loads a part. `at` is its position in the list, and the number of parts there; `neighbours` are the addresses of the parts
    /// before and after it. Returns `None` if it does not exist.
    pub(super) async fn load(
        app: &App,
        visitor: &Visitor,
        id: &str,
        list: &Address,
        at: Option<(u64, u64)>,
        neighbours: (Option<String>, Option<String>),
    ) -> Result<Option<Self>, PageError> {
        let inventory = app.inventory().await?;
        let actor = &visitor.caller.actor;
        let details = match inventory.query(actor, GetPartDetails(id.to_owned())).await {
            Err(Error::NotFound { .. }) => return Ok(None),
            found => found?,
        };
        let listed = inventory.query(actor, GetListedParts(vec![id.to_owned()])).await?;
        let Some(listed) = listed.into_iter().next() else { return Ok(None) };
        let filter = MovementFilter { part_id: Some(id.to_owned()), ..MovementFilter::default() };
        let paging = Paging::Number(PageNumber { number: 1, size: LATELY });
        let movements = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
        let movements = inventory.query(actor, ListMovements(movements)).await?;
        let now = app.ambient.utc();
        let lately = movements.items.into_iter().map(|movement| Step::new(&movement, now)).collect();
        let closed = list.without("part").without("at");
        let page = closed.at(&format!("/parts/{}", encoded(id)));
        let page = at.map_or(page.clone(), |(at, _)| page.with("at", at));
        let named = |things: Vec<inventory::parts::Named>| {
            things.into_iter().map(|thing| (thing.id, thing.name)).collect()
        };
        let PartDetails { part, low_stock_limit, categories, tags, projects, datasheets, .. } = details;
        Ok(Some(Self {
            picture: Picture::of(&listed),
            stock: Stock::new(&listed),
            places: listed.places.iter().map(Place::new).collect(),
            limit: low_stock_limit,
            properties: part.properties.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            datasheets: datasheets.into_iter().map(Sheet::from).collect(),
            lately,
            categories: named(categories),
            tags: named(tags),
            projects: named(projects),
            position: at.map(|(at, total)| format!("{} of {}", grouped(at), grouped(total))),
            previous: neighbours.0,
            next: neighbours.1,
            page: page.to_string(),
            close: closed.at("/parts").to_string(),
            may_change: visitor.may(Permission::PartsUpdate),
            may_delete: visitor.may(Permission::PartsDelete),
            may_create: visitor.may(Permission::PartsCreate),
            id: part.id,
            name: part.name,
            number: part.number,
            manufacturer: part.manufacturer,
            mpn: part.manufacturer_part_number,
            supplier: part.supplier,
            supplier_number: part.supplier_part_number,
            supplier_url: part.product_url.or(part.supplier_url).filter(|url| is_web(url)),
            description: part.description,
        }))
    }
}

/// Returns whether an address leads to a web page, and to nothing that would run here.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Returns a property as text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

impl From<inventory::parts::Datasheet> for Sheet {
    fn from(sheet: inventory::parts::Datasheet) -> Self {
        Self {
            id: sheet.id,
            link: format!("/api/v1/files/datasheets/{}", encoded(&sheet.filename)),
            title: sheet.title.unwrap_or(sheet.filename),
            size: sheet.file_size.and_then(|bytes| u64::try_from(bytes).ok()).map(size).unwrap_or_default(),
        }
    }
}

impl Step {
    pub(super) fn new(movement: &Movement, now: chrono::NaiveDateTime) -> Self {
        let change = match (&movement.from, &movement.to) {
            (None, Some(_)) => format!("+{}", grouped(movement.quantity)),
            (Some(_), None) => format!("−{}", grouped(movement.quantity)),
            _ => grouped(movement.quantity),
        };
        let what = movement.reason.clone().unwrap_or_else(|| verb(movement.kind.as_str()).to_owned());
        let by = movement.username.clone().unwrap_or_default();
        Self { change, what, when: When::new(movement.moved_at.0, now), by }
    }
}

fn verb(kind: &str) -> &str {
    match kind {
        "add" => "Added",
        "take" => "Taken",
        "move" => "Moved",
        "count" => "Counted",
        "undo" => "Undone",
        "opening" => "First count",
        "correction" => "Changed by another program",
        other => other,
    }
}
