//! Roles and permissions.

use axum::extract::State;
use axum::response::Response;
use inventory::roles::{CreateRole, DeleteRole, GetRole, ListRoles, Role, RoleFilter, RoleSort, UpdateRole};
use inventory::{Change as Field, Permission, Permissions};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, Params, PathId, Reply, changed};
use crate::problem::Problem;

/// A role: a named set of permissions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleView {
    id: String,
    name: String,
    description: Option<String>,
    /// Unknown permissions, which grant nothing, are shown as well.
    permissions: Vec<String>,
    /// Changes with each change of the role. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        Self {
            permissions: role.permissions.texts().map(str::to_owned).collect(),
            id: role.id,
            name: role.name,
            description: role.description,
            version: role.version,
        }
    }
}

/// The name of a permission, for the API document.
pub(crate) struct PermissionName;

impl PartialSchema for PermissionName {
    fn schema() -> RefOr<Schema> {
        let names = Permission::EVERY.iter().map(|one| one.as_str());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for PermissionName {}

/// All permissions that roles and API keys can grant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionList {
    items: Vec<&'static str>,
}

/// List the permissions that roles and API keys can grant.
#[utoipa::path(get, path = "/permissions", tag = "roles", responses((status = 200, body = PermissionList)))]
pub(crate) async fn permissions(caller: Caller) -> Result<Reply<PermissionList>, Problem> {
    caller.require_signed_in()?;
    Ok(Reply::ok(PermissionList { items: Permission::EVERY.iter().map(|one| one.as_str()).collect() }))
}

/// The filter of the list of roles.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RoleParams {
    /// A text that the name contains.
    q: Option<String>,
}

/// List roles. Sort keys: name.
#[utoipa::path(get, path = "/roles", tag = "roles", params(RoleParams, ListParams),
    responses((status = 200, body = PageOf<RoleView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<RoleParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<RoleView>>, Problem> {
    let filter = RoleFilter { text: params.q.filter(|text| !text.trim().is_empty()) };
    let page = app.query(&caller, ListRoles(list.query(filter, &[("name", RoleSort::Name)])?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a role.
#[utoipa::path(get, path = "/roles/{id}", tag = "roles", params(("id" = String, Path)),
    responses((status = 200, body = RoleView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<RoleView>, Problem> {
    Ok(view(&app.query(&caller, GetRole(id)).await?))
}

fn view(role: &Role) -> Reply<RoleView> {
    Reply::ok(role.clone().into()).version(&role.version)
}

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    /// Unique, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    /// Nobody creates a role with permissions that they do not hold.
    #[schema(value_type = Vec<PermissionName>)]
    #[serde(default)]
    permissions: Vec<String>,
}

/// Create a role.
#[utoipa::path(post, path = "/roles", tag = "roles", request_body = NewRole,
    responses((status = 201, body = RoleView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewRole>) -> Result<Response, Problem> {
    let (new, change) = change.split();
    let permissions = new.permissions.into_iter().collect();
    let command = CreateRole { name: new.name, description: new.description, permissions };
    let reply = |role: &Role| Reply::created(RoleView::from(role.clone())).version(&role.version);
    app.run(&change, command, reply).await
}

/// Changes of a role: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RolePatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    /// Replaces all permissions. Nobody grants or removes permissions that they do not hold.
    #[schema(value_type = Option<Vec<PermissionName>>)]
    permissions: Option<Vec<String>>,
}

/// Change a role. Sessions of the users who hold the role end when its permissions change.
#[utoipa::path(patch, path = "/roles/{id}", tag = "roles", params(("id" = String, Path)), request_body = RolePatch,
    responses((status = 200, body = RoleView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<RolePatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateRole {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        description: Field::from(patch.description),
        permissions: Field::from(patch.permissions.map(Permissions::from_iter)),
    };
    app.run(&change, command, view).await
}

/// Delete a role that no user holds.
#[utoipa::path(delete, path = "/roles/{id}", tag = "roles", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteRole { id, version: change.version.clone() };
    app.run(&change, command, |()| Reply::no_content()).await
}
