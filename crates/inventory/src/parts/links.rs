//! The links of a part to categories, tags, and projects.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::db::entity::{part_project_link, part_tag_links, partcategorylink, partmodel};
use crate::{Error, Work, categories, projects, tags};

/// The largest number of categories, of tags, and of projects of a part.
pub(super) const MAX_LINKS: usize = 100;

/// Adds and removes links, so that the part has exactly these categories.
pub(super) async fn set_categories(
    work: &mut Work,
    part: &partmodel::Model,
    ids: &[String],
) -> Result<(), Error> {
    use partcategorylink::{Column, Entity, Model};
    let links = Entity::find().filter(Column::PartId.eq(&part.id)).all(work.db().await?).await?;
    let (removed, added) = difference(links, |link| &link.category_id, ids);
    for link in removed {
        let category = categories::find(work, &link.category_id).await?;
        work.unlink(part, "categories", &category.name, link).await?;
    }
    for category in categories::find_all(work, &added).await? {
        let link = Model { part_id: part.id.clone(), category_id: category.id };
        work.link(part, "categories", &category.name, link).await?;
    }
    Ok(())
}

/// The tags and projects whose numbers of parts have changed.
#[derive(Debug, Default)]
pub(crate) struct Relinked {
    pub(crate) tag_ids: Vec<String>,
    pub(crate) project_ids: Vec<String>,
}

impl Relinked {
    /// Updates the counts that the original stores with tags and projects.
    pub(super) async fn recount(self, work: &mut Work) -> Result<(), Error> {
        if !self.tag_ids.is_empty() {
            tags::recount(work, &self.tag_ids).await?;
        }
        if !self.project_ids.is_empty() {
            projects::recount(work, &self.project_ids).await?;
        }
        Ok(())
    }
}

/// Adds and removes links, so that the part has exactly these tags. Returns the ids of the tags that were added or removed.
pub(super) async fn set_tags(
    work: &mut Work,
    part: &partmodel::Model,
    ids: &[String],
) -> Result<Vec<String>, Error> {
    use part_tag_links::{Column, Entity, Model};
    let links = Entity::find().filter(Column::PartId.eq(&part.id)).all(work.db().await?).await?;
    let (removed, added) = difference(links, |link| &link.tag_id, ids);
    let mut changed = added.clone();
    changed.extend(removed.iter().map(|link| link.tag_id.clone()));
    let gone: Vec<String> = removed.iter().map(|link| link.tag_id.clone()).collect();
    for (tag, link) in tags::find_all(work, &gone).await?.iter().zip(removed) {
        work.unlink(part, "tags", &tag.name, link).await?;
    }
    let added_by = work.actor().username().map(str::to_owned);
    for tag in tags::find_all(work, &added).await? {
        let (part_id, added_at, added_by) = (part.id.clone(), work.now(), added_by.clone());
        work.link(part, "tags", &tag.name, Model { part_id, tag_id: tag.id, added_at, added_by }).await?;
    }
    Ok(changed)
}

/// Adds and removes links, so that the part is in exactly these projects. Returns the ids of the projects that it joined or left.
pub(super) async fn set_projects(
    work: &mut Work,
    part: &partmodel::Model,
    ids: &[String],
) -> Result<Vec<String>, Error> {
    use part_project_link::{Column, Entity, Model};
    let links = Entity::find().filter(Column::PartId.eq(&part.id)).all(work.db().await?).await?;
    let (removed, added) = difference(links, |link| &link.project_id, ids);
    let mut changed = added.clone();
    changed.extend(removed.iter().map(|link| link.project_id.clone()));
    let gone: Vec<String> = removed.iter().map(|link| link.project_id.clone()).collect();
    for (project, link) in projects::find_all(work, &gone).await?.iter().zip(removed) {
        work.unlink(part, "projects", &project.name, link).await?;
    }
    for project in projects::find_all(work, &added).await? {
        let (part_id, added_at) = (part.id.clone(), work.now());
        let link = Model { part_id, project_id: project.id, added_at, notes: None };
        work.link(part, "projects", &project.name, link).await?;
    }
    Ok(changed)
}

/// Returns the links that are not wanted, and the wanted ids without a link.
fn difference<L>(links: Vec<L>, id_of: impl Fn(&L) -> &String, wanted: &[String]) -> (Vec<L>, Vec<String>) {
    let mut missing: Vec<String> = wanted.to_vec();
    missing.sort();
    missing.dedup();
    missing.retain(|id| !links.iter().any(|link| id_of(link) == id));
    let unwanted = links.into_iter().filter(|link| !wanted.contains(id_of(link))).collect();
    (unwanted, missing)
}
