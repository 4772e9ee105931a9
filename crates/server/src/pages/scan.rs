//! Scanning: a part, how many, a place. A hand scanner types what it reads, and a phone reads it with its camera.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use inventory::Error;
use inventory::locations::GetLocation;
use inventory::parts::{FindPartByName, FindPartByNumber, GetListedParts, GetPart, Part};
use inventory::stock::{AddStock, TransferStock};
use serde::Deserialize;

use super::address::Address;
use super::codes::Code;
use super::error::PageError;
use super::flash::{Flash, Undo};
use super::form::Form;
use super::frame::{Frame, Section, encoded, render};
use super::listed::{Picture, Place, Stock};
use super::outline::Kind;
use super::picker::choose;
use super::visitor::Visitor;
use super::words::{grouped, whole_number};
use crate::app::App;
use crate::problem::Problem;

/// Returns the routes of this page.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/scan", get(page)).route("/scan/put", post(put))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScanQuery {
    /// What was scanned or typed.
    code: String,
    /// The id of the part that was found before.
    part: String,
}

#[derive(Template)]
#[template(path = "scan.html")]
struct ScanPage {
    frame: Frame,
    found: Option<FoundPart>,
    /// What was scanned, if nothing fits.
    unknown: Option<String>,
    form_key: String,
}

/// The part that was found.
struct FoundPart {
    id: String,
    name: String,
    number: String,
    picture: Picture,
    stock: Stock,
    places: Vec<Place>,
}

/// Shows what was scanned. A place leads to its page.
async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ScanQuery>,
) -> Result<Response, PageError> {
    let code = query.code.trim();
    let mut id = Some(query.part.clone()).filter(|id| !id.is_empty());
    let mut unknown = None;
    if !code.is_empty() {
        match find(&app, &visitor, code).await? {
            Some(Code::Part(part)) => {
                let address = Address::parse("/scan").with("part", part);
                return Ok(Redirect::to(&address.to_string()).into_response());
            }
            Some(place @ Code::Place(_)) => return Ok(Redirect::to(&place.page()).into_response()),
            None => (id, unknown) = (None, Some(code.to_owned())),
        }
    }
    let found = match id {
        Some(id) => app.query(&visitor.caller, GetListedParts(vec![id])).await?.into_iter().next(),
        None => None,
    };
    let found = found.map(|listed| FoundPart {
        picture: Picture::of(&listed),
        stock: Stock::new(&listed),
        places: listed.places.iter().map(Place::new).collect(),
        number: listed.part.number.unwrap_or_default(),
        name: listed.part.name,
        id: listed.part.id,
    });
    let frame = Frame::new(&app, &visitor, Section::Scan, "Scan").await?;
    Ok(render(&ScanPage { frame, found, unknown, form_key: app.ambient.uuid().to_string() }))
}

/// Finds what a code refers to: a link of a label, the id, the number or the name of a part, or the name of a place.
async fn find(app: &App, visitor: &Visitor, code: &str) -> Result<Option<Code>, Problem> {
    let inventory = app.inventory().await?;
    let actor = &visitor.caller.actor;
    let exists = |found: Result<(), Error>| match found {
        Ok(()) => Ok(true),
        Err(Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    let by_link = Code::parse(code).unwrap_or_else(|| Code::Part(code.to_owned()));
    let known = match &by_link {
        Code::Part(id) => exists(inventory.query(actor, GetPart(id.clone())).await.map(|_| ()))?,
        Code::Place(id) => exists(inventory.query(actor, GetLocation(id.clone())).await.map(|_| ()))?,
    };
    if known {
        return Ok(Some(by_link));
    }
    let found = |part: Result<Part, Error>| match part {
        Ok(part) => Ok(Some(Code::Part(part.id))),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    if let Some(part) = found(inventory.query(actor, FindPartByNumber(code.to_owned())).await)? {
        return Ok(Some(part));
    }
    if let Some(part) = found(inventory.query(actor, FindPartByName(code.to_owned())).await)? {
        return Ok(Some(part));
    }
    Ok(choose(app, visitor, Kind::Places, code, "").await?.ok().flatten().map(Code::Place))
}

/// Stock of the found part that goes to a scanned place.
#[derive(Debug, Deserialize)]
struct PutForm {
    part: String,
    #[serde(default)]
    quantity: String,
    /// The place, scanned or typed.
    #[serde(default)]
    place: String,
    /// The place from which the stock moves; empty if it is new.
    #[serde(default)]
    from: String,
}

/// Adds stock at a scanned place, or moves it there.
async fn put(State(app): State<App>, form: Form<PutForm>) -> Result<Response, PageError> {
    let PutForm { part, quantity, place, from } = &form.fields;
    let page = format!("/scan?part={}", encoded(part));
    let Some(quantity) = whole_number(quantity).filter(|quantity| *quantity > 0) else {
        return Ok(form.go_on(&page, &Flash::new("Nothing was changed: say how many")));
    };
    let to = match Code::parse(place) {
        Some(Code::Place(id)) => Ok(Some(id)),
        Some(Code::Part(_)) => Err("this is a part, not a place".to_owned()),
        None => choose(&app, &form.visitor, Kind::Places, place, "").await?,
    };
    let to = match to {
        Ok(Some(to)) => to,
        Ok(None) => return Ok(form.go_on(&page, &Flash::new("Nothing was changed: scan a place"))),
        Err(reason) => return Ok(form.go_on(&page, &Flash::new(format!("Nothing was changed: {reason}")))),
    };
    let name = app.query(&form.visitor.caller, GetPart(part.clone())).await?.name;
    let place = app.query(&form.visitor.caller, GetLocation(to.clone())).await?.name;
    let undo = |movement: &inventory::stock::Movement| Undo::Movement {
        part_id: movement.part_id.clone(),
        movement_id: movement.id.clone(),
    };
    let said = |verb: &str| format!("{verb} {} × {name} to {place}", grouped(quantity));
    let flash = if from.is_empty() {
        let command = AddStock { part_id: part.clone(), location_id: to, quantity, reason: None };
        form.run(&app, command, |done| Flash::new(said("Added")).undo(undo(&done.movement))).await
    } else {
        let command = TransferStock {
            part_id: part.clone(),
            from_location_id: from.clone(),
            to_location_id: to,
            quantity,
            notes: None,
            reason: None,
        };
        form.run(&app, command, |done| Flash::new(said("Moved")).undo(undo(&done.movement))).await
    };
    match flash {
        Ok(flash) => Ok(form.go_on("/scan", &flash)),
        Err(problem) if problem.status().is_client_error() => {
            Ok(form.go_on(&page, &Flash::new(format!("Nothing was changed: {}", problem.detail()))))
        }
        Err(problem) => Err(problem.into()),
    }
}
