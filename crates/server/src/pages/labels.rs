//! Labels to print: sheets, true to the millimetre, and tape.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use inventory::Permission;
use inventory::list::MAX_PAGE_SIZE;
use inventory::locations::GetLocationNames;
use inventory::parts::GetListedParts;
use serde::Deserialize;

use super::codes::{Code, Squares, squares};
use super::error::PageError;
use super::frame::{Frame, Section, render};
use super::visitor::Visitor;
use super::words::grouped;
use crate::app::App;
use crate::call::PathId;
use crate::problem::Problem;

/// Returns the routes of this page, and of the links on the labels.
pub(super) fn routes() -> Router<App> {
    let short = |kind: fn(String) -> Code| {
        get(move |PathId(id): PathId| async move {
            let page = Code::parse(&kind(id.clone()).link("")).unwrap_or_else(|| kind(id)).page();
            Redirect::to(&page).into_response()
        })
    };
    Router::new()
        .route("/labels", get(page))
        .route("/P/{id}", short(Code::Part))
        .route("/p/{id}", short(Code::Part))
        .route("/L/{id}", short(Code::Place))
        .route("/l/{id}", short(Code::Place))
}

/// A kind of paper. The lengths are in the style sheet, which centers the labels on the page as their makers do.
struct Sheet {
    key: &'static str,
    name: &'static str,
    columns: usize,
    rows: usize,
}

const SHEETS: [Sheet; 6] = [
    Sheet { key: "a4-48", name: "A4, 48 labels of 45.7 × 21.2 mm (Avery L4736)", columns: 4, rows: 12 },
    Sheet { key: "a4-65", name: "A4, 65 labels of 38.1 × 21.2 mm (Avery L7651)", columns: 5, rows: 13 },
    Sheet { key: "a4-21", name: "A4, 21 labels of 63.5 × 38.1 mm (Avery L7160)", columns: 3, rows: 7 },
    Sheet {
        key: "letter-30",
        name: "Letter, 30 labels of 66.7 × 25.4 mm (Avery 5160)",
        columns: 3,
        rows: 10,
    },
    Sheet { key: "tape-12", name: "Tape, 12 mm, labels of 45 mm", columns: 1, rows: 1 },
    Sheet { key: "tape-24", name: "Tape, 24 mm, labels of 60 mm", columns: 1, rows: 1 },
];

/// What to print.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
struct Query {
    /// The ids of parts.
    id: Vec<String>,
    part: Vec<String>,
    /// The ids of places.
    place: Vec<String>,
    sheet: String,
    /// The first label of the sheet that is not used up, from 1.
    start: usize,
    copies: usize,
    /// What stands on a label: `code`, `number`, `place`, `stock`, `lines` (around the labels).
    show: Vec<String>,
}

impl Default for Query {
    fn default() -> Self {
        let show = ["code", "number", "place"].map(str::to_owned).to_vec();
        Self { id: vec![], part: vec![], place: vec![], sheet: String::new(), start: 1, copies: 1, show }
    }
}

/// The largest number of copies of a label.
const MAX_COPIES: usize = 100;

#[derive(Template)]
#[template(path = "labels.html")]
struct LabelsPage {
    frame: Frame,
    sheets: &'static [Sheet],
    sheet: &'static Sheet,
    query: Query,
    pages: Vec<Vec<Option<Label>>>,
    count: usize,
    options: [(&'static str, &'static str); 5],
}

/// A label.
#[derive(Clone)]
struct Label {
    name: String,
    number: String,
    place: String,
    stock: String,
    code: Option<std::sync::Arc<Squares>>,
}

/// Shows the labels as they will be printed.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = query.unwrap_or_default();
    let mut query: Query = serde_html_form::from_str(&query)
        .map_err(|error| Problem::bad_request(format!("the address cannot be read: {error}")))?;
    let parts = std::mem::take(&mut query.part);
    query.id.extend(parts);
    let most = usize::try_from(MAX_PAGE_SIZE).unwrap_or(usize::MAX);
    query.id.truncate(most);
    query.place.truncate(most);
    query.copies = query.copies.clamp(1, MAX_COPIES);
    let sheet = SHEETS.iter().find(|sheet| sheet.key == query.sheet).unwrap_or(&SHEETS[0]);
    let per_page = sheet.columns * sheet.rows;
    query.start = query.start.clamp(1, per_page);
    let base = base_url(&visitor);
    let mut labels = part_labels(&app, &visitor, &query, &base).await?;
    labels.extend(place_labels(&app, &visitor, &query, &base).await?);
    let labels = labels.into_iter().flat_map(|label| std::iter::repeat_n(label, query.copies));
    let used = std::iter::repeat_n(None, query.start - 1);
    let cells: Vec<Option<Label>> = used.chain(labels.map(Some)).collect();
    Ok(render(&LabelsPage {
        frame: Frame::new(&app, &visitor, Section::Parts, "Print labels").await?,
        count: cells.len() + 1 - query.start,
        pages: cells.chunks(per_page).map(<[_]>::to_vec).collect(),
        sheets: &SHEETS,
        sheet,
        query,
        options: [
            ("code", "QR code"),
            ("number", "Number"),
            ("place", "Place"),
            ("stock", "Stock"),
            ("lines", "Lines to cut along"),
        ],
    }))
}

impl Query {
    fn shows(&self, what: &str) -> bool {
        self.show.iter().any(|shown| shown == what)
    }

    fn code(&self, code: &Code, base: &str) -> Option<std::sync::Arc<Squares>> {
        self.shows("code").then(|| squares(&code.link(base))).flatten().map(std::sync::Arc::new)
    }
}

async fn part_labels(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    base: &str,
) -> Result<Vec<Label>, PageError> {
    if query.id.is_empty() {
        return Ok(Vec::new());
    }
    let listed = app.query(&visitor.caller, GetListedParts(query.id.clone())).await?;
    let label = |listed: inventory::parts::ListedPart| Label {
        place: match &*listed.places {
            [] => String::new(),
            [place] => last_two(&place.path),
            places => format!("{} places", places.len()),
        },
        stock: grouped(listed.quantity),
        code: query.code(&Code::Part(listed.part.id.clone()), base),
        number: listed.part.number.or(listed.part.manufacturer_part_number).unwrap_or_default(),
        name: listed.part.name,
    };
    Ok(listed.into_iter().map(label).collect())
}

async fn place_labels(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    base: &str,
) -> Result<Vec<Label>, PageError> {
    if query.place.is_empty() {
        return Ok(Vec::new());
    }
    visitor.caller.actor.require(Permission::LocationsRead)?;
    let names: HashMap<String, Vec<String>> =
        app.query(&visitor.caller, GetLocationNames(query.place.clone())).await?;
    let known = query.place.iter().filter_map(|id| Some((id, names.get(id)?)));
    let label = |(id, path): (&String, &Vec<String>)| Label {
        name: path.last().cloned().unwrap_or_default(),
        number: String::new(),
        place: path[..path.len().saturating_sub(1)].join(" › "),
        stock: String::new(),
        code: query.code(&Code::Place(id.clone()), base),
    };
    Ok(known.map(label).collect())
}

fn last_two(path: &[String]) -> String {
    path[path.len().saturating_sub(2)..].join(" › ")
}

/// Returns the address of this server, as the browser knows it.
fn base_url(visitor: &Visitor) -> String {
    let scheme = if visitor.caller.origin.is_encrypted { "https" } else { "http" };
    format!("{scheme}://{}", visitor.host)
}
