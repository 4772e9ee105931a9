//! The history of a part: the movements of its stock, and its changes.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use inventory::Permission;
use inventory::activity_log::{Activity, ActivityFilter, ListActivity};
use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::GetLocationNames;
use inventory::stock::{ListMovements, Movement, MovementEnd, MovementFilter};

use super::activity::changed_fields;
use super::error::PageError;
use super::part::{Drawer, Step};
use super::visitor::Visitor;
use super::words::{When, grouped};
use crate::app::App;

/// The number of places whose names are read at once.
const MAX_NAMES: usize = 500;

/// A movement in the history of stock.
pub(super) struct MovementRow {
    pub(super) step: Step,
    pub(super) after: String,
    pub(super) place: String,
}

/// A change in the history of edits.
pub(super) struct ChangeRow {
    pub(super) what: String,
    pub(super) fields: Vec<(String, String, String)>,
    pub(super) by: String,
    pub(super) when: When,
}

/// The stock over the last movements, as a line in a picture of 600 × 100.
pub(super) struct Chart {
    pub(super) line: String,
    pub(super) area: String,
    pub(super) max: String,
    pub(super) limit: Option<f64>,
}

/// Reads the newest movements of a part, and their number.
pub(super) async fn movements(
    app: &App,
    visitor: &Visitor,
    part: &Drawer,
    size: u64,
) -> Result<(Vec<MovementRow>, Option<Chart>, u64), PageError> {
    let filter = MovementFilter { part_id: Some(part.id.clone()), ..MovementFilter::default() };
    let paging = Paging::Number(PageNumber { number: 1, size });
    let query = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListMovements(query)).await?;
    let names = place_names(app, visitor, &page.items).await?;
    let now = app.ambient.utc();
    let mut total = part.stock.quantity;
    let mut totals = vec![total];
    let mut rows = Vec::new();
    for movement in &page.items {
        let place = where_it_moved(movement, &names);
        rows.push(MovementRow { step: Step::new(movement, now), after: grouped(total), place });
        let change = |end: &Option<MovementEnd>| end.as_ref().map_or(0, |end| end.after - end.before);
        total -= change(&movement.from) + change(&movement.to);
        totals.push(total);
    }
    totals.reverse();
    let chart = (totals.len() > 2).then(|| Chart::new(&totals, part.limit));
    Ok((rows, chart, page.total.unwrap_or_default()))
}

/// Reads the paths of the places of movements, by their ids.
async fn place_names(
    app: &App,
    visitor: &Visitor,
    movements: &[Movement],
) -> Result<HashMap<String, Vec<String>>, PageError> {
    let mut names = HashMap::new();
    if visitor.may(Permission::LocationsRead) {
        let ends = movements.iter().flat_map(|movement| movement.from.iter().chain(&movement.to));
        let ids: BTreeSet<String> = ends.map(|end| end.location_id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        for ids in ids.chunks(MAX_NAMES) {
            names.extend(app.query(&visitor.caller, GetLocationNames(ids.to_vec())).await?);
        }
    }
    Ok(names)
}

/// Returns where stock came from and went to, such as `Cabinet › A1 → Cabinet › A2`.
fn where_it_moved(movement: &Movement, names: &HashMap<String, Vec<String>>) -> String {
    let name = |end: &MovementEnd| {
        let path = names.get(&end.location_id);
        path.map_or("a place that is gone".to_owned(), |path| short(path))
    };
    match (&movement.from, &movement.to) {
        (Some(from), Some(to)) => format!("{} → {}", name(from), name(to)),
        (Some(end), None) | (None, Some(end)) => name(end),
        (None, None) => String::new(),
    }
}

/// Returns the last two names of a path.
fn short(path: &[String]) -> String {
    path[path.len().saturating_sub(2)..].join(" › ")
}

impl Chart {
    fn new(totals: &[i64], limit: Option<i64>) -> Self {
        let max = totals.iter().copied().chain(limit).max().unwrap_or_default().max(1);
        let y = |quantity: i64| 100.0 - quantity.max(0) as f64 / max as f64 * 96.0;
        let step = 600.0 / totals.len() as f64;
        let mut line = String::new();
        for (index, &quantity) in totals.iter().enumerate() {
            let (x, y) = (index as f64 * step, y(quantity));
            // Writing to a text does not fail.
            let _ = if index == 0 { write!(line, "M0 {y:.1}") } else { write!(line, "H{x:.1}V{y:.1}") };
        }
        // The last quantity lasts until now.
        line.push_str("H600");
        let area = format!("{line}V100H0Z");
        Self { line, area, max: grouped(max), limit: limit.map(y) }
    }
}

/// Reads the newest changes of a part, and their number.
pub(super) async fn changes(
    app: &App,
    visitor: &Visitor,
    id: &str,
    size: u64,
) -> Result<(Vec<ChangeRow>, u64), PageError> {
    let filter = ActivityFilter {
        entity_type: Some("part".to_owned()),
        entity_id: Some(id.to_owned()),
        ..ActivityFilter::default()
    };
    let paging = Paging::Number(PageNumber { number: 1, size });
    let query = ListQuery { filter, descending: true, paging, ..ListQuery::default() };
    let page = app.query(&visitor.caller, ListActivity(query)).await?;
    let now = app.ambient.utc();
    let row = |activity: Activity| ChangeRow {
        what: activity.action,
        fields: changed_fields(&activity.details.0),
        by: activity.username.unwrap_or_default(),
        when: When::new(activity.timestamp.0, now),
    };
    Ok((page.items.into_iter().map(row).collect(), page.total.unwrap_or_default()))
}
