//! The activity log: which actor changed which thing, when, and how. [`Work`](crate::Work) collects the changes of a
//! transaction and writes them to the log just before it commits. Use cases do not write to the log themselves.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, IntoActiveModel, Iterable,
    QueryFilter, QueryOrder, QuerySelect, Value,
};
use serde_json::{Map, json};

use crate::change_feed::Changed;
use crate::db::entity::{activitylogmodel, partmodel};
use crate::db::record::{ColumnOf, Record};
use crate::{Actor, Ambient, Error, Json, Timestamp};

/// The largest number of characters of a value that the log repeats.
const MAX_VALUE_LENGTH: usize = 200;
/// The largest number of rows per statement: PostgreSQL allows 65,535 values, and SQLite 32,766.
const MAX_ROWS: usize = 1000;

/// The actions of the activity log, named as in the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Created,
    Updated,
    Deleted,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

/// The changes of a transaction, one entry for each thing.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    changes: Vec<Change>,
    /// The position of the last entry of each thing that was not deleted since.
    positions: HashMap<(&'static str, String), usize>,
    /// What derived data has to read again.
    changed: Changed,
}

#[derive(Debug)]
struct Change {
    action: Action,
    entity_type: &'static str,
    entity_id: String,
    entity_name: Option<String>,
    /// The part that a thing without a name belongs to, and is named after.
    part_id: Option<String>,
    details: Map<String, serde_json::Value>,
}

impl Changes {
    /// Records that a thing was created.
    pub(crate) fn created<M: Record>(&mut self, row: &M) {
        self.note(row, Action::Created, Map::new());
    }

    /// Records which columns of a thing have changed.
    pub(crate) fn updated<M: Record>(&mut self, before: &M, after: &M) {
        let mut details = Map::new();
        for column in ColumnOf::<M>::iter().filter(|column| !M::unlogged(column)) {
            let (old, new) = (before.get(column), after.get(column));
            if old != new {
                let name = column.as_str().to_owned();
                details
                    .insert(name, json!({"old": shown::<M>(&column, old), "new": shown::<M>(&column, new)}));
            }
        }
        if !details.is_empty() {
            self.note(after, Action::Updated, details);
        }
    }

    /// Records that a thing was deleted, with its last values.
    pub(crate) fn deleted<M: Record>(&mut self, row: &M) {
        let columns = ColumnOf::<M>::iter().filter(|column| !M::unlogged(column));
        let details = columns.map(|column| {
            let value = json!({"old": shown::<M>(&column, row.get(column))});
            (column.as_str().to_owned(), value)
        });
        self.note(row, Action::Deleted, details.collect());
    }

    /// Records that an item was added to, or removed from, a list that belongs to a thing.
    pub(crate) fn linked<M: Record>(&mut self, owner: &M, list: &'static str, how: LinkChange, to: &str) {
        let mut details = Map::new();
        details.insert(list.to_owned(), json!({how.as_str(): [to]}));
        self.note(owner, Action::Updated, details);
    }

    fn note<M: Record>(&mut self, row: &M, action: Action, details: Map<String, serde_json::Value>) {
        let thing = (M::ENTITY_TYPE, row.id().to_owned());
        let noted = self.positions.get(&thing).and_then(|position| self.changes.get(*position));
        // Nothing is derived yet from what this transaction has created.
        let is_new = noted.is_some_and(|change| change.action == Action::Created);
        self.changed.extend(changed_by(row, if is_new { Action::Created } else { action }));
        let position = self.positions.get(&thing).copied().filter(|_| action == Action::Updated);
        if let Some(change) = position.and_then(|position| self.changes.get_mut(position)) {
            return merge(&mut change.details, details);
        }
        let (entity_type, entity_id) = thing.clone();
        let entity_name = row.name().map(str::to_owned);
        let part_id = if entity_name.is_none() { part_of(row) } else { None };
        if action == Action::Deleted {
            self.positions.remove(&thing);
        } else {
            self.positions.insert(thing, self.changes.len());
        }
        self.changes.push(Change { action, entity_type, entity_id, entity_name, part_id, details });
    }

    /// Returns what derived data has to read again.
    pub(crate) fn changed(&self) -> Changed {
        self.changed.clone()
    }

