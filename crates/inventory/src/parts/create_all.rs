//! Creates many parts with few statements.

use super::{CreatePart, Relinked};
use crate::db::entity::{mm_low_stock_limit, part_project_link, part_tag_links, partcategorylink, partmodel};
use crate::{Error, Work};

/// A part that does not exist yet, and what is linked to it.
#[derive(Debug)]
pub(crate) struct NewPart {
    row: partmodel::Model,
    categories: Vec<Named>,
    tags: Vec<Named>,
    projects: Vec<Named>,
    low_stock_limit: Option<i64>,
}

/// The id and the name of a category, a tag or a project, which exists.
type Named = (String, String);

impl NewPart {
    /// Prepares the part of a command whose fields are valid. The categories, tags and projects are given with their names. Returns
    /// the row, and the tags and projects whose counts remain to be updated.
    pub(crate) fn new(
        work: &Work,
        command: &CreatePart,
        [categories, tags, projects]: [Vec<Named>; 3],
    ) -> (Self, Relinked) {
        let ids = |things: &[Named]| things.iter().map(|(id, _)| id.clone()).collect();
        let relinked = Relinked { tag_ids: ids(&tags), project_ids: ids(&projects) };
        let (row, low_stock_limit) = (command.row(work), command.low_stock_limit);
        (Self { row, categories, tags, projects, low_stock_limit }, relinked)
    }

    pub(crate) fn row(&self) -> &partmodel::Model {
        &self.row
    }
}

/// Inserts parts and their links. The counts of their tags and projects remain to be updated.
pub(crate) async fn create_all(work: &mut Work, parts: &[NewPart]) -> Result<(), Error> {
    work.insert_all(parts.iter().map(|part| part.row.clone()).collect()).await?;
    let links = each(
        parts,
        |part| &part.categories,
        |part_id, category_id| partcategorylink::Model { part_id, category_id },
    );
    work.link_all("categories", links).await?;
    let (added_at, added_by) = (work.now(), work.actor().username().map(str::to_owned));
    let links = each(
        parts,
        |part| &part.tags,
        |part_id, tag_id| {
            let added_by = added_by.clone();
            part_tag_links::Model { part_id, tag_id, added_at, added_by }
        },
    );
    work.link_all("tags", links).await?;
    let links = each(
        parts,
        |part| &part.projects,
        |part_id, project_id| part_project_link::Model { part_id, project_id, added_at, notes: None },
    );
    work.link_all("projects", links).await?;
    let limits = parts.iter().filter_map(|part| {
        let part_id = part.row.id.clone();
        part.low_stock_limit.map(|quantity| mm_low_stock_limit::Model { part_id, quantity })
    });
    work.insert_all(limits.collect()).await
}

/// Returns the links of parts, each with its owner and the name of what it leads to.
fn each<'a, L>(
    parts: &'a [NewPart],
    things: impl Fn(&'a NewPart) -> &'a Vec<Named>,
    link: impl Fn(String, String) -> L,
) -> Vec<(&'a partmodel::Model, &'a str, L)> {
    let mut links = Vec::new();
    for part in parts {
        for (id, name) in things(part) {
            links.push((&part.row, name.as_str(), link(part.row.id.clone(), id.clone())));
        }
    }
    links
}
