//! The activity log.

use axum::extract::State;
use chrono::DateTime;
use inventory::Timestamp;
use inventory::activity_log::{Activity, ActivityFilter, ActivitySort, ListActivity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::call::{ListParams, PageOf, Params, Reply};
use crate::problem::Problem;

/// An entry of the activity log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActivityView {
    id: String,
    /// Such as `created`, `updated` or `deleted`.
    action: String,
    /// The type of the thing, such as `part`.
    entity_type: String,
    entity_id: Option<String>,
    /// The name that the thing had.
    entity_name: Option<String>,
    /// The name of the user.
    username: Option<String>,
    /// In UTC.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The old and the new values by field.
    details: Value,
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id,
            action: activity.action,
            entity_type: activity.entity_type,
            entity_id: activity.entity_id,
            entity_name: activity.entity_name,
            username: activity.username,
            timestamp: activity.timestamp.to_rfc3339(),
            details: activity.details.0,
        }
    }
}

/// The filter of the activity log.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActivityParams {
    /// The type of the thing, such as `part`.
    entity_type: Option<String>,
    /// The id of the thing.
    entity_id: Option<String>,
    /// `created`, `updated` or `deleted`.
    action: Option<String>,
    /// The name of the user.
    username: Option<String>,
    /// The earliest time, in the format of RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The latest time, in the format of RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
}

const SORT: &[(&str, ActivitySort)] = &[("time", ActivitySort::Time)];

/// List the activity log, newest first. Sort keys: time. Entries about users, roles and API keys are only for those with the
/// permission `users:read`.
#[utoipa::path(get, path = "/activity", tag = "activity", params(ActivityParams, ListParams),
    responses((status = 200, body = PageOf<ActivityView>)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ActivityParams>,
    Params(list): Params<ListParams>,
) -> Result<Reply<PageOf<ActivityView>>, Problem> {
    let filter = ActivityFilter {
        entity_type: params.entity_type,
        entity_id: params.entity_id,
        action: params.action,
        username: params.username,
        from: time("from", params.from.as_deref())?,
        to: time("to", params.to.as_deref())?,
    };
    let page = app.query(&caller, ListActivity(list.query_descending(filter, SORT)?)).await?;
    Ok(Reply::ok(PageOf::new(page, &list)))
}

fn time(field: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(text);
    let time = time.map_err(|_| Problem::invalid_field(field, "must be a time like 2026-01-02T03:04:05Z"))?;
    Ok(Some(Timestamp(time.naive_utc())))
}
