//! Categories.

use axum::extract::State;
use axum::response::Response;
use inventory::Change as Field;
use inventory::TreeNode;
use inventory::categories::{
    Category, CategoryDeletion, CategoryFilter, CategorySort, CreateCategory, DeleteCategory, GetCategory,
    GetCategoryPath, GetCategoryTree, ListCategories, PreviewCategoryDeletion, UpdateCategory,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{Change, ListParams, NoBody, PageOf, PageParams, Params, PathId, Reply, changed};
use crate::problem::Problem;

/// A category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryView {
    id: String,
    name: String,
    description: Option<String>,
    parent_id: Option<String>,
    /// The number of parts in the category, without those in categories below it.
    part_count: u64,
    /// Changes with each change of the category. Send it as `If-Match: "version"`.
    version: String,
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        let Category { id, name, description, parent_id, part_count, version } = category;
        Self { id, name, description, parent_id, part_count, version }
    }
}

/// A category in the flattened tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryNode {
    /// The depth, 0 at the root.
    depth: usize,
    #[serde(flatten)]
    category: CategoryView,
}

impl From<TreeNode<Category>> for CategoryNode {
    fn from(node: TreeNode<Category>) -> Self {
        Self { depth: node.depth, category: node.item.into() }
    }
}

/// What the deletion of a category affects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryDeletionView {
    category: CategoryView,
    /// The categories directly below, which move to the parent of the category.
    children: Vec<CategoryView>,
    /// The number of tools in the category.
    tool_count: u64,
}

impl From<CategoryDeletion> for CategoryDeletionView {
    fn from(deletion: CategoryDeletion) -> Self {
        let CategoryDeletion { category, children, tool_count } = deletion;
        let children = children.into_iter().map(Into::into).collect();
        Self { category: category.into(), children, tool_count }
    }
}

/// The filter of the list of categories.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CategoryParams {
    /// A text that the name or the description contains.
    q: Option<String>,
    /// The id of a part in the categories.
    part_id: Option<String>,
}

const SORT: &[(&str, CategorySort)] = &[("name", CategorySort::Name)];

/// List categories. Sort keys: name.
#[utoipa::path(get, path = "/categories", tag = "categories", params(CategoryParams, ListParams),
    responses((status = 200, body = PageOf<CategoryView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<CategoryParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<CategoryView>>, Problem> {
    let text = params.q.filter(|text| !text.trim().is_empty());
    let filter = CategoryFilter { text, part_id: params.part_id };
    let page = app.query(&caller, ListCategories(list.query(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// List the tree of categories: each is followed by those below it, sorted by name.
#[utoipa::path(get, path = "/categories/tree", tag = "categories", params(PageParams),
    responses((status = 200, body = PageOf<CategoryNode>)))]
pub(crate) async fn tree(
    State(app): State<App>,
    caller: Caller,
    Params(list): Params<PageParams>,
) -> Result<Reply<PageOf<CategoryNode>>, Problem> {
    let page = app.query(&caller, GetCategoryTree { page: (&list).into() }).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

/// Show a category.
#[utoipa::path(get, path = "/categories/{id}", tag = "categories", params(("id" = String, Path)),
    responses((status = 200, body = CategoryView), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<CategoryView>, Problem> {
    let category = app.query(&caller, GetCategory(id)).await?;
    let version = category.version.clone();
    Ok(Reply::ok(category.into()).version(&version))
}

/// List a category and those above it, from the root down.
#[utoipa::path(get, path = "/categories/{id}/path", tag = "categories", params(("id" = String, Path)),
    responses((status = 200, body = Vec<CategoryView>), (status = 404, body = Problem)))]
pub(crate) async fn path(
    State(app): State<App>,
    caller: Caller,
    PathId(category_id): PathId,
) -> Result<Reply<Vec<CategoryView>>, Problem> {
    let path = app.query(&caller, GetCategoryPath { category_id }).await?;
    Ok(Reply::ok(path.into_iter().map(Into::into).collect()))
}

/// Show what the deletion of a category affects. Its parts stay.
#[utoipa::path(get, path = "/categories/{id}/deletion", tag = "categories", params(("id" = String, Path)),
    responses((status = 200, body = CategoryDeletionView), (status = 404, body = Problem)))]
pub(crate) async fn deletion(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId,
) -> Result<Reply<CategoryDeletionView>, Problem> {
    Ok(Reply::ok(app.query(&caller, PreviewCategoryDeletion(id)).await?.into()))
}

/// A new category.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCategory {
    /// Unique, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    parent_id: Option<String>,
}

/// Create a category.
#[utoipa::path(post, path = "/categories", tag = "categories", request_body = NewCategory,
    responses((status = 201, body = CategoryView), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn create(State(app): State<App>, change: Change<NewCategory>) -> Result<Response, Problem> {
    let (NewCategory { name, description, parent_id }, change) = change.split();
    let command = CreateCategory { name, description, parent_id };
    let reply =
        |category: &Category| Reply::created(CategoryView::from(category.clone())).version(&category.version);
    app.run(&change, command, reply).await
}

/// Changes of a category: a JSON merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CategoryPatch {
    #[schema(min_length = 1, max_length = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(deserialize_with = "changed")]
    description: Option<Option<String>>,
    /// Null moves the category to the root.
    #[serde(deserialize_with = "changed")]
    parent_id: Option<Option<String>>,
}

/// Change or move a category. Absent fields keep their values.
#[utoipa::path(patch, path = "/categories/{id}", tag = "categories", params(("id" = String, Path)),
    request_body = CategoryPatch,
    responses((status = 200, body = CategoryView), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn update(
    State(app): State<App>,
    PathId(id): PathId,
    change: Change<CategoryPatch>,
) -> Result<Response, Problem> {
    let (patch, change) = change.split();
    let command = UpdateCategory {
        id,
        version: change.version.clone(),
        name: Field::from(patch.name),
        description: Field::from(patch.description),
        parent_id: Field::from(patch.parent_id),
    };
    let reply =
        |category: &Category| Reply::ok(CategoryView::from(category.clone())).version(&category.version);
    app.run(&change, command, reply).await
}

/// The options of a deletion.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CategoryDeletionParams {
    /// Move the categories directly below to the parent of the category. Otherwise they are a conflict.
    #[serde(default)]
    move_children: bool,
}

/// Delete a category. Its parts stay.
#[utoipa::path(delete, path = "/categories/{id}", tag = "categories",
    params(("id" = String, Path), CategoryDeletionParams),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem)))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathId(id): PathId,
    Params(CategoryDeletionParams { move_children }): Params<CategoryDeletionParams>,
    change: Change<NoBody>,
) -> Result<Response, Problem> {
    let command = DeleteCategory { id, version: change.version.clone(), move_children };
    app.run(&change, command, |()| Reply::no_content()).await
}
