//! Deletes a user.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{find_row, require_power_over};
use crate::db::entity::api_keys;
use crate::{Access, Command, Error, Permission, Work, administrators};

/// The tables of the original whose rows say which user made them, each with the column.
const MADE_BY: [(&str, &str); 4] = [
    ("activitylogmodel", "user_id"),
    ("supplier_configs", "created_by_user_id"),
    ("supplier_credentials", "created_by_user_id"),
    ("enrichment_profiles", "created_by_user_id"),
];

/// Deletes a user with the roles, API keys and saved views of the user. What the user did stays in the activity log, with the username.
///
/// Fails with [`Error::LastAdministrator`] when no administrator would be left, with [`Error::Forbidden`] when the actor does not
/// hold a permission of the user, and with [`Error::Changed`] when the user no longer has the expected version.
#[derive(Clone, Debug)]
pub struct DeleteUser {
    /// The user.
    pub id: String,
    /// The version to delete. `None` deletes any version.
    pub version: Option<String>,
}

impl Command for DeleteUser {
    const ACCESS: Access = Access::Permission(Permission::UsersDelete);
    type Output = ();

    async fn run(&self, work: &mut Work) -> Result<(), Error> {
        let (row, user) = find_row(work, &self.id).await?;
        work.check_version_is(&row, &user.version, self.version.as_deref()).await?;
        require_power_over(work.actor(), &user)?;
        let existed = administrators::exist(work).await?;
        let keys = api_keys::Entity::find().filter(api_keys::Column::UserId.eq(&user.id));
        for key in keys.all(work.db().await?).await? {
            work.delete(key).await?;
        }
        work.delete_referring("userrolelink", "user_id", &user.id).await?;
        work.delete_referring("mm_saved_view", "user_id", &user.id).await?;
        for (table, column) in MADE_BY {
            work.clear_references(table, column, &user.id).await?;
        }
        work.delete(row).await?;
        administrators::keep(work, existed).await
    }
}
