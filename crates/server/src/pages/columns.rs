//! The columns of the list of parts, which each browser chooses for itself.

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use inventory::parts::ListedPart;
use serde::Deserialize;

use super::form::Form;
use super::words::When;
use crate::app::App;
use crate::cookies;

const COOKIE: &str = "makermatrix_columns";

/// A column that can be shown or hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Optional {
    Number,
    Maker,
    MakersNumber,
    Supplier,
    SuppliersNumber,
    Type,
    Place,
    Tags,
    Created,
}

/// All columns, with their keys and their names.
pub(super) const ALL: [(Optional, &str, &str); 9] = [
    (Optional::Number, "number", "Number"),
    (Optional::Maker, "maker", "Maker"),
    (Optional::MakersNumber, "mpn", "Maker’s number"),
    (Optional::Supplier, "supplier", "Supplier"),
    (Optional::SuppliersNumber, "sku", "Supplier’s number"),
    (Optional::Type, "type", "Type"),
    (Optional::Place, "place", "Place"),
    (Optional::Tags, "tags", "Tags"),
    (Optional::Created, "created", "Created"),
];

const DEFAULT: [Optional; 3] = [Optional::Number, Optional::Place, Optional::Tags];

/// Returns the routes of this form.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/parts/columns", post(choose))
}

/// The chosen columns.
#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    column: Vec<String>,
}

async fn choose(form: Form<Choice>) -> Response {
    let known = ALL.iter().filter(|(_, key, _)| form.fields.column.iter().any(|chosen| chosen == key));
    let keys: Vec<&str> = known.map(|(_, key, _)| *key).collect();
    let cookie = cookies::set(COOKIE, &keys.join("."), cookies::YEAR, false);
    ([(header::SET_COOKIE, cookie)], Redirect::to(form.next("/parts"))).into_response()
}

/// Returns the columns that the browser has chosen.
pub(super) fn chosen(headers: &HeaderMap) -> Vec<Optional> {
    let Some(keys) = cookies::value(headers, COOKIE) else { return DEFAULT.to_vec() };
    ALL.iter()
        .filter(|(_, known, _)| keys.split('.').any(|key| key == *known))
        .map(|(column, ..)| *column)
        .collect()
}

impl Optional {
    /// Returns whether the column has a cell of its own, with more than a text.
    pub(super) fn has_cell(self) -> bool {
        matches!(self, Self::Number | Self::Place | Self::Tags)
    }

    /// Returns the text of a column that shows nothing but a text.
    pub(super) fn text(self, listed: &ListedPart, now: chrono::NaiveDateTime) -> String {
        let part = &listed.part;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Self::Maker => text(&part.manufacturer),
            Self::MakersNumber => text(&part.manufacturer_part_number),
            Self::Supplier => text(&part.supplier),
            Self::SuppliersNumber => text(&part.supplier_part_number),
            Self::Type => text(&part.component_type),
            Self::Created => When::new(part.created_at.0, now).text,
            Self::Number | Self::Place | Self::Tags => String::new(),
        }
    }
}
