//! Reads the parts of a list page by page, for an export.

use inventory::exchange::{ExportedPart, GetExportedParts, ListExportedParts};
use inventory::list::{ListQuery, Page, Paging};
use inventory::parts::{PartFilter, PartSort};
use search::Request;

use super::part_list::{PartParams, from_database, request, sorted};
use crate::app::App;
use crate::auth::Caller;
use crate::problem::Problem;

/// The number of parts on a page. Pages wait in memory for slow clients.
const PAGE_SIZE: u64 = 500;

/// The position in a list of parts.
pub(super) struct PartPages {
    app: App,
    caller: Caller,
    /// The next page in the search index. `None` if the database is read, or if there are no more pages.
    search: Option<Request>,
    /// The next page in the database. `None` if there are no more pages.
    database: Option<ListQuery<PartFilter, PartSort>>,
}

impl PartPages {
    /// Begins a list. A search text is searched for in the search index, like in the list of parts, unless it is catching up.
    pub(super) async fn new(
        app: App,
        caller: Caller,
        params: &PartParams,
        sort: Option<String>,
    ) -> Result<Self, Problem> {
        let list = sorted(sort, PAGE_SIZE)?;
        let text = params.text();
        let mut search = match &text {
            Some(text) => request(params, Some(text), &list)?,
            None => None,
        };
        if search.is_some() && !app.search.catch_up(&app.inventory().await?).await.unwrap_or(false) {
            search = None;
        }
        let paging = Paging::After { cursor: None, size: PAGE_SIZE };
        let database = search.is_none().then(|| ListQuery { paging, ..from_database(params, text, list) });
        Ok(Self { app, caller, search, database })
    }

    /// Returns the next page, or `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<ExportedPart>>, Problem> {
        if let Some(list) = self.database.take() {
            let Page { items, next, .. } =
                self.app.query(&self.caller, ListExportedParts(list.clone())).await?;
            let more = |cursor| ListQuery {
                paging: Paging::After { cursor: Some(cursor), size: PAGE_SIZE },
                ..list
            };
            self.database = next.map(more);
            return Ok(Some(items));
        }
        let Some(request) = self.search.take() else { return Ok(None) };
        let inventory = self.app.inventory().await?;
        let found = self.app.search.search(&inventory, request.clone()).await;
        let found = found.ok_or_else(|| Problem::unavailable("the search index is catching up"))?;
        let (page, ids) = (request.page, found.results.ids);
        if page.saturating_mul(request.page_size) < found.results.total {
            self.search = Some(Request { page: page + 1, ..request });
        }
        Ok(Some(self.app.query(&self.caller, GetExportedParts(ids)).await?))
    }
}
