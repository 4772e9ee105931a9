//! Implements `user`: creates and changes users, and prints the link for the first administrator.

use std::path::Path;

use archive::keys::ExposeSecret;
use backup::Engine;
use inventory::list::ListQuery;
use inventory::roles::CreateDefaultRoles;
use inventory::users::{CreateUser, FindUserByName, ListUsers, SetPassword, UpdateUser, User as Found};
use inventory::{Change, Inventory};
use serde_json::{Value, json};

use super::{ACTOR, all_pages, with_inventory};
use crate::args::{Global, User};
use crate::exit::Failure;
use crate::output::Lines;
use crate::{keys, output};

/// The role of a user for whom no role is named.
const DEFAULT_ROLE: &str = "user";

pub(crate) fn run(global: &Global, engine: &Engine, command: &User) -> Result<(), Failure> {
    match command {
        User::Add { name, email, role, password } => {
            let new = CreateUser {
                username: name.clone(),
                email: email.clone().unwrap_or_else(|| format!("{name}@makermatrix.local")),
                roles: if role.is_empty() { vec![DEFAULT_ROLE.to_owned()] } else { role.clone() },
                ..CreateUser::default()
            };
            add(global, engine, new, password.password_file.as_deref())
        }
        User::List => list(global, engine),
        User::SetPassword { name, password } => {
            set_password(global, engine, name, password.password_file.as_deref())
        }
        User::Disable { name } => set_active(global, engine, name, false),
        User::Enable { name } => set_active(global, engine, name, true),
        User::SetupLink { url } => setup_link(global, engine, url),
    }
}

fn add(global: &Global, engine: &Engine, new: CreateUser, file: Option<&Path>) -> Result<(), Failure> {
    let user = with_inventory(global, engine, async |inventory| {
        let password = keys::new_password(file)?.expose_secret().to_owned();
        inventory.run(ACTOR, CreateDefaultRoles).await?;
        Ok(inventory.run(ACTOR, CreateUser { password, ..new }).await?)
    })?;
    let line = format!("Created the user {} ({}).", user.username, roles(&user));
    output::result(global, line, &to_json(&user))
}

fn list(global: &Global, engine: &Engine) -> Result<(), Failure> {
    let users = with_inventory(global, engine, async |inventory| {
        let page = async |paging| {
            inventory.query(ACTOR, ListUsers(ListQuery { paging, ..ListQuery::default() })).await
        };
        Ok(all_pages(page).await?)
    })?;
    let mut lines = Lines::default();
    for user in &users {
        let state = match (user.is_active, user.password_change_required) {
            (false, _) => ", disabled",
            (true, true) => ", must change the password",
            (true, false) => "",
        };
        lines.add(format!("{}  {}  ({}){state}", user.username, user.email, roles(user)));
    }
    if users.is_empty() {
        lines.add("There are no users. Create one with `makermatrix user add NAME --role admin`.");
    }
    output::result(global, lines, &json!({"users": users.iter().map(to_json).collect::<Vec<_>>()}))
}

fn set_password(global: &Global, engine: &Engine, name: &str, file: Option<&Path>) -> Result<(), Failure> {
    let user = with_inventory(global, engine, async |inventory| {
        let user_id = find(inventory, name).await?.id;
        let new_password = keys::new_password(file)?.expose_secret().to_owned();
        let command = SetPassword { user_id, new_password, ..SetPassword::default() };
        Ok(inventory.run(ACTOR, command).await?)
    })?;
    let line = format!("Set the password of {}, and ended all sessions.", user.username);
    output::result(global, line, &to_json(&user))
}

fn set_active(global: &Global, engine: &Engine, name: &str, active: bool) -> Result<(), Failure> {
    let user = with_inventory(global, engine, async |inventory| {
        let id = find(inventory, name).await?.id;
        let command = UpdateUser { id, is_active: Change::Set(active), ..UpdateUser::default() };
        Ok(inventory.run(ACTOR, command).await?)
    })?;
    let done =
        if active { "can sign in again" } else { "can no longer sign in, and all sessions have ended" };
    output::result(global, format!("{} {done}.", user.username), &to_json(&user))
}

fn setup_link(global: &Global, engine: &Engine, url: &str) -> Result<(), Failure> {
    let link = with_inventory(global, engine, async |inventory| {
        Ok(server::setup_link(inventory, engine, url).await?)
    })?;
    let link = link.ok_or_else(|| {
        Failure::usage(
            "there is an administrator already. `makermatrix user set-password NAME` sets a new password.",
        )
    })?;
    output::progress(global, "Open this link within a day, to create the first administrator:");
    output::result(global, &link, &json!({"setup_link": link}))
}

/// Finds a user by name.
pub(super) async fn find(inventory: &Inventory, name: &str) -> Result<Found, Failure> {
    Ok(inventory.query(ACTOR, FindUserByName(name.to_owned())).await?)
}

fn roles(user: &Found) -> String {
    let names: Vec<&str> = user.roles.iter().map(|role| role.name.as_str()).collect();
    if names.is_empty() { "no role".to_owned() } else { names.join(", ") }
}

fn to_json(user: &Found) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "is_active": user.is_active,
        "password_change_required": user.password_change_required,
        "roles": user.roles.iter().map(|role| &role.name).collect::<Vec<_>>(),
    })
}
