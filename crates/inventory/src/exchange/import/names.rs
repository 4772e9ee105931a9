//! Finds the locations, categories, tags and projects that cells name, and creates those that are missing.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::categories::CreateCategory;
use crate::db::entity::{locationmodel, projectmodel, tagmodel};
use crate::exchange::paths::Path;
use crate::exchange::places::{Found, PlaceNames, Tree};
use crate::exchange::report::ImportReport;
use crate::locations::{CreateLocation, SINGLE_PART};
use crate::parts::{NamedPlace, Relinked};
use crate::projects::CreateProject;
use crate::tags::{CreateTag, normal_name};
use crate::{Command, Error, Work};

/// Everything that cells may name.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) places: PlaceNames,
    /// The ids of the locations that hold a single part.
    single_part: HashSet<String>,
    /// The ids and names of tags, by name in lower case.
    tags: HashMap<String, (String, String)>,
    /// The ids of projects, by name.
    projects: HashMap<String, String>,
    linked_tags: BTreeSet<String>,
    linked_projects: BTreeSet<String>,
    new_locations: Vec<String>,
    new_categories: Vec<String>,
    new_tags: Vec<String>,
    new_projects: Vec<String>,
}

/// A kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaceKind {
    Location,
    Category,
}

/// What a cell names, or what is wrong with it, for a person.
pub(super) type Lookup<T> = Result<T, String>;

impl Names {
    pub(super) async fn load(work: &Work, places: PlaceNames) -> Result<Self, Error> {
        let db = work.db().await?;
        use locationmodel::{Column, Entity};
        let single_part = Entity::find().select_only().column(Column::Id);
        let single_part = single_part.filter(Column::LocationType.eq(SINGLE_PART)).into_tuple();
        let single_part: Vec<String> = single_part.all(db).await?;
        let tags = tagmodel::Entity::find().all(db).await?.into_iter();
        let projects = projectmodel::Entity::find().all(db).await?.into_iter();
        Ok(Self {
            places,
            single_part: single_part.into_iter().collect(),
            tags: tags.map(|tag| (tag.name_lower, (tag.id, tag.name))).collect(),
            projects: projects.map(|project| (project.name, project.id)).collect(),
            linked_tags: BTreeSet::new(),
            linked_projects: BTreeSet::new(),
            new_locations: Vec::new(),
            new_categories: Vec::new(),
            new_tags: Vec::new(),
            new_projects: Vec::new(),
        })
    }

    /// Returns whether a location holds a single part.
    pub(super) fn is_single_part(&self, location_id: &str) -> bool {
        self.single_part.contains(location_id)
    }

    /// Notes tags and projects whose numbers of parts have changed.
    pub(super) fn note(&mut self, relinked: Relinked) {
        self.linked_tags.extend(relinked.tag_ids);
        self.linked_projects.extend(relinked.project_ids);
    }

    /// Returns the ids of the tags and of the projects whose parts have changed.
    pub(super) fn linked(self) -> (Vec<String>, Vec<String>) {
        (self.linked_tags.into_iter().collect(), self.linked_projects.into_iter().collect())
    }

    /// Adds to the report what was created.
    pub(super) fn report(&self, report: &mut ImportReport) {
        report.created_locations.clone_from(&self.new_locations);
        report.created_categories.clone_from(&self.new_categories);
        report.created_tags.clone_from(&self.new_tags);
        report.created_projects.clone_from(&self.new_projects);
    }

    fn tree(&mut self, kind: PlaceKind) -> &mut Tree {
        match kind {
            PlaceKind::Location => &mut self.places.locations,
            PlaceKind::Category => &mut self.places.categories,
        }
    }

