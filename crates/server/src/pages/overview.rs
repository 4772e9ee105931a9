//! The overview: what there is, what is low, what happened lately.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::activity_log::ListLatestActivity;
use inventory::parts::{GetListedParts, InventoryTotals, SumInventory};

use super::activity::Entry;
use super::error::PageError;
use super::frame::{Frame, Section, render};
use super::listed::{Mark, Picture, Place, Stock};
use super::value_chart::ValueHistory;
use super::visitor::Visitor;
use super::words::{amount, counted, grouped};
use crate::api::part_list::{PartParams, find};
use crate::app::App;
use crate::call::ListParams;

/// The number of parts and of changes that the page shows.
const ROWS: u64 = 10;

/// The number of entries of the log that are read, since sign-ins are not shown.
const READ: u64 = 50;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/", get(page)).route("/more", get(more))
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    totals: Option<Totals>,
    history: Option<ValueHistory>,
    low: Vec<LowPart>,
    low_total: u64,
    lately: Vec<Entry>,
}

/// The numbers that matter.
struct Totals {
    is_empty: bool,
    parts: String,
    units: String,
    places: String,
    low: String,
    /// How many parts are out, in words.
    out: String,
    without_place: String,
    /// What it means that they have no place.
    nowhere: &'static str,
    /// The value of the stock with a known price, by currency.
    values: Vec<String>,
    priced: String,
}

/// A part that is low.
struct LowPart {
    id: String,
    name: String,
    picture: Picture,
    stock: Stock,
    limit: String,
    place: Option<Place>,
}

/// Shows the overview.
async fn page(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    let frame = Frame::new(&app, &visitor, Section::Overview, "Overview").await?;
    let (mut totals, mut history, mut low, mut low_total, mut lately) =
        (None, None, Vec::new(), 0, Vec::new());
    if visitor.may(Permission::PartsRead) {
        let sums = match app.search.totals(&app.inventory().await?).await {
            Some(sums) => sums,
            None => app.query(&visitor.caller, SumInventory).await?,
        };
        totals = Some(Totals::new(&sums, &frame));
        history = Some(ValueHistory::new(&app, &visitor, &sums).await?);
        (low, low_total) = low_parts(&app, &visitor).await?;
        let latest = app.query(&visitor.caller, ListLatestActivity(READ)).await?;
        let now = app.ambient.utc();
        let entries = latest.into_iter().map(|activity| Entry::new(activity, now));
        lately = entries.filter(|entry| !entry.is_sign_in()).take(ROWS as usize).collect();
    }
    Ok(render(&OverviewPage { frame, totals, history, low, low_total, lately }))
}

impl Totals {
    fn new(sums: &InventoryTotals, frame: &Frame) -> Self {
        let values = sums.values.iter().map(|(currency, value)| format!("{} {currency}", amount(*value)));
        Self {
            is_empty: sums.parts == 0,
            parts: grouped(sums.parts),
            units: grouped(sums.units),
            places: frame.places.clone().unwrap_or_default(),
            low: grouped(sums.low),
            out: match sums.out {
                0 => "no part is out".to_owned(),
                1 => "1 part is out".to_owned(),
                out => format!("{} are out", counted(out.unsigned_abs(), "part")),
            },
            without_place: grouped(sums.without_place),
            nowhere: if sums.without_place == 0 {
                "every part has its place"
            } else {
                "nobody knows where they are"
            },
            values: values.collect(),
            priced: grouped(sums.priced),
        }
    }
}

/// Returns the parts that are low, the emptiest first, and their number.
async fn low_parts(app: &App, visitor: &Visitor) -> Result<(Vec<LowPart>, u64), PageError> {
    let only_low = PartParams { low_stock: true, ..PartParams::default() };
    let list = ListParams::sorted(Some("quantity".to_owned()), ROWS);
    let (page, _) = find(app, &visitor.caller, &only_low, &list).await?;
    let ids = page.items.into_iter().map(|stocked| stocked.part.id).collect();
    let listed = app.query(&visitor.caller, GetListedParts(ids)).await?;
    let low = listed.into_iter().map(|listed| LowPart {
        picture: Picture::of(&listed),
        stock: Stock::new(&listed),
        limit: listed.low_stock_limit.map(grouped).unwrap_or_default(),
        place: listed.places.first().map(Place::new),
        id: listed.part.id,
        name: listed.part.name,
    });
    Ok((low.collect(), page.total.unwrap_or_default()))
}

#[derive(Template)]
#[template(path = "more.html")]
struct MorePage {
    frame: Frame,
}

/// Shows on a phone what has no tab.
async fn more(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    Ok(render(&MorePage { frame: Frame::new(&app, &visitor, Section::Settings, "More").await? }))
}
