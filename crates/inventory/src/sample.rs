//! A small sample inventory with users, keys, categories, locations, parts, stock and files. It is created through the use
//! cases, so it follows all rules.

use std::path::{Path, PathBuf};

use crate::api_keys::{CreateApiKey, CreatedApiKey};
use crate::categories::{Category, CreateCategory};
use crate::locations::{CreateLocation, Location};
use crate::parts::{AddDatasheet, CreatePart, Part, SetPartImage};
use crate::roles::{CreateRole, FindRoleByName, Role};
use crate::stock::{Allocation, CreateAllocation};
use crate::users::{CreateUser, User};
use crate::{Actor, Error, FileKind, Inventory, Permission, StaticFiles};

const ACTOR: &Actor = &Actor::System;

/// The datasheet of the sample parts. Like the images, it was made for this project.
const DATASHEET: &[u8] = include_bytes!("../assets/datasheet.pdf");
/// An image of a resistor of 47 kΩ.
const RESISTOR: &[u8] = include_bytes!("../assets/resistor.png");
/// An image of a green LED.
const LED: &[u8] = include_bytes!("../assets/led.png");

/// The passwords of the two sample users.
#[derive(Clone)]
pub struct Accounts {
    /// The password of `test_admin`.
    pub admin_password: String,
    /// The password of `test_user`.
    pub user_password: String,
}

/// The content of the sample inventory.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The roles `admin` and `user`.
    pub roles: Vec<Role>,
    /// The users `test_admin` and `test_user`.
    pub users: Vec<User>,
    /// One key for each user.
    pub api_keys: Vec<CreatedApiKey>,
    /// Eight categories in two trees.
    pub categories: Vec<Category>,
    /// Ten locations in one tree, two of them cassettes.
    pub locations: Vec<Location>,
    /// A resistor, a capacitor, a screw, an IC and an LED.
    pub parts: Vec<Part>,
    /// Four allocations: the resistor is at two locations, the IC and the LED at none.
    pub allocations: Vec<Allocation>,
    /// The datasheet files of the resistor and the IC.
    pub datasheets: Vec<PathBuf>,
    /// The image files of the resistor and the LED.
    pub images: Vec<PathBuf>,
}

/// Fills an empty inventory and the folders `datasheets` and `images` below `static_root`. The users come last, so that an inventory whose
/// filling was interrupted has none, and whoever runs it can still create the administrator.
///
/// # Errors
/// [`Error::AlreadyExists`] when the inventory holds something of the same name, [`Error::Io`] when a file cannot be
/// written, [`Error::Invalid`] when a password breaks a rule.
pub async fn populate(
    inventory: &Inventory,
    static_root: &Path,
    accounts: Accounts,
) -> Result<Sample, Error> {
    let roles = roles(inventory).await?;
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
    for (index, content) in [(0, RESISTOR), (4, LED)] {
        let (path, part) = image(inventory, files, &parts[index], content).await?;
        images.push(path);
        parts[index] = part;
    }
    // Nobody is told these passwords before the sample is complete.
    let users = users(inventory, accounts).await?;
    let api_keys = api_keys(inventory, &users).await?;
    Ok(Sample { roles, users, api_keys, categories, locations, parts, allocations, datasheets, images })
}

async fn roles(inventory: &Inventory) -> Result<Vec<Role>, Error> {
    let mut roles = Vec::new();
    for (name, description, permissions) in [
        ("admin", "May do everything", &[Permission::All][..]),
        (
            "user",
            "May look around",
            &[
                Permission::PartsRead,
                Permission::LocationsRead,
                Permission::CategoriesRead,
                Permission::TasksRead,
            ],
        ),
    ] {
        // A new inventory may have its default roles already.
        match inventory.query(ACTOR, FindRoleByName(name.to_owned())).await {
            Err(Error::NotFound { .. }) => {}
            found => {
                roles.push(found?);
                continue;
            }
        }
        let permissions = permissions.iter().copied().collect();
        let description = Some(description.to_owned());
        let new = CreateRole { name: name.to_owned(), description, permissions };
        roles.push(inventory.run(ACTOR, new).await?);
    }
    Ok(roles)
}

async fn users(inventory: &Inventory, accounts: Accounts) -> Result<Vec<User>, Error> {
    let mut users = Vec::new();
    for (role, password) in [("admin", accounts.admin_password), ("user", accounts.user_password)] {
        let new = CreateUser {
            username: format!("test_{role}"),
            email: format!("{role}@makermatrix.example"),
            password,
            roles: vec![role.to_owned()],
            password_change_required: false,
        };
        users.push(inventory.run(ACTOR, new).await?);
    }
    Ok(users)
}

async fn api_keys(inventory: &Inventory, users: &[User]) -> Result<Vec<CreatedApiKey>, Error> {
    let mut keys = Vec::new();
    for user in users {
        let new = CreateApiKey {
            name: format!("{} script", user.username),
            user_id: user.id.clone(),
            roles: user.roles.iter().map(|role| role.name.clone()).collect(),
            ..CreateApiKey::default()
        };
        keys.push(inventory.run(ACTOR, new).await?);
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
        let new = CreateCategory {
            name: name.to_owned(),
            description: Some(description.to_owned()),
            parent_id: parent.map(|index: usize| categories[index].id.clone()),
        };
        categories.push(inventory.run(ACTOR, new).await?);
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
        let new = CreateLocation {
            name: name.to_owned(),
            parent_id: parent.map(|index: usize| locations[index].id.clone()),
            location_type: kind.to_owned(),
            emoji: emoji.map(str::to_owned),
            is_mobile,
            capacity: is_mobile.then_some(5000),
            ..CreateLocation::default()
        };
        locations.push(inventory.run(ACTOR, new).await?);
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
        let new = CreatePart {
            name: name.to_owned(),
            number: Some(number.to_owned()),
            component_type: Some(kind.to_owned()),
            manufacturer: Some(maker.to_owned()),
            properties: serde_json::Map::from_iter([property]),
            category_ids: categories_of.iter().map(|&index: &usize| categories[index].id.clone()).collect(),
            ..CreatePart::default()
        };
        parts.push(inventory.run(ACTOR, new).await?);
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
        let new =
            CreateAllocation { part_id, location_id, quantity, is_primary, ..CreateAllocation::default() };
        allocations.push(inventory.run(ACTOR, new).await?);
    }
    Ok(allocations)
}

async fn datasheet(inventory: &Inventory, files: &StaticFiles, part: &Part) -> Result<PathBuf, Error> {
    let mut content = DATASHEET;
    let stored = files.store(FileKind::Datasheets, "", "pdf", &mut content, inventory.ambient())?;
    let new = AddDatasheet {
        part_id: part.id.clone(),
        filename: stored.path.clone(),
        file_size: i64::try_from(stored.size).ok(),
        title: Some(format!("{} datasheet", part.name)),
        is_primary: true,
        ..AddDatasheet::default()
    };
    inventory.run(ACTOR, new).await?;
    files.below(FileKind::Datasheets, &stored.path)
}

async fn image(
    inventory: &Inventory,
    files: &StaticFiles,
    part: &Part,
    mut content: &[u8],
) -> Result<(PathBuf, Part), Error> {
    let stored = files.store(FileKind::Images, "", "png", &mut content, inventory.ambient())?;
    let id = stored.path.trim_end_matches(".png");
    let image_url = Some(format!("/api/utility/get_image/{id}"));
    let part = inventory.run(ACTOR, SetPartImage { part_id: part.id.clone(), image_url }).await?;
    Ok((files.below(FileKind::Images, &stored.path)?, part))
}
