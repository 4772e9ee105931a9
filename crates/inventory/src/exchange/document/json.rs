//! The things of the document as JSON. What is not named here is not exported.

use serde_json::{Value, json};

use crate::Timestamp;
use crate::activity_log::Activity;
use crate::categories::Category;
use crate::exchange::parts::{ExportedPart, StoredQuantity};
use crate::locations::Location;
use crate::parts::{Datasheet, Price};
use crate::projects::Project;
use crate::roles::Role;
use crate::stock::{Movement, MovementEnd};
use crate::tags::Tag;
use crate::users::User;

pub(super) fn part(exported: &ExportedPart, prices: Vec<Price>, datasheets: &[Datasheet]) -> Value {
    let ExportedPart { part, links } = exported;
    let ids = |things: &[(String, String)]| things.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
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
        "prices": prices.into_iter().map(price).collect::<Vec<_>>(),
        "datasheets": datasheets.iter().map(datasheet).collect::<Vec<_>>(),
        "created_at": part.created_at.to_rfc3339(),
        "updated_at": part.updated_at.to_rfc3339(),
    })
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

pub(super) fn role(role: Role) -> Value {
    let permissions: Vec<&str> = role.permissions.texts().collect();
    json!({"id": role.id, "name": role.name, "description": role.description, "permissions": permissions})
}

pub(super) fn user(user: User) -> Value {
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

pub(super) fn location(location: Location) -> Value {
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

pub(super) fn category(category: Category) -> Value {
    let Category { id, name, description, parent_id, .. } = category;
    json!({"id": id, "name": name, "description": description, "parent_id": parent_id})
}

pub(super) fn tag(tag: Tag) -> Value {
    json!({
        "id": tag.id,
        "name": tag.name,
        "color": tag.color,
        "description": tag.description,
        "icon": tag.icon,
        "created_at": tag.created_at.to_rfc3339(),
    })
}

pub(super) fn project(project: Project) -> Value {
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

pub(super) fn movement(movement: Movement) -> Value {
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

pub(super) fn activity(activity: Activity) -> Value {
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
