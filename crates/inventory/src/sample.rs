//! A small, complete inventory to try things on: people, keys, categories, locations, parts, stock, and files. Made
//! through the use cases, so it obeys every rule of a real one.

mod files;

use std::path::{Path, PathBuf};

use crate::api_keys::{CreatedApiKey, NewApiKey};
use crate::password::Rounds;
use crate::{
    Account, Actor, Allocation, Category, Error, FileKind, Inventory, Location, NewAllocation, NewCategory,
    NewDatasheet, NewLocation, NewPart, NewRole, NewUser, Part, Role, StaticFiles,
};

const ACTOR: &Actor = &Actor::System;

/// The passwords of the two users, and how strongly they are hashed.
#[derive(Clone)]
pub struct Accounts {
    /// Of `test_admin`.
    pub admin_password: String,
    /// Of `test_user`.
    pub user_password: String,
    /// A few will do where nothing has to be protected.
    pub rounds: Rounds,
}

/// What was made, in the order in which it was made.
#[derive(Clone, Debug)]
pub struct Sample {
    /// `admin` and `user`.
    pub roles: Vec<Role>,
    /// `test_admin` and `test_user`.
    pub users: Vec<Account>,
    /// One for each user.
    pub api_keys: Vec<CreatedApiKey>,
    /// Eight, in two trees.
    pub categories: Vec<Category>,
    /// Ten, in one tree, two of them cassettes.
    pub locations: Vec<Location>,
    /// A resistor, a capacitor, a screw, an IC and an LED.
    pub parts: Vec<Part>,
    /// Four; the resistor lies at two places, the IC and the LED nowhere.
    pub allocations: Vec<Allocation>,
    /// The files of the resistor's and the IC's datasheets.
    pub datasheets: Vec<PathBuf>,
    /// The files of the resistor's and the LED's pictures.
    pub images: Vec<PathBuf>,
}

/// Fills an empty inventory and the folders `datasheets` and `images` below `static_root`.
///
/// # Errors
/// [`Error::AlreadyExists`] when the inventory has something of the same name, [`Error::Io`] when a file cannot be
/// written, [`Error::Invalid`] for a password against the rules.
pub async fn populate(
    inventory: &Inventory,
    static_root: &Path,
    accounts: Accounts,
) -> Result<Sample, Error> {
    let roles = roles(inventory).await?;
    let users = users(inventory, accounts).await?;
    let api_keys = api_keys(inventory, &users).await?;
    let categories = categories(inventory).await?;
    let locations = locations(inventory).await?;
    let mut parts = parts(inventory, &categories).await?;
    let allocations = allocations(inventory, &parts, &locations).await?;
    let files = &StaticFiles::new(static_root);
    let mut datasheets = Vec::new();
    for index in [0, 3] {
        datasheets.push(datasheet(inventory, files, &parts[index]).await?);
    }
    let mut images = Vec::new();
    for index in [0, 4] {
        let (path, part) = image(inventory, files, &parts[index]).await?;
        images.push(path);
        parts[index] = part;
    }
    Ok(Sample { roles, users, api_keys, categories, locations, parts, allocations, datasheets, images })
}

async fn roles(inventory: &Inventory) -> Result<Vec<Role>, Error> {
    let mut roles = Vec::new();
    for (name, description, permissions) in [
        ("admin", "May do everything", &["all"][..]),
        ("user", "May look around", &["parts:read", "locations:read", "categories:read", "tasks:read"]),
    ] {
        let permissions = permissions.iter().map(|&permission| permission.to_owned()).collect();
        let description = Some(description.to_owned());
        roles.push(
            inventory.create_role(ACTOR, NewRole { name: name.to_owned(), description, permissions }).await?,
        );
    }
    Ok(roles)
}

async fn users(inventory: &Inventory, accounts: Accounts) -> Result<Vec<Account>, Error> {
    let mut users = Vec::new();
    for (role, password) in [("admin", accounts.admin_password), ("user", accounts.user_password)] {
        let new = NewUser {
            username: format!("test_{role}"),
            email: format!("{role}@makermatrix.example"),
            password,
            roles: vec![role.to_owned()],
            rounds: accounts.rounds,
            password_change_required: false,
        };
        users.push(inventory.create_user(ACTOR, new).await?);
    }
    Ok(users)
}

async fn api_keys(inventory: &Inventory, users: &[Account]) -> Result<Vec<CreatedApiKey>, Error> {
    let mut keys = Vec::new();
    for account in users {
        let new = NewApiKey {
            name: format!("{} script", account.user.username),
            user_id: account.user.id.clone(),
            roles: account.roles.iter().map(|role| role.name.clone()).collect(),
            ..NewApiKey::default()
        };
        keys.push(inventory.create_api_key(ACTOR, new).await?);
    }
    Ok(keys)
}