    /// Finds a place.
    pub(super) async fn place(
        &mut self,
        work: &mut Work,
        kind: PlaceKind,
        path: &Path,
        create: bool,
    ) -> Result<Lookup<String>, Error> {
        let noun = kind.noun();
        match self.tree(kind).find(path) {
            Found::Place(id) => Ok(Ok(id)),
            Found::Ambiguous(candidates) => {
                Ok(Err(format!("names several {}: {}", noun.1, candidates.join(", "))))
            }
            Found::Missing { names, .. } if !create => {
                Ok(Err(format!("there is no {} {:?}", noun.0, names[0])))
            }
            Found::Missing { mut parent_id, names } => {
                for name in names {
                    match self.create_place(work, kind, name, parent_id.take()).await? {
                        Ok(id) => parent_id = Some(id),
                        Err(problem) => return Ok(Err(problem)),
                    }
                }
                Ok(parent_id.ok_or_else(|| format!("there is no {}", noun.0)))
            }
        }
    }

    async fn create_place(
        &mut self,
        work: &mut Work,
        kind: PlaceKind,
        name: String,
        parent_id: Option<String>,
    ) -> Result<Lookup<String>, Error> {
        let place = NamedPlace { name: name.clone(), parent_id: parent_id.clone() };
        let created = match kind {
            PlaceKind::Location => {
                let new = CreateLocation { name, parent_id, ..CreateLocation::default() };
                attempt(work, &new).await?.map(|location| location.id)
            }
            PlaceKind::Category => {
                let new = CreateCategory { name, parent_id, description: None };
                attempt(work, &new).await?.map(|category| category.id)
            }
        };
        if let Ok(id) = &created {
            let tree = self.tree(kind);
            tree.add(id.clone(), place);
            let path = tree.text(id);
            match kind {
                PlaceKind::Location => self.new_locations.push(path),
                PlaceKind::Category => self.new_categories.push(path),
            }
        }
        Ok(created)
    }

    /// Finds a tag. Returns its id and its name.
    pub(super) async fn tag(
        &mut self,
        work: &mut Work,
        name: &str,
        create: bool,
    ) -> Result<Lookup<(String, String)>, Error> {
        let normal = normal_name(name).to_lowercase();
        if let Some(tag) = self.tags.get(&name.to_lowercase()).or_else(|| self.tags.get(&normal)) {
            return Ok(Ok(tag.clone()));
        }
        if !create {
            return Ok(Err(format!("there is no tag {name:?}")));
        }
        let new = CreateTag { name: name.to_owned(), ..CreateTag::default() };
        let created = attempt(work, &new).await?.map(|tag| (tag.id, tag.name));
        if let Ok(tag) = &created {
            self.tags.insert(tag.1.to_lowercase(), tag.clone());
            self.new_tags.push(tag.1.clone());
        }
        Ok(created)
    }

    /// Finds a project. Returns its id.
    pub(super) async fn project(
        &mut self,
        work: &mut Work,
        name: &str,
        create: bool,
    ) -> Result<Lookup<String>, Error> {
        if let Some(id) = self.projects.get(name) {
            return Ok(Ok(id.clone()));
        }
        if !create {
            return Ok(Err(format!("there is no project {name:?}")));
        }
        let new = CreateProject { name: name.to_owned(), ..CreateProject::default() };
        let created = attempt(work, &new).await?.map(|project| project.id);
        if let Ok(id) = &created {
            self.projects.insert(name.to_owned(), id.clone());
            self.new_projects.push(name.to_owned());
        }
        Ok(created)
    }
}

impl PlaceKind {
    /// Returns the noun, in the singular and in the plural.
    fn noun(self) -> (&'static str, &'static str) {
        match self {
            Self::Location => ("location", "locations"),
            Self::Category => ("category", "categories"),
        }
    }
}

/// Runs a command. What it refuses is no error, but the message.
async fn attempt<C: Command>(work: &mut Work, command: &C) -> Result<Lookup<C::Output>, Error> {
    work.savepoint().await?;
    let result = work.call(command).await;
    Ok(work.settle(result).await?.map_err(|error| error.to_string()))
}
