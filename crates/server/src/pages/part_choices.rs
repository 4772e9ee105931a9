//! The categories and the tags that a part can have.

use inventory::categories::{Category, GetCategoryTree};
use inventory::list::{ListQuery, MAX_PAGE_SIZE, PageNumber, Paging};
use inventory::tags::{ListTags, Tag};
use inventory::{Permission, TreeNode};

use super::visitor::Visitor;
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
    let paging = Paging::Number(PageNumber { number: 1, size: MAX_PAGE_SIZE });
    let query = ListQuery { paging, ..ListQuery::default() };
    Ok(app.query(&visitor.caller, ListTags(query)).await?.items)
}
