//! The first run: while the inventory has no administrator, whoever has the token that the server prints creates the first one, or
//! fills the inventory with sample data. The token stands for whoever runs the server.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inventory::categories::ListCategories;
use inventory::list::{ListQuery, PageNumber, Paging};
use inventory::locations::ListLocations;
use inventory::parts::ListParts;
use inventory::sample::{Accounts, populate};
use inventory::users::{CreateFirstAdministrator, HasAdministrator, ListUsers, User};
use inventory::{Actor, Error, Inventory};

use crate::app::App;
use crate::auth::{self, Caller, Origin, SessionToken};
use crate::problem::Problem;
use crate::setup;

/// Returns whether the inventory has no administrator.
pub(crate) async fn is_needed(app: &App) -> Result<bool, Problem> {
    Ok(!app.inventory().await?.query(&Actor::Anonymous, HasAdministrator).await?)
}

/// Refuses a token that cannot be used, and every token once there is an administrator.
pub(crate) async fn require_token(app: &App, token: &str) -> Result<(), Problem> {
    if !is_needed(app).await? {
        return Err(Error::AlreadySetUp.into());
    }
    if setup::is_valid(&app.state, token, app.now()).await? { Ok(()) } else { Err(Problem::setup_token()) }
}

/// Returns the program itself, from where the caller is. Only for those with the token.
pub(crate) fn program(caller: &Caller) -> Caller {
    Caller { actor: Actor::System, session: None, ..caller.clone() }
}

/// Creates the first administrator, and a session.
pub(crate) async fn create_administrator(
    app: &App,
    token: &str,
    new: CreateFirstAdministrator,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<(User, SessionToken), Problem> {
    require_token(app, token).await?;
    let user = app.inventory().await?.run(&Actor::System, new).await?;
    app.state.forget_setup_token().await?;
    let token = auth::create(app, &user, origin, user_agent).await?;
    Ok((user, token))
}

/// Fills an empty inventory with sample data. Returns its administrator and the password of that user, and creates a session.
pub(crate) async fn fill_with_sample(
    app: &App,
    token: &str,
    origin: Origin,
    user_agent: Option<&str>,
) -> Result<(User, String, SessionToken), Problem> {
    require_token(app, token).await?;
    let inventory = app.inventory().await?;
    if !is_empty(&inventory).await? {
        return Err(Problem::conflict(
            "the inventory is not empty, and sample data is only for an empty one",
        ));
    }
    let password = new_password(app);
    let accounts = Accounts { admin_password: password.clone(), user_password: new_password(app) };
    let sample = populate(&inventory, &app.engine.places().static_files, accounts).await?;
    app.state.forget_setup_token().await?;
    let user =
        sample.users.into_iter().next().ok_or_else(|| Problem::internal(&"the sample has no users"))?;
    let token = auth::create(app, &user, origin, user_agent).await?;
    Ok((user, password, token))
}

/// Returns a random password that follows the rules.
fn new_password(app: &App) -> String {
    format!("{}-aA1", URL_SAFE_NO_PAD.encode(app.ambient.bytes::<12>()))
}

/// Returns whether there are no parts, no locations, no categories and no users.
async fn is_empty(inventory: &Inventory) -> Result<bool, Error> {
    let one = Paging::Number(PageNumber { number: 1, size: 1 });
    macro_rules! total {
        ($list:ident) => {{
            let query = $list(ListQuery { paging: one.clone(), ..ListQuery::default() });
            inventory.query(&Actor::System, query).await?.total.unwrap_or_default()
        }};
    }
    Ok(total!(ListParts) + total!(ListLocations) + total!(ListCategories) + total!(ListUsers) == 0)
}
