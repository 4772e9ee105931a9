//! Tags. A tag is assigned to a part by changing the part.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::tags::{CreateTag, DeleteTag, GetTag, ListTags, Tag, TagFilter, TagSort, UpdateTag};
use serde::{Deserialize, Serialize};

use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, Params, PathId, Reply, changed};
use crate::problem::Problem;

/// A tag.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TagView {
    id: String,
    name: String,
    /// Such as `#FF5733`.
    color: Option<String>,
    description: Option<String>,
    /// An icon or an emoji.
    icon: Option<String>,
    /// The number of parts with the tag.
    part_count: u64,
    /// In UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// Changes with each change of the tag, but not of its parts. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Tag> for TagView {
    fn from(tag: Tag) -> Self {
        Self {
            id: tag.id,
            name: tag.name,
            color: tag.color,
            description: tag.description,
            icon: tag.icon,
            part_count: tag.part_count,
            created_at: tag.created_at.to_rfc3339(),
            version: tag.version,
        }
    }
}

/// The filter of the list of tags.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagParams {
    /// A text that the name or the description contains.
    q: Option<String>,
}

const SORT: &[(&str, TagSort)] = &[("name", TagSort::Name)];

/// List tags. Sort keys: name.
#[utoipa::path(get, path = "/tags", tag = "tags", params(TagParams, ListParams),
    responses((status = 200, body = PageOf<TagView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<TagParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<TagView>>, Problem> {
    let filter = TagFilter { text: params.q.filter(|text| !text.trim().is_empty()) };
    let page = app.query(&caller, ListTags(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a tag.
#[utoipa::path(get, path = "/tags/{id}", tag = "tags", params(("id" = String, Path)),
    responses((status = 200, body = TagView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<TagView>, Problem> {
    let tag = app.query(&caller, GetTag(id)).await?;
    let version = tag.version.clone();
    Ok(Reply::ok(tag.into()).version(&version))
}

/// A new tag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTag {
    /// Unique regardless of case, 1 to 50 characters. Blanks become `-`.
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    name: String,
    #[schema(pattern = "^#?[0-9A-Fa-f]{6}$")]
    color: Option<String>,
    description: Option<String>,
    #[schema(max_length = 50)]
    icon: Option<String>,
}

/// Create a tag.
#[utoipa::path(post, path = "/tags", tag = "tags", request_body = NewTag,
    responses((status = 201, body = TagView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewTag>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let command =
        CreateTag { name: new.name, color: new.color, description: new.description, icon: new.icon };
    let reply = |tag: &Tag| Reply::created(TagView::from(tag.clone())).version(&tag.version);
    app.run(&change, command, reply).await
}

/// Changes of a tag: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TagPatch {
    #[schema(min_length = 1, max_length = 50, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    #[schema(pattern = "^#?[0-9A-Fa-f]{6}$")]
    color: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    #[serde(deserialize_with = "changed")]
    #[schema(max_length = 50)]
    icon: Option<Option<String>>,
}

/// Change a tag. Absent fields keep their values, and null clears a field.
#[utoipa::path(patch, path = "/tags/{id}", tag = "tags", params(("id" = String, Path)),
    request_body = TagPatch,
    responses((status = 200, body = TagView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<TagPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateTag {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        color: Field::from(patch.color),
        description: Field::from(patch.description),
        icon: Field::from(patch.icon),
    };
    let reply = |tag: &Tag| Reply::ok(TagView::from(tag.clone())).version(&tag.version);
    app.run(&change, command, reply).await
}

/// Delete a tag. Its parts stay.
#[utoipa::path(delete, path = "/tags/{id}", tag = "tags", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteTag { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}
