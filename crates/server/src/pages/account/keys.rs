//! The API keys of the visitor, for programs that act for the visitor. A key is shown once, when it is created.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{NaiveDate, NaiveTime};
use inventory::api_keys::{
    ApiKey, ApiKeyFilter, CreateApiKey, CreatedApiKey, DeleteApiKey, ListApiKeys, UpdateApiKey,
};
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::{Change, Permission, Timestamp};
use serde::Deserialize;

use super::PAGE;
use crate::app::App;
use crate::call::PathId;
use crate::pages::error::PageError;
use crate::pages::faults::Faults;
use crate::pages::flash::Flash;
use crate::pages::form::{Form, go_to};
use crate::pages::frame::{Frame, Section, render, render_with};
use crate::pages::permissions::{self, Group};
use crate::pages::visitor::Visitor;
use crate::pages::words::{When, counted, given};
use crate::problem::Problem;

/// Returns the routes of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/account/keys/new", get(new).post(create))
        .route("/account/keys/{id}/revoke", post(revoke))
        .route("/account/keys/{id}/delete", post(delete))
}

/// A key, as the page shows it.
pub(super) struct KeyLine {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) permissions: String,
    pub(super) used: Option<When>,
    /// The day on which it expires.
    pub(super) expires: Option<String>,
    pub(super) is_active: bool,
    pub(super) has_expired: bool,
    pub(super) version: String,
}

/// Returns the keys of the visitor; `None` if the visitor may not see keys.
pub(super) async fn own(app: &App, visitor: &Visitor) -> Result<Option<Vec<KeyLine>>, Problem> {
    if !visitor.may(Permission::ApiKeysRead) {
        return Ok(None);
    }
    let filter = ApiKeyFilter { user_id: Some(visitor.user.id.clone()), ..ApiKeyFilter::default() };
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { filter, paging, ..ListQuery::default() };
    let keys = app.query(&visitor.caller, ListApiKeys(query)).await?.items;
    let now = app.ambient.utc();
    let line = |key: ApiKey| KeyLine {
        permissions: match key.permissions.texts().count() as u64 {
            _ if key.permissions.grant(Permission::All) => "everything".to_owned(),
            count => counted(count, "permission"),
        },
        used: key.last_used_at.map(|time| When::new(time.0, now)),
        has_expired: key.expires_at.is_some_and(|time| time.0 <= now),
        expires: key.expires_at.map(|time| time.0.format("%-d %B %Y").to_string()),
        is_active: key.is_active,
        id: key.id,
        name: key.name,
        prefix: key.prefix,
        version: key.version,
    };
    Ok(Some(keys.into_iter().map(line).collect()))
}

/// The fields of the form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct NewKey {
    name: String,
    permission: Vec<String>,
    /// The last day on which the key can be used.
    expires_on: String,
    /// Addresses, separated by blanks or commas.
    addresses: String,
}

#[derive(Template)]
#[template(path = "key-new.html")]
struct NewKeyPage {
    frame: Frame,
    fields: NewKey,
    groups: Vec<Group>,
    faults: Faults,
    form_key: String,
}

#[derive(Template)]
#[template(path = "key-created.html")]
struct CreatedPage {
    frame: Frame,
    created: CreatedApiKey,
}

/// Shows an empty form.
async fn new(State(app): State<App>, visitor: Visitor) -> Result<Response, PageError> {
    visitor.caller.actor.require(Permission::ApiKeysCreate)?;
    show(&app, &visitor, NewKey::default(), Faults::default()).await
}

async fn show(app: &App, visitor: &Visitor, fields: NewKey, faults: Faults) -> Result<Response, PageError> {
    let status = faults.status();
    let page = NewKeyPage {
        frame: Frame::new(app, visitor, Section::Account, "New API key").await?,
        groups: permissions::groups(visitor, &permissions::chosen(&fields.permission)),
        form_key: app.ambient.uuid().to_string(),
        fields,
        faults,
    };
    Ok(render_with(status, &page))
}

/// Creates a key, and shows it.
async fn create(State(app): State<App>, form: Form<NewKey>) -> Result<Response, PageError> {
    let fields = form.fields.clone();
    let command = match command(&fields, &form.visitor.user.id) {
        Ok(command) => command,
        Err(faults) => return show(&app, &form.visitor, fields, faults).await,
    };
    match form.run_for_output(&app, command).await {
        Ok(Some(created)) => {
            let frame = Frame::new(&app, &form.visitor, Section::Account, "The new API key").await?;
            Ok(render(&CreatedPage { frame, created }))
        }
        Ok(None) => Ok(go_to(PAGE, &Flash::new("The key was created before, and is shown only once"))),
        Err(problem) => show(&app, &form.visitor, fields, Faults::of(problem)?).await,
    }
}

fn command(fields: &NewKey, user_id: &str) -> Result<CreateApiKey, Faults> {
    let expires_at = match fields.expires_on.trim() {
        "" => None,
        day => {
            let day = day.parse::<NaiveDate>();
            let day = day.map_err(|_| Faults::in_field("expires_on", "Must be a day, such as 2030-01-31"))?;
            Some(Timestamp(day.and_time(NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default())))
        }
    };
    let addresses = fields.addresses.split([' ', ',', '\n', '\r']).filter(|address| !address.is_empty());
    Ok(CreateApiKey {
        name: fields.name.trim().to_owned(),
        user_id: user_id.to_owned(),
        permissions: permissions::chosen(&fields.permission),
        expires_at,
        allowed_ips: addresses.map(str::to_owned).collect(),
        ..CreateApiKey::default()
    })
}

/// The version of a key.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Version {
    version: String,
}

/// Revokes a key: it stays in the list, and can no longer be used.
async fn revoke(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Version>,
) -> Result<Response, PageError> {
    let version = given(&form.fields.version);
    let command = UpdateApiKey { id, version, is_active: Change::Set(false), ..UpdateApiKey::default() };
    let flash = form.run(&app, command, |key| Flash::new(format!("Revoked {}", key.name))).await?;
    Ok(form.go_on(PAGE, &flash))
}

/// Deletes a key.
async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    form: Form<Version>,
) -> Result<Response, PageError> {
    let command = DeleteApiKey { id, version: given(&form.fields.version) };
    let flash = form.run(&app, command, |()| Flash::new("Deleted the key")).await?;
    Ok(form.go_on(PAGE, &flash))
}
