//! Tasks, as JSON.

use super::{State, from_row};

/// The largest number of tasks that are kept.
const MAX_TASKS: i64 = 1000;

/// A task.
#[derive(Clone, Debug)]
pub(crate) struct TaskRow {
    pub(crate) id: String,
    pub(crate) user_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) is_finished: bool,
    pub(crate) task: String,
}

from_row!(TaskRow { id, user_id, created_at, is_finished, task });

impl State {
    /// Stores a task, and forgets the oldest ones.
    pub(crate) async fn put_task(&self, row: &TaskRow) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO task (id, user_id, created_at, is_finished, task) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (id) DO UPDATE SET is_finished = excluded.is_finished, task = excluded.task",
        )
        .bind(&row.id)
        .bind(&row.user_id)
        .bind(row.created_at)
        .bind(row.is_finished)
        .bind(&row.task)
        .execute(&self.pool)
        .await?;
        let old =
            "DELETE FROM task WHERE id IN (SELECT id FROM task ORDER BY created_at DESC LIMIT -1 OFFSET ?1)";
        sqlx::query(old).bind(MAX_TASKS).execute(&self.pool).await?;
        Ok(())
    }

    /// Stores a new task, with the idempotency key and the request that began it.
    pub(crate) async fn begin_task(
        &self,
        row: &TaskRow,
        key: Option<(&str, &str)>,
    ) -> Result<(), sqlx::Error> {
        self.put_task(row).await?;
        let Some((key, request)) = key else { return Ok(()) };
        // The keys of forgotten tasks are forgotten, too.
        sqlx::query("DELETE FROM task_key WHERE task_id NOT IN (SELECT id FROM task)")
            .execute(&self.pool)
            .await?;
        let insert =
            "INSERT INTO task_key (user_id, idempotency_key, task_id, request) VALUES (?1, ?2, ?3, ?4)";
        sqlx::query(insert)
            .bind(&row.user_id)
            .bind(key)
            .bind(&row.id)
            .bind(request)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Returns the id of the task that a user began with an idempotency key, and the request.
    pub(crate) async fn find_task_key(
        &self,
        user_id: &str,
        key: &str,
    ) -> Result<Option<(String, String)>, sqlx::Error> {
        let select = "SELECT task_id, request FROM task_key JOIN task ON task.id = task_id \
                      WHERE task_key.user_id = ?1 AND idempotency_key = ?2";
        sqlx::query_as(select).bind(user_id).bind(key).fetch_optional(&self.pool).await
    }

    pub(crate) async fn find_task(&self, id: &str) -> Result<Option<TaskRow>, sqlx::Error> {
        let select = "SELECT * FROM task WHERE id = ?1";
        sqlx::query_as(select).bind(id).fetch_optional(&self.pool).await
    }

    /// Returns all tasks, newest first.
    pub(crate) async fn tasks(&self) -> Result<Vec<TaskRow>, sqlx::Error> {
        let select = "SELECT * FROM task ORDER BY created_at DESC, rowid DESC";
        sqlx::query_as(select).fetch_all(&self.pool).await
    }
}
