//! The categories and the tags that a part can have.

use inventory::categories::{Category, GetCategoryTree};
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::tags::{CreateTag, ListTags, Tag, TagFilter};
use inventory::{Permission, TreeNode};

use super::visitor::Visitor;
use super::words::given;
use crate::app::App;
use crate::problem::Problem;

/// A choice of a category.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) depth: usize,
    pub(super) is_chosen: bool,
}

/// Returns the categories that the visitor can choose, in the order of the tree, at most [`MAX_PAGE_SIZE`].
pub(super) async fn choices(app: &App, visitor: &Visitor, chosen: &[String]) -> Result<Vec<Choice>, Problem> {
    if !visitor.may(Permission::CategoriesRead) {
        return Ok(Vec::new());
    }
    let page = PageNumber { number: 1, size: MAX_PAGE_SIZE };
    let tree = app.query(&visitor.caller, GetCategoryTree { page }).await?;
    let choice = |TreeNode { depth, item }: TreeNode<Category>| Choice {
        is_chosen: chosen.contains(&item.id),
        id: item.id,
        name: item.name,
        depth: depth.min(5),
    };
    Ok(tree.items.into_iter().map(choice).collect())
}

/// Returns the tags that the visitor can choose, at most [`MAX_PAGE_SIZE`].
pub(super) async fn all_tags(app: &App, visitor: &Visitor) -> Result<Vec<Tag>, Problem> {
    if !visitor.may(Permission::TagsRead) {
        return Ok(Vec::new());
    }
    tags(app, visitor, TagFilter::default()).await
}

async fn tags(app: &App, visitor: &Visitor, filter: TagFilter) -> Result<Vec<Tag>, Problem> {
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { filter, paging, ..ListQuery::default() };
    Ok(app.query(&visitor.caller, ListTags(query)).await?.items)
}

/// Returns the id of the tag with a name, regardless of case, with or without a `#` before it. A name without a tag becomes a new tag.
pub(super) async fn tag_id(app: &App, visitor: &Visitor, name: &str) -> Result<String, Problem> {
    let name = name.trim().trim_start_matches('#');
    let similar = tags(app, visitor, TagFilter { text: Some(name.to_owned()) }).await?;
    match similar.into_iter().find(|tag| tag.name.to_lowercase() == name.to_lowercase()) {
        Some(tag) => Ok(tag.id),
        None => {
            let new = CreateTag { name: name.to_owned(), ..CreateTag::default() };
            Ok(app.inventory().await?.run(&visitor.caller.actor, new).await?.id)
        }
    }
}

/// Returns the ids of the tags with these names, which are separated by commas.
pub(super) async fn tag_ids(app: &App, visitor: &Visitor, names: &str) -> Result<Vec<String>, Problem> {
    let mut ids = Vec::new();
    for name in names.split(',').filter_map(given) {
        let id = tag_id(app, visitor, &name).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}
