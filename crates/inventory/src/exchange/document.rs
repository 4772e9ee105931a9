//! Exports everything as one JSON document, without anything secret: no hashes, keys or sessions. It is read page by page, so it
//! takes little memory, and a change in the meantime may be in one section and not yet in another; a backup is of one moment.

mod json;

use serde_json::Value;

use super::parts::{ExportedPart, ListExportedParts};
use crate::activity_log::ListActivity;
use crate::categories::ListCategories;
use crate::list::{Cursor, ListQuery, MAX_PAGE_SIZE, Page, Paging};
use crate::locations::ListLocations;
use crate::parts::{datasheets_of_all, prices_of_all};
use crate::projects::ListProjects;
use crate::roles::ListRoles;
use crate::stock::ListMovements;
use crate::tags::ListTags;
use crate::users::ListUsers;
use crate::{Access, Error, Permission, Query, Read, Timestamp};

/// The name of the format.
const FORMAT: &str = "makermatrix-export";
/// The version of the format. It changes when something is removed or gets another meaning.
const VERSION: u32 = 1;

macro_rules! sections {
    ($($variant:ident $key:literal)*) => {
        /// A section of the document, in which all things are of one kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each is named by its key")]
        pub enum Section {
            $($variant),*
        }

        impl Section {
            /// Every section, in the order of the document.
            pub const EVERY: &[Self] = &[$(Self::$variant),*];

            /// Returns the key in the document.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key),*
                }
            }
        }
    };
}

sections! {
    Roles "roles"
    Users "users"
    Locations "locations"
    Categories "categories"
    Tags "tags"
    Projects "projects"
    Parts "parts"
    Movements "movements"
    Activity "activity"
}

/// Reads a page of a section. Takes the permissions to read users and parts as well, since the document has both.
#[derive(Clone, Debug)]
pub struct ExportSection {
    /// The section.
    pub section: Section,
    /// The cursor of the previous page, or `None` for the first page.
    pub cursor: Option<Cursor>,
}

/// A page of a section.
#[derive(Clone, Debug, PartialEq)]
pub struct SectionPage {
    /// The things.
    pub items: Vec<Value>,
    /// The cursor of the next page, or `None` at the end of the section.
    pub next: Option<Cursor>,
}

impl Query for ExportSection {
    const ACCESS: Access = Access::Permission(Permission::BackupManage);
    type Output = SectionPage;

    async fn run(&self, read: &Read) -> Result<SectionPage, Error> {
        read.actor().require(Permission::UsersRead)?;
        read.actor().require(Permission::PartsRead)?;
        // Whoever may take an archive may read everything else that is in the document.
        let page = match self.section {
            Section::Roles => ListRoles(self.list()).run(read).await?.map(json::role),
            Section::Users => ListUsers(self.list()).run(read).await?.map(json::user),
            Section::Locations => ListLocations(self.list()).run(read).await?.map(json::location),
            Section::Categories => ListCategories(self.list()).run(read).await?.map(json::category),
            Section::Tags => ListTags(self.list()).run(read).await?.map(json::tag),
            Section::Projects => ListProjects(self.list()).run(read).await?.map(json::project),
            Section::Parts => self.parts(read).await?,
            Section::Movements => ListMovements(self.list()).run(read).await?.map(json::movement),
            Section::Activity => ListActivity(self.list()).run(read).await?.map(json::activity),
        };
        Ok(SectionPage { items: page.items, next: page.next })
    }
}

impl ExportSection {
    fn list<F: Default, K: Default>(&self) -> ListQuery<F, K> {
        let paging = Paging::After { cursor: self.cursor.clone(), size: MAX_PAGE_SIZE };
        ListQuery { paging, ..ListQuery::default() }
    }

    async fn parts(&self, read: &Read) -> Result<Page<Value>, Error> {
        let Page { items, total, next } = ListExportedParts(self.list()).run(read).await?;
        let ids: Vec<&str> = items.iter().map(|exported| exported.part.id.as_str()).collect();
        let mut prices = prices_of_all(read, &ids).await?;
        let mut datasheets = datasheets_of_all(read, &ids).await?;
        let part = |exported: &ExportedPart| {
            let id = &exported.part.id;
            let prices = prices.remove(id).unwrap_or_default();
            json::part(exported, prices, &datasheets.remove(id).unwrap_or_default())
        };
        Ok(Page { items: items.iter().map(part).collect(), total, next })
    }
}

/// The position in a document that is being written, piece by piece.
#[derive(Debug)]
pub struct DocumentExport {
    sections: std::slice::Iter<'static, Section>,
    next: Option<ExportSection>,
    exported_at: Timestamp,
}

impl DocumentExport {
    /// Creates the position before the first piece.
    pub fn new(exported_at: Timestamp) -> Self {
        let mut sections = Section::EVERY.iter();
        let next = sections.next().map(|&section| ExportSection { section, cursor: None });
        Self { sections, next, exported_at }
    }

    /// Returns the query for the next page, or `None` at the end of the document.
    pub fn query(&self) -> Option<ExportSection> {
        self.next.clone()
    }

    /// Returns the piece of the document that holds a page, which is the result of [`DocumentExport::query`].
    pub fn piece(&mut self, page: &SectionPage) -> Vec<u8> {
        let Some(ExportSection { section, cursor }) = self.next.take() else { return Vec::new() };
        let mut text = String::new();
        if cursor.is_none() {
            if section == Section::EVERY[0] {
                let at = self.exported_at.to_rfc3339();
                text.push_str(&format!(
                    "{{\"format\":{FORMAT:?},\"version\":{VERSION},\"exported_at\":{at:?}"
                ));
            }
            text.push_str(&format!(",\n{:?}:[", section.key()));
        }
        for (at, item) in page.items.iter().enumerate() {
            text.push_str(if at == 0 && cursor.is_none() { "\n" } else { ",\n" });
            text.push_str(&item.to_string());
        }
        self.next = match &page.next {
            Some(next) => Some(ExportSection { section, cursor: Some(next.clone()) }),
            None => {
                text.push(']');
                self.sections.next().map(|&section| ExportSection { section, cursor: None })
            }
        };
        if self.next.is_none() {
            text.push_str("}\n");
        }
        text.into_bytes()
    }
}
