//! API keys.

use axum::extract::State;
use axum::response::Response;
use chrono::DateTime;
use inventory::api_keys::{
    ApiKey, ApiKeyFilter, ApiKeySort, CreateApiKey, CreatedApiKey, DeleteApiKey, GetApiKey, ListApiKeys,
    UpdateApiKey,
};
use inventory::{Actor, Change as Field, Permissions, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::roles::PermissionName;
use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, Params, PathId, Reply, changed};
use crate::problem::Problem;

/// An API key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKeyView {
    id: String,
    name: String,
    description: Option<String>,
    /// The first characters of the key.
    prefix: String,
    /// The user whom the key acts for.
    user_id: String,
    /// Only those that the user holds take effect.
    permissions: Vec<String>,
    /// The names of the roles whose permissions the key received.
    roles: Vec<String>,
    is_active: bool,
    /// In UTC.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// In UTC. Recorded about once a minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// Recorded about once a minute.
    usage_count: i64,
    /// The addresses that the key may be used from. An empty list allows all addresses.
    allowed_ips: Vec<String>,
    /// Changes with each change of the key, but not with its uses. Send it as `If-Match: "version"`.
    version: String,
    /// The key itself, only in the first response to its creation: it is not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            description: key.description,
            prefix: key.prefix,
            user_id: key.user_id,
            permissions: key.permissions.texts().map(str::to_owned).collect(),
            roles: key.roles,
            is_active: key.is_active,
            expires_at: key.expires_at.map(Timestamp::to_rfc3339),
            created_at: key.created_at.to_rfc3339(),
            last_used_at: key.last_used_at.map(Timestamp::to_rfc3339),
            usage_count: key.usage_count,
            allowed_ips: key.allowed_ips,
            version: key.version,
            key: None,
        }
    }
}

/// The filter of the list of API keys.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApiKeyParams {
    /// A text that the name or the description contains.
    q: Option<String>,
    /// The user whom the keys act for.
    user_id: Option<String>,
    /// Whether the keys are active.
    is_active: Option<bool>,
}

const SORT: &[(&str, ApiKeySort)] = &[("name", ApiKeySort::Name), ("created_at", ApiKeySort::CreatedAt)];

/// List one's own API keys, or with the permission `api_keys:admin` all of them. Sort keys: name, created_at.
#[utoipa::path(get, path = "/api-keys", tag = "api-keys", params(ApiKeyParams, ListParams),
    responses((status = 200, body = PageOf<ApiKeyView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ApiKeyParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<ApiKeyView>>, Problem> {
    let text = params.q.filter(|text| !text.trim().is_empty());
    let filter = ApiKeyFilter { text, user_id: params.user_id, is_active: params.is_active };
    let page = app.query(&caller, ListApiKeys(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show an API key.
#[utoipa::path(get, path = "/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)),
    responses((status = 200, body = ApiKeyView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<ApiKeyView>, Problem> {
    Ok(view(&app.query(&caller, GetApiKey(id)).await?))
}

fn view(key: &ApiKey) -> Reply<ApiKeyView> {
    Reply::ok(key.clone().into()).version(&key.version)
}

/// An IP address, for the API document.
pub(crate) struct IpAddress;

impl PartialSchema for IpAddress {
    fn schema() -> RefOr<Schema> {
        let address = |format: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::Custom(format.to_owned())))
        };
        OneOfBuilder::new().item(address("ipv4")).item(address("ipv6")).into()
    }
}

impl ToSchema for IpAddress {}

/// A new API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    /// 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    /// The user whom the key acts for. Default: the caller. Another user takes the permission `api_keys:admin`.
    user_id: Option<String>,
    /// Nobody creates a key with permissions that they do not hold.
    #[schema(value_type = Vec<PermissionName>)]
    #[serde(default)]
    permissions: Vec<String>,
    /// The names of roles whose permissions are added.
    #[serde(default)]
    #[schema(max_items = 100)]
    roles: Vec<String>,
    /// When the key expires, in the format of RFC 3339. Default: never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The addresses that the key may be used from. An empty list allows all addresses.
    #[serde(default)]
    #[schema(value_type = Vec<IpAddress>, max_items = 100)]
    allowed_ips: Vec<String>,
}

/// Create an API key. The response shows the key once; it is not stored, so the response to a repeated request does not show it.
#[utoipa::path(post, path = "/api-keys", tag = "api-keys", request_body = NewApiKey,
    responses((status = 201, body = ApiKeyView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewApiKey>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let own = match &change.caller.actor {
        Actor::User { id, .. } => id.clone(),
        Actor::System | Actor::Anonymous => String::new(),
    };
    let command = CreateApiKey {
        name: new.name,
        description: new.description,
        user_id: new.user_id.unwrap_or(own),
        permissions: new.permissions.into_iter().collect(),
        roles: new.roles,
        expires_at: new.expires_at.as_deref().map(parse_time).transpose()?,
        allowed_ips: new.allowed_ips,
    };
    let recorded = |created: &CreatedApiKey| {
        let record = &created.record;
        Reply::created(ApiKeyView::from(record.clone())).version(&record.version)
    };
    let reply = |created: &CreatedApiKey| {
        let record = &created.record;
        let view = ApiKeyView { key: Some(created.key.clone()), ..record.clone().into() };
        Reply::created(view).version(&record.version)
    };
    app.run_recording(&change, command, &reply, &recorded).await
}

fn parse_time(text: &str) -> Result<Timestamp, Problem> {
    let time = DateTime::parse_from_rfc3339(text);
    let time =
        time.map_err(|_| Problem::invalid_field("expires_at", "must be a time in the format of RFC 3339"))?;
    Ok(Timestamp(time.naive_utc()))
}

/// Changes of an API key: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ApiKeyPatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    /// `false` revokes the key.
    is_active: Option<bool>,
    /// When the key expires, in the format of RFC 3339; null for never.
    #[serde(deserialize_with = "changed")]
    #[schema(format = DateTime)]
    expires_at: Option<Option<String>>,
    /// Replaces all addresses that the key may be used from.
    #[schema(value_type = Option<Vec<IpAddress>>, max_items = 100)]
    allowed_ips: Option<Vec<String>>,
    /// Replaces all permissions. Nobody grants permissions that they do not hold.
    #[schema(value_type = Option<Vec<PermissionName>>)]
    permissions: Option<Vec<String>>,
    /// The names of roles whose permissions are added.
    #[schema(max_items = 100)]
    roles: Option<Vec<String>>,
}

/// Change an API key: one's own, or with the permission `api_keys:admin` any.
#[utoipa::path(patch, path = "/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)),
    request_body = ApiKeyPatch,
    responses((status = 200, body = ApiKeyView), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<ApiKeyPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let expires_at = match patch.expires_at {
        None => Field::Keep,
        Some(time) => Field::Set(time.as_deref().map(parse_time).transpose()?),
    };
    let command = UpdateApiKey {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        description: Field::from(patch.description),
        is_active: Field::from(patch.is_active),
        expires_at,
        allowed_ips: Field::from(patch.allowed_ips),
        permissions: Field::from(patch.permissions.map(Permissions::from_iter)),
        roles: Field::from(patch.roles),
    };
    app.run(&change, command, view).await
}

/// Delete an API key: one's own, or with the permission `api_keys:admin` any.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteApiKey { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}
