//! The list of parts, with the open part beside it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use inventory::Permission;
use inventory::list::{PAGE_SIZE, PageNumber};
use inventory::parts::{GetListedParts, ListedPart};

use super::address::Address;
use super::columns::{self, Optional};
use super::error::PageError;
use super::frame::{Frame, Section, encoded, render};
use super::listed::{Mark, Picture, Stock};
use super::part::Drawer;
use super::part_choices::{Choice, all_tags, choices};
use super::part_filters::{Chip, Quick, chips, place_typed, quick};
use super::saved_views::Views;
use super::visitor::Visitor;
use super::words::grouped;
use crate::api::part_list::{PartParams, SearchView, find};
use crate::app::App;
use crate::call::{ListParams, Params};

/// The largest number of rows on a page, to which "show more" leads step by step.
const MAX_ROWS: u64 = 500;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts", get(page))
}

#[derive(Template)]
#[template(path = "parts.html")]
struct PartsPage {
    frame: Frame,
    chosen: Vec<Optional>,
    plain: Vec<(Optional, &'static str)>,
    /// The filters in the address, for the form that adds one.
    kept: Vec<(String, String)>,
    categories: Vec<Choice>,
    /// The ids and names of the tags.
    tags: Vec<(String, String)>,
    params: PartParams,
    export: String,
    may_delete: bool,
    rows: Vec<Row>,
    shown: String,
    is_filtered: bool,
    chips: Vec<Chip>,
    quick: Vec<Quick>,
    columns: Vec<Column>,
    search: SearchView,
    more: Option<(u64, String)>,
    next: Option<String>,
    previous: Option<String>,
    clear: Address,
    drawer: Option<Drawer>,
    views: Views,
    may_change: bool,
}

/// A row of the list.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) number: String,
    pub(super) link: String,
    pub(super) stock: Stock,
    pub(super) picture: Picture,
    pub(super) tags: Vec<String>,
    /// The texts of the chosen columns that show nothing but a text.
    pub(super) texts: Vec<String>,
    pub(super) is_open: bool,
}

/// A column by which the list can be sorted.
struct Column {
    name: &'static str,
    class: &'static str,
    link: Address,
    /// `ascending` or `descending` if the list is sorted by this column.
    sorted: Option<&'static str>,
}

/// Shows the list.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Params(params): Params<PartParams>,
    Params(list): Params<ListParams>,
) -> Result<Response, PageError> {
    let address = Address::parse(&visitor.target);
    if let Some(typed) = address.get("place") {
        return place_typed(&app, &visitor, &address, typed).await;
    }
    let chosen = columns::chosen(&headers);
    let plain = columns::ALL.into_iter().filter(|(column, ..)| chosen.contains(column) && !column.has_cell());
    let plain: Vec<(Optional, &'static str)> = plain.map(|(column, _, name)| (column, name)).collect();
    let now = app.ambient.utc();
    let (page, search) = find(&app, &visitor.caller, &params, &list).await?;
    let total = page.total.unwrap_or_default();
    let ids = page.items.into_iter().map(|stocked| stocked.part.id).collect();
    let listed = app.query(&visitor.caller, GetListedParts(ids)).await?;
    let chips = chips(&app, &visitor, &params, &address).await?;
    let PageNumber { number, size } = PageNumber::from(&list);
    let first = (number - 1) * size;
    let open = address.get("part").map(str::to_owned);
    let drawer = match &open {
        Some(id) => {
            let index = listed.iter().position(|listed| listed.part.id == *id);
            let at = index.map(|index| (first + index as u64 + 1, total));
            let link =
                |index: usize| listed.get(index).map(|next| address.with("part", &next.part.id).to_string());
            let before = index.and_then(|index| index.checked_sub(1)).and_then(link);
            let after = index.and_then(|index| link(index + 1));
            Drawer::load(&app, &visitor, id, &address, at, (before, after)).await?
        }
        None => None,
    };
    let closed = address.without("part");
    let rows = listed.into_iter().enumerate();
    let rows = rows.map(|(index, listed)| {
        let texts = plain.iter().map(|(column, _)| column.text(&listed, now)).collect();
        Row { texts, ..Row::new(listed, &closed, first + index as u64 + 1, open.as_deref()) }
    });
    let rows: Vec<Row> = rows.collect();
    let is_filtered = !chips.is_empty() || params.q.is_some() || params.low_stock;
    let (more, next) = if total <= number * size {
        (None, None)
    } else if size < MAX_ROWS && number == 1 {
        let count = PAGE_SIZE.min(total - size);
        let anchor = rows.last().map(|row| format!("#part-{}", encoded(&row.id))).unwrap_or_default();
        (Some((count, format!("{}{anchor}", closed.with("page_size", size + count)))), None)
    } else {
        (None, Some(closed.with("page", number + 1).to_string()))
    };
    let mut frame = Frame::new(&app, &visitor, Section::Parts, "Parts").await?;
    frame.q = params.q.clone().unwrap_or_default();
    frame.kept = closed
        .query()
        .iter()
        .filter(|(name, _)| !["q", "page", "page_size"].contains(&name.as_str()))
        .cloned()
        .collect();
    let shown = match (&frame.parts, is_filtered) {
        (Some(all), true) => format!("{} of {all}", grouped(total)),
        _ => grouped(total),
    };
    Ok(render(&PartsPage {
        quick: quick(&app, &visitor, &params, &closed).await?,
        columns: sortable(&closed),
        views: Views::load(&app, &visitor, &address).await?,
        previous: (number > 1).then(|| closed.with("page", number - 1).to_string()),
        clear: Address::parse("/parts"),
        may_change: visitor.may(Permission::PartsUpdate),
        may_delete: visitor.may(Permission::PartsDelete),
        categories: choices(&app, &visitor, params.category_id.as_slice()).await?,
        tags: all_tags(&app, &visitor).await?,
        export: closed.without("page").without("page_size").at("/api/v1/parts/export.csv").to_string(),
        kept: closed.without("page").query().to_vec(),
        chosen,
        plain,
        params,
        frame,
        rows,
        shown,
        is_filtered,
        chips,
        search,
        more,
        next,
        drawer,
    }))
}

impl Row {
    fn new(listed: ListedPart, address: &Address, at: u64, open: Option<&str>) -> Self {
        let id = encoded(&listed.part.id);
        Self {
            link: address.at(&format!("/parts/{id}")).with("at", at).to_string(),
            is_open: open == Some(listed.part.id.as_str()),
            stock: Stock::new(&listed),
            picture: Picture::of(&listed),
            number: listed.part.number.or(listed.part.manufacturer_part_number).unwrap_or_default(),
            name: listed.part.name,
            id: listed.part.id,
            tags: listed.tags,
            texts: Vec::new(),
        }
    }
}

/// Returns the columns, each with the address that sorts by it.
fn sortable(address: &Address) -> Vec<Column> {
    let sort = address.get("sort").unwrap_or(if address.get("q").is_some() { "relevance" } else { "name" });
    let (by, is_descending) = sort.strip_prefix('-').map_or((sort, false), |by| (by, true));
    let base = address.without("page");
    let column = |key: &str, name, class| {
        let is_sorted = by == key;
        let reversed = if is_sorted && !is_descending { "-" } else { "" };
        let sorted = is_sorted.then_some(if is_descending { "descending" } else { "ascending" });
        Column { name, class, link: base.with("sort", format!("{reversed}{key}")), sorted }
    };
    vec![
        column("name", "Name", "name-col"),
        column("number", "Number", "number-col"),
        column("quantity", "Stock", "stock-col"),
    ]
}
