//! Finds and lists projects.

use sea_orm::sea_query::Expr;
use sea_orm::{Condition, EntityTrait, IntoSimpleExpr, QueryFilter, Value};

use super::{Project, describe, describe_one, find};
use crate::db::entity::projectmodel::{Column, Entity, Model};
use crate::list::{self, ListQuery, MAX_SEARCH, Page, SortKey};
use crate::{Access, Error, Fields, Permission, Query, Read};

/// Finds the project with an id.
#[derive(Clone, Debug)]
pub struct GetProject(pub String);

/// Lists projects.
#[derive(Clone, Debug, Default)]
pub struct ListProjects(pub ListQuery<ProjectFilter, ProjectSort>);

/// The filter for projects. Fields that are not set do not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectFilter {
    /// A text that the name or the description contains.
    pub text: Option<String>,
}

/// The sort order of projects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProjectSort {
    /// The name.
    #[default]
    Name,
}

impl Query for GetProject {
    const ACCESS: Access = Access::Permission(Permission::ProjectsRead);
    type Output = Project;

    async fn run(&self, read: &Read) -> Result<Project, Error> {
        describe_one(read, find(read, &self.0).await?).await
    }
}

impl Query for ListProjects {
    const ACCESS: Access = Access::Permission(Permission::ProjectsRead);
    type Output = Page<Project>;

    fn validate(&self, fields: &mut Fields) {
        self.0.validate(fields);
        fields.text("text", self.0.filter.text.as_deref(), MAX_SEARCH);
    }

    async fn run(&self, read: &Read) -> Result<Page<Project>, Error> {
        let mut condition = Condition::all();
        if let Some(text) = &self.0.filter.text {
            let any = [Column::Name, Column::Description].map(|column| list::contains(column, text));
            condition = condition.add(any.into_iter().fold(Condition::any(), Condition::add));
        }
        let page = self.0.fetch(read, Entity::find().filter(condition), Column::Id).await?;
        let Page { items, total, next } = page;
        Ok(Page { items: describe(read, items).await?, total, next })
    }
}

impl SortKey for ProjectSort {
    type Row = Model;

    fn name(self) -> &'static str {
        "name"
    }

    fn expression(self) -> Expr {
        Column::Name.into_simple_expr()
    }

    fn value(self, row: &Model) -> Value {
        row.name.clone().into()
    }

    fn id(row: &Model) -> &str {
        &row.id
    }
}
