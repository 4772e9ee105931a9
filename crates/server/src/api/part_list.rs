//! The list of parts, and the search in it.

use axum::extract::State;
use inventory::list::{ListQuery, Page, PageNumber, Paging};
use inventory::parts::{GetStockedParts, ListParts, PartFilter, PartSort, StockedPart};
use inventory::{FieldError, Permission};
use search::{Filters, Note, Query, Request, Sort};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::parts::PartView;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{ListParams, PageOf, Params, Reply};
use crate::problem::Problem;

/// The filter of the list of parts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PartParams {
    /// A text to search for: words, "phrases", `field:value`, `stock<10`, and `-` for what must not match.
    pub(crate) q: Option<String>,
    /// The exact name of the supplier.
    pub(crate) supplier: Option<String>,
    /// The exact name of the manufacturer.
    pub(crate) manufacturer: Option<String>,
    /// The id of a category: the part is in it, or in one below it.
    pub(crate) category_id: Option<String>,
    /// The id of a location: the part is there, or in one below it.
    pub(crate) location_id: Option<String>,
    /// The id of a tag of the part.
    pub(crate) tag_id: Option<String>,
    /// The id of a project that uses the part.
    pub(crate) project_id: Option<String>,
    /// The largest total quantity.
    pub(crate) max_quantity: Option<i64>,
    /// Whether to list only parts whose total quantity is below their low-stock limit.
    #[serde(default)]
    pub(crate) low_stock: bool,
}

/// A page of parts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartPage {
    #[serde(flatten)]
    page: PageOf<PartView>,
    /// What the search has to say. Absent without a search text.
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<SearchView>,
}

/// What a search has to say.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct SearchView {
    /// Whether the search index is catching up. Then only names, numbers and descriptions were searched for the text as a whole.
    pub(crate) is_catching_up: bool,
    /// What was not understood, for a person.
    pub(crate) notes: Vec<String>,
    /// If nothing was found: mistyped words, and words that occur.
    pub(crate) suggestions: Vec<SuggestionView>,
}

/// A word that does not occur, and words that do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestionView {
    pub(crate) word: String,
    pub(crate) instead: Vec<String>,
}

/// The sort keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Key {
    #[default]
    Default,
    Relevance,
    By(PartSort),
}

const SORT: &[(&str, Key)] = &[
    ("name", Key::By(PartSort::Name)),
    ("number", Key::By(PartSort::Number)),
    ("quantity", Key::By(PartSort::Quantity)),
    ("created_at", Key::By(PartSort::CreatedAt)),
    ("relevance", Key::Relevance),
];

