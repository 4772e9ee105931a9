//! Sessions. Only the hash of a token is stored.

use super::{State, from_row};

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user_id: String,
    pub(crate) credentials: String,
    pub(crate) created_at: i64,
    pub(crate) last_used_at: i64,
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
}

from_row!(Session { id, user_id, credentials, created_at, last_used_at, address, user_agent });

/// A session to create.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) id: String,
    pub(crate) token_hash: String,
    pub(crate) user_id: &'a str,
    pub(crate) credentials: &'a str,
    pub(crate) address: String,
    pub(crate) user_agent: Option<String>,
}

impl State {
    pub(crate) async fn create_session(&self, new: &NewSession<'_>, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO session (id, token_hash, user_id, credentials, created_at, last_used_at, address, user_agent) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7)",
        )
        .bind(&new.id)
        .bind(&new.token_hash)
        .bind(new.user_id)
        .bind(new.credentials)
        .bind(now)
        .bind(&new.address)
        .bind(&new.user_agent)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn find_session(&self, token_hash: &str) -> Result<Option<Session>, sqlx::Error> {
        let select = "SELECT * FROM session WHERE token_hash = ?1";
        sqlx::query_as(select).bind(token_hash).fetch_optional(&self.pool).await
    }

    pub(crate) async fn sessions_of(&self, user_id: &str) -> Result<Vec<Session>, sqlx::Error> {
        let select = "SELECT * FROM session WHERE user_id = ?1 ORDER BY last_used_at DESC";
        sqlx::query_as(select).bind(user_id).fetch_all(&self.pool).await
    }

    pub(crate) async fn touch_session(&self, id: &str, now: i64) -> Result<(), sqlx::Error> {
        let update = sqlx::query("UPDATE session SET last_used_at = ?2 WHERE id = ?1");
        update.bind(id).bind(now).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn end_session(&self, id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM session WHERE id = ?1").bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Ends all sessions of a user, except one.
    pub(crate) async fn end_sessions_of(
        &self,
        user_id: &str,
        except: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let delete = sqlx::query("DELETE FROM session WHERE user_id = ?1 AND id IS NOT ?2");
        delete.bind(user_id).bind(except).execute(&self.pool).await?;
        Ok(())
    }

    /// Ends the sessions that were created, or last used, before these times.
    pub(crate) async fn end_old_sessions(&self, created: i64, last_used: i64) -> Result<(), sqlx::Error> {
        let delete = sqlx::query("DELETE FROM session WHERE created_at < ?1 OR last_used_at < ?2");
        delete.bind(created).bind(last_used).execute(&self.pool).await?;
        Ok(())
    }
}