async fn categories(inventory: &Inventory) -> Result<Vec<Category>, Error> {
    let mut categories: Vec<Category> = Vec::new();
    for (name, description, parent) in [
        ("Electronics", "What carries current", None),
        ("Resistors", "Fixed and variable", Some(0)),
        ("SMD Resistors", "For soldering onto the board", Some(1)),
        ("Capacitors", "Of any dielectric", Some(0)),
        ("Ceramic Capacitors", "MLCCs", Some(3)),
        ("Hardware", "What holds things together", None),
        ("Fasteners", "What can be undone again", Some(5)),
        ("Screws", "Metric and wood", Some(6)),
    ] {
        let new = NewCategory {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            parent_id: parent.map(|index: usize| categories[index].id.clone()),
        };
        categories.push(inventory.create_category(ACTOR, new).await?);
    }
    Ok(categories)
}

async fn locations(inventory: &Inventory) -> Result<Vec<Location>, Error> {
    let mut locations: Vec<Location> = Vec::new();
    for (name, kind, parent, emoji) in [
        ("Warehouse", "warehouse", None, Some("🏭")),
        ("Rack 1", "shelf", Some(0), None),
        ("Rack 2", "shelf", Some(0), None),
        ("Bin 1-A", "bin", Some(1), None),
        ("Bin 1-B", "bin", Some(1), None),
        ("Bin 2-A", "bin", Some(2), None),
        ("Bench", "workbench", Some(0), Some("🔧")),
        ("Bench drawer", "drawer", Some(6), None),
        ("Reel cassette 1", "cassette", Some(6), Some("📦")),
        ("Reel cassette 2", "cassette", Some(6), Some("📦")),
    ] {
        let is_mobile = kind == "cassette";
        let new = NewLocation {
            name: name.to_owned(),
            parent_id: parent.map(|index: usize| locations[index].id.clone()),
            location_type: kind.to_owned(),
            emoji: emoji.map(str::to_owned),
            is_mobile,
            container_capacity: is_mobile.then_some(5000),
            ..NewLocation::default()
        };
        locations.push(inventory.create_location(ACTOR, new).await?);
    }
    Ok(locations)
}

async fn parts(inventory: &Inventory, categories: &[Category]) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    for (name, number, kind, maker, categories_of, property) in [
        ("Resistor 47 kΩ 0603", "R-0603-47K", "resistor", "Yageo", &[2][..], ("resistance", "47 kΩ")),
        ("Capacitor 4.7 µF 0805", "C-0805-4U7", "capacitor", "Murata", &[4], ("capacitance", "4.7 µF")),
        ("Screw M4 × 16", "S-M4-16", "screw", "Würth", &[7], ("thread", "M4")),
        ("Timer NE555", "IC-NE555", "ic", "Texas Instruments", &[0], ("package", "SOIC-8")),
        ("LED green 3 mm", "LED-3-GN", "led", "Kingbright", &[0], ("wavelength", "568 nm")),
    ] {
        let property = (property.0.to_owned(), serde_json::Value::from(property.1));
        let new = NewPart {
            name: name.to_owned(),
            number: Some(number.to_owned()),
            component_type: Some(kind.to_owned()),
            manufacturer: Some(maker.to_owned()),
            additional_properties: serde_json::Map::from_iter([property]),
            category_ids: categories_of.iter().map(|&index: &usize| categories[index].id.clone()).collect(),
            ..NewPart::default()
        };
        parts.push(inventory.create_part(ACTOR, new).await?);
    }
    Ok(parts)
}

async fn allocations(
    inventory: &Inventory,
    parts: &[Part],
    locations: &[Location],
) -> Result<Vec<Allocation>, Error> {
    let mut allocations = Vec::new();
    for (part, location, quantity, is_primary) in
        [(0, 3, 4800, true), (0, 8, 200, false), (1, 4, 2500, true), (2, 5, 750, true)]
    {
        let (part_id, location_id) = (parts[part].id.clone(), locations[location].id.clone());
        let new = NewAllocation { part_id, location_id, quantity, is_primary, ..NewAllocation::default() };
        allocations.push(inventory.create_allocation(ACTOR, new).await?);
    }
    Ok(allocations)
}

async fn datasheet(inventory: &Inventory, files: &StaticFiles, part: &Part) -> Result<PathBuf, Error> {
    let content = files::pdf(part.part_number.as_deref().unwrap_or("Datasheet"));
    let stored =
        files.store(FileKind::Datasheets, "", "pdf", &mut content.as_slice(), inventory.ambient())?;
    let new = NewDatasheet {
        filename: stored.path.clone(),
        file_size: i64::try_from(stored.size).ok(),
        title: Some(format!("{} datasheet", part.part_name)),
        is_primary: true,
        ..NewDatasheet::default()
    };
    inventory.add_datasheet(ACTOR, &part.id, new).await?;
    files.below(FileKind::Datasheets, &stored.path)
}

async fn image(inventory: &Inventory, files: &StaticFiles, part: &Part) -> Result<(PathBuf, Part), Error> {
    let content = files::png(inventory.ambient().bytes());
    let stored = files.store(FileKind::Images, "", "png", &mut content.as_slice(), inventory.ambient())?;
    let id = stored.path.trim_end_matches(".png");
    let url = format!("/api/utility/get_image/{id}");
    let part = inventory.set_image_url(ACTOR, &part.id, Some(&url)).await?;
    Ok((files.below(FileKind::Images, &stored.path)?, part))
}