/// List and search parts. Sort keys: name, number, quantity, created_at, and relevance, the default of a search.
#[utoipa::path(get, path = "/parts", tag = "parts", params(PartParams, ListParams),
    responses((status = 200, body = PartPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<PartParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PartPage>, Problem> {
    let (page, search) = find(&app, &caller, &params, &list).await?;
    let search = params.text().map(|_| search);
    Ok(Reply::ok(PartPage { page: PageOf::new(page, &list), search }))
}

/// Finds a page of parts: in the search index, or in the database while the index is catching up or does not have what is needed.
pub(crate) async fn find(
    app: &App,
    caller: &Caller,
    params: &PartParams,
    list: &ListParams,
) -> Result<(Page<StockedPart>, SearchView), Problem> {
    caller.actor.require(Permission::PartsRead)?;
    let text = params.text();
    let query = list.query((), SORT)?;
    let (indexed, search) = match request(params, text.as_deref(), &query)? {
        Some(request) => search_index(app, caller, request).await?,
        None => (None, SearchView::default()),
    };
    let page = match indexed {
        Some(page) => page,
        None => app.query(caller, ListParts(from_database(params, text, query))).await?,
    };
    Ok((page, search))
}

impl PartParams {
    /// Returns the text to search for.
    pub(super) fn text(&self) -> Option<String> {
        self.q.clone().filter(|text| !text.trim().is_empty())
    }
}

/// Returns the query for the first page of a list with a sort key.
pub(super) fn sorted(sort: Option<String>, page_size: u64) -> Result<ListQuery<(), Key>, Problem> {
    ListParams::sorted(sort, page_size).query((), SORT)
}

/// Returns the request for the search index, or `None` if the index does not have what the list needs.
pub(super) fn request(
    params: &PartParams,
    text: Option<&str>,
    list: &ListQuery<(), Key>,
) -> Result<Option<Request>, Problem> {
    let Paging::Number(page) = list.paging else { return Ok(None) };
    // Few parts belong to one project, so the database finds them fast.
    if params.project_id.is_some() {
        return Ok(None);
    }
    let invalid = page.problems();
    if !invalid.is_empty() {
        return Err(Problem::invalid(invalid.into_iter().map(FieldError::into).collect()));
    }
    let sort = match list.sort {
        Key::Relevance => Sort::Relevance,
        Key::Default if text.is_some() => Sort::Relevance,
        Key::Default | Key::By(PartSort::Name) => Sort::Name,
        Key::By(PartSort::Number) => Sort::Number,
        Key::By(PartSort::Quantity) => Sort::Stock,
        Key::By(PartSort::CreatedAt) => Sort::CreatedAt,
    };
    let PageNumber { number, size } = page;
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Some(Request {
        query: Query::parse(text.unwrap_or_default()),
        filters: Filters {
            category: params.category_id.clone(),
            location: params.location_id.clone(),
            supplier: params.supplier.clone(),
            manufacturer: params.manufacturer.clone(),
            max_stock: params.max_quantity,
            tag: params.tag_id.clone(),
            only_low: params.low_stock,
        },
        sort,
        descending: list.descending,
        page: whole(number),
        page_size: whole(size),
    }))
}

/// Searches the index. Returns no page if the index is catching up.
async fn search_index(
    app: &App,
    caller: &Caller,
    request: Request,
) -> Result<(Option<Page<StockedPart>>, SearchView), Problem> {
    let notes = request.query.notes().iter().map(explained).collect();
    let view = SearchView { notes, ..SearchView::default() };
    let inventory = app.inventory().await?;
    let Some(found) = app.search.search(&inventory, request).await else {
        return Ok((None, SearchView { is_catching_up: true, ..view }));
    };
    let items = app.query(caller, GetStockedParts(found.results.ids)).await?;
    let page = Page { items, total: Some(found.results.total as u64), next: None };
    let suggestions = found.suggestions.into_iter();
    let suggestions =
        suggestions.map(|found| SuggestionView { word: found.word, instead: found.instead }).collect();
    Ok((Some(page), SearchView { suggestions, ..view }))
}

/// Explains a note about a query.
fn explained(note: &Note) -> String {
    match note {
        Note::UnknownField(field) => {
            format!(
                "there is no field {field:?}, so it was searched for as words; a property is searched for with ="
            )
        }
        Note::NoNumber(text) => format!("{text:?} does not compare the stock with a number"),
        Note::NoValue(field) => format!("{field:?} has no value yet"),
        Note::TooLong => "the text is too long, so its end was not searched for".to_owned(),
    }
}

/// Returns the list query for the database.
pub(super) fn from_database(
    params: &PartParams,
    text: Option<String>,
    list: ListQuery<(), Key>,
) -> ListQuery<PartFilter, PartSort> {
    let filter = PartFilter {
        text,
        supplier: params.supplier.clone(),
        manufacturer: params.manufacturer.clone(),
        category_id: params.category_id.clone(),
        location_id: params.location_id.clone(),
        tag_id: params.tag_id.clone(),
        project_id: params.project_id.clone(),
        max_quantity: params.max_quantity,
        only_low_stock: params.low_stock,
    };
    let sort = match list.sort {
        Key::By(sort) => sort,
        Key::Default | Key::Relevance => PartSort::default(),
    };
    ListQuery { filter, sort, descending: list.descending, paging: list.paging }
}
