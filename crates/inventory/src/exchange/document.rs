//! Exports everything as one JSON document, without anything secret: no hashes, keys or sessions. It is read page by page, so it
//! takes little memory, and a change in the meantime may be in one section and not yet in another; a backup is of one moment.

use serde_json::{Value, json};

use super::parts::{ListExportedParts, StoredQuantity};
use crate::activity_log::{Activity, ListActivity};
use crate::categories::{Category, ListCategories};
use crate::list::{Cursor, ListQuery, MAX_PAGE_SIZE, Page, Paging};
use crate::locations::{ListLocations, Location};
use crate::parts::{Datasheet, Price, datasheets_of_all, prices_of_all};
use crate::projects::{ListProjects, Project};
use crate::roles::{ListRoles, Role};
use crate::stock::{ListMovements, Movement, MovementEnd};
use crate::tags::{ListTags, Tag};
use crate::users::{ListUsers, User};
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
            Section::Roles => ListRoles(self.list()).run(read).await?.map(role),
            Section::Users => ListUsers(self.list()).run(read).await?.map(user),
            Section::Locations => ListLocations(self.list()).run(read).await?.map(location),
            Section::Categories => ListCategories(self.list()).run(read).await?.map(category),
            Section::Tags => ListTags(self.list()).run(read).await?.map(tag),
            Section::Projects => ListProjects(self.list()).run(read).await?.map(project),
            Section::Parts => self.parts(read).await?,
            Section::Movements => ListMovements(self.list()).run(read).await?.map(movement),
            Section::Activity => ListActivity(self.list()).run(read).await?.map(activity),
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
        let part = |exported: &super::ExportedPart| {
            let (part, links) = (&exported.part, &exported.links);
            let ids =
                |things: &[(String, String)]| things.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
            json!({
                "id": part.id,
                "name": part.name,
                "number": part.number,
                "description": part.description,
                "manufacturer": part.manufacturer,
                "manufacturer_part_number": part.manufacturer_part_number,
                "component_type": part.component_type,
                "supplier": part.supplier,
                "supplier_part_number": part.supplier_part_number,
                "supplier_url": part.supplier_url,
                "product_url": part.product_url,
                "image_url": part.image_url,
                "emoji": part.emoji,
                "properties": part.properties,
                "category_ids": links.category_ids,
                "tag_ids": ids(&links.tags),
                "project_ids": ids(&links.projects),
                "low_stock_limit": links.low_stock_limit,
                "stock": links.stock.iter().map(stored).collect::<Vec<_>>(),
                "prices": prices.remove(&part.id).unwrap_or_default().into_iter().map(price).collect::<Vec<_>>(),
                "datasheets": datasheets.remove(&part.id).unwrap_or_default().iter().map(datasheet).collect::<Vec<_>>(),
                "created_at": part.created_at.to_rfc3339(),
                "updated_at": part.updated_at.to_rfc3339(),
            })
        };
        Ok(Page { items: items.iter().map(part).collect(), total, next })
    }
}

fn stored(stored: &StoredQuantity) -> Value {
    let StoredQuantity { location_id, quantity, is_primary, notes } = stored;
    json!({"location_id": location_id, "quantity": quantity, "is_primary": is_primary, "notes": notes})
}

fn price(price: Price) -> Value {
    json!({
        "supplier": price.supplier,
        "unit_price": price.unit_price,
        "currency": price.currency,
        "stock_quantity": price.stock_quantity,
        "pricing_tiers": price.pricing_tiers.0,
        "source": price.source,
        "is_current": price.is_current,
        "valid_from": price.valid_from.to_rfc3339(),
        "valid_until": price.valid_until.map(Timestamp::to_rfc3339),
    })
}

fn datasheet(datasheet: &Datasheet) -> Value {
    json!({
        "id": datasheet.id,
        "filename": datasheet.filename,
        "file_size": datasheet.file_size,
        "title": datasheet.title,
        "supplier": datasheet.supplier,
        "url": datasheet.url,
        "is_primary": datasheet.is_primary,
        "created_at": datasheet.created_at.to_rfc3339(),
    })
}

fn role(role: Role) -> Value {
    let permissions: Vec<&str> = role.permissions.texts().collect();
    json!({"id": role.id, "name": role.name, "description": role.description, "permissions": permissions})
}

fn user(user: User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_active": user.is_active,
        "role_ids": user.roles.iter().map(|role| role.id.as_str()).collect::<Vec<_>>(),
        "created_at": user.created_at.to_rfc3339(),
        "last_login": user.last_login.map(Timestamp::to_rfc3339),
    })
}

fn location(location: Location) -> Value {
    json!({
        "id": location.id,
        "name": location.name,
        "description": location.description,
        "parent_id": location.parent_id,
        "location_type": location.location_type,
        "image_url": location.image_url,
        "emoji": location.emoji,
        "is_mobile": location.is_mobile,
        "capacity": location.capacity,
        "is_slot": location.is_slot,
        "slot_number": location.slot_number,
    })
}

fn category(category: Category) -> Value {
    let Category { id, name, description, parent_id, .. } = category;
    json!({"id": id, "name": name, "description": description, "parent_id": parent_id})
}

fn tag(tag: Tag) -> Value {
    json!({
        "id": tag.id,
        "name": tag.name,
        "color": tag.color,
        "description": tag.description,
        "icon": tag.icon,
        "created_at": tag.created_at.to_rfc3339(),
    })
}

fn project(project: Project) -> Value {
    json!({
        "id": project.id,
        "name": project.name,
        "slug": project.slug,
        "description": project.description,
        "status": project.status,
        "image_url": project.image_url,
        "links": project.links,
        "created_at": project.created_at.to_rfc3339(),
        "updated_at": project.updated_at.to_rfc3339(),
    })
}

fn movement(movement: Movement) -> Value {
    let end = |end: Option<MovementEnd>| {
        end.map(|end| json!({"location_id": end.location_id, "before": end.before, "after": end.after}))
    };
    json!({
        "id": movement.id,
        "number": movement.number,
        "part_id": movement.part_id,
        "kind": movement.kind.as_str(),
        "quantity": movement.quantity,
        "from": end(movement.from),
        "to": end(movement.to),
        "reason": movement.reason,
        "username": movement.username,
        "moved_at": movement.moved_at.to_rfc3339(),
        "undoes": movement.undoes,
    })
}

fn activity(activity: Activity) -> Value {
    json!({
        "id": activity.id,
        "action": activity.action,
        "entity_type": activity.entity_type,
        "entity_id": activity.entity_id,
        "entity_name": activity.entity_name,
        "username": activity.username,
        "timestamp": activity.timestamp.to_rfc3339(),
        "details": activity.details.0,
    })
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
