//! The token for setting up. Only its hash is stored, and there is at most one.

use super::State;

impl State {
    /// Stores the hash of a token with the time of its end. Replaces the previous one.
    pub(crate) async fn put_setup_token(&self, token_hash: &str, expires_at: i64) -> Result<(), sqlx::Error> {
        let insert = "INSERT INTO setup (id, token_hash, expires_at) VALUES (1, ?1, ?2) \
             ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at";
        sqlx::query(insert).bind(token_hash).bind(expires_at).execute(&self.pool).await?;
        Ok(())
    }

    /// Returns the hash of the token with the time of its end.
    pub(crate) async fn setup_token(&self) -> Result<Option<(String, i64)>, sqlx::Error> {
        sqlx::query_as("SELECT token_hash, expires_at FROM setup").fetch_optional(&self.pool).await
    }

    /// Forgets the token.
    pub(crate) async fn forget_setup_token(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM setup").execute(&self.pool).await?;
        Ok(())
    }
}