    /// Names things without a name, such as stock, after their parts.
    async fn name_after_parts(&mut self, transaction: &impl ConnectionTrait) -> Result<(), Error> {
        let ids: BTreeSet<&str> =
            self.changes.iter().filter_map(|change| change.part_id.as_deref()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut names: HashMap<String, String> = HashMap::new();
        for ids in ids.chunks(MAX_ROWS) {
            let named = partmodel::Entity::find().filter(partmodel::Column::Id.is_in(ids.iter().copied()));
            let named = named.select_only().columns([partmodel::Column::Id, partmodel::Column::PartName]);
            names.extend(named.into_tuple::<(String, String)>().all(transaction).await?);
        }
        // A part that this transaction has deleted is named in its own entry.
        let parts = self.changes.iter().filter(|change| change.entity_type == "part");
        let deleted = parts.filter(|change| change.action == Action::Deleted);
        names.extend(
            deleted.filter_map(|change| Some((change.entity_id.clone(), change.entity_name.clone()?))),
        );
        for change in &mut self.changes {
            if let Some(name) = change.part_id.as_ref().and_then(|id| names.get(id)) {
                change.entity_name = Some(name.clone());
            }
        }
        Ok(())
    }

    /// Writes the changes to the log.
    pub(crate) async fn write(
        mut self,
        transaction: &impl ConnectionTrait,
        actor: &Actor,
        now: Timestamp,
        ambient: &Ambient,
    ) -> Result<(), Error> {
        self.name_after_parts(transaction).await?;
        let (user_id, username) = match actor {
            Actor::System => (None, Some("system".to_owned())),
            Actor::User { id, username, .. } => (Some(id.clone()), Some(username.clone())),
            Actor::Anonymous => (None, None),
        };
        let rows = self.changes.into_iter().map(|change| {
            let row = activitylogmodel::Model {
                id: ambient.uuid().to_string(),
                action: change.action.as_str().to_owned(),
                entity_type: change.entity_type.to_owned(),
                entity_id: Some(change.entity_id),
                entity_name: change.entity_name,
                user_id: user_id.clone(),
                username: username.clone(),
                timestamp: now,
                details: Json(change.details.into()),
                ip_address: None,
                user_agent: None,
            };
            row.into_active_model()
        });
        insert_all::<activitylogmodel::ActiveModel>(transaction, rows.collect()).await
    }
}

/// Inserts rows with few statements. Who calls this records the change.
#[expect(
    clippy::disallowed_methods,
    reason = "the log itself is not logged, and the caller records other rows"
)]
pub(crate) async fn insert_all<A: ActiveModelTrait>(
    transaction: &impl ConnectionTrait,
    mut rows: Vec<A>,
) -> Result<(), Error> {
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(MAX_ROWS));
        <A::Entity as EntityTrait>::insert_many(rows).exec_without_returning(transaction).await?;
        rows = rest;
    }
    Ok(())
}

/// Returns what derived data has to read again after a change of a row.
fn changed_by<M: Record>(row: &M, action: Action) -> Changed {
    let part = |id: &str| Changed::Parts([id.to_owned()].into());
    match M::ENTITY_TYPE {
        "part" => part(row.id()),
        "allocation" | "low_stock_limit" => part_of(row).map_or_else(Changed::default, |id| part(&id)),
        // Parts are found by the names of these things.
        "location" | "category" | "tag" if action != Action::Created => Changed::Anything,
        _ => Changed::default(),
    }
}

/// Returns the id of the part that a row belongs to.
fn part_of<M: Record>(row: &M) -> Option<String> {
    let column = ColumnOf::<M>::iter().find(|column| column.as_str() == "part_id")?;
    match row.get(column) {
        Value::String(id) => id,
        _ => None,
    }
}

/// Returns who changed a thing last, and when.
pub(crate) async fn last_change(
    connection: &impl ConnectionTrait,
    entity_type: &str,
    id: &str,
) -> Result<(Option<String>, Option<Timestamp>), Error> {
    use activitylogmodel::{Column, Entity};
    let of_thing = Entity::find().filter(Column::EntityId.eq(id)).filter(Column::EntityType.eq(entity_type));
    let last = of_thing.order_by_desc(Column::Timestamp).one(connection).await?;
    Ok(last.map_or((None, None), |row| (row.username, Some(row.timestamp))))
}

/// The kinds of change to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkChange {
    Added,
    Removed,
}

impl LinkChange {
    fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Merges two changes of the same thing: joins lists, and keeps the first old and the last new value of a column.
fn merge(into: &mut Map<String, serde_json::Value>, from: Map<String, serde_json::Value>) {
    for (name, change) in from {
        let Some(serde_json::Value::Object(present)) = into.get_mut(&name) else {
            into.insert(name, change);
            continue;
        };
        let serde_json::Value::Object(change) = change else { continue };
        for (how, value) in change {
            match (present.get_mut(&how), value) {
                (Some(serde_json::Value::Array(present)), serde_json::Value::Array(more)) => {
                    present.extend(more)
                }
                (Some(_), _) if how == "old" => {}
                (_, value) => {
                    present.insert(how, value);
                }
            }
        }
    }
}

fn shown<M: Record>(column: &ColumnOf<M>, value: Value) -> serde_json::Value {
    if M::secret(column) {
        return "(secret)".into();
    }
    match value {
        Value::Bool(Some(value)) => value.into(),
        Value::BigInt(Some(value)) => value.into(),
        Value::Double(Some(value)) => value.into(),
        Value::String(Some(text)) => match text.char_indices().nth(MAX_VALUE_LENGTH) {
            Some((end, _)) => format!("{}…", &text[..end]).into(),
            None => text.into(),
        },
        _ => serde_json::Value::Null,
    }
}
