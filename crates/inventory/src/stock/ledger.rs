//! The stock ledger: a movement for each change of a quantity, with the quantities before and after at both ends. For each
//! part and location, the sum of the movements is the quantity of the allocation.
//!
//! Another program, such as the original, may change a quantity without a movement. Before the next movement, the ledger
//! records the difference as a [`MovementKind::Correction`].

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::db::entity::mm_stock_movement::{Column, Entity, Model};
use crate::work::{Read, Work};
use crate::{Actor, Error, Timestamp};

/// A change of stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Unique.
    pub id: String,
    /// The position in the ledger. Later movements have larger numbers.
    pub number: i64,
    /// The part.
    pub part_id: String,
    /// The kind.
    pub kind: MovementKind,
    /// The quantity that moved. It is 0 for a count that found the expected quantity.
    pub quantity: i64,
    /// The end that lost stock.
    pub from: Option<MovementEnd>,
    /// The end that received stock.
    pub to: Option<MovementEnd>,
    /// The reason that the user gave.
    pub reason: Option<String>,
    /// The name of the user, or `None` if it is unknown.
    pub username: Option<String>,
    /// When the stock moved.
    pub moved_at: Timestamp,
    /// The id of the movement that this one undoes.
    pub undoes: Option<String>,
}

/// One end of a movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovementEnd {
    /// The location.
    pub location_id: String,
    /// The quantity there before.
    pub before: i64,
    /// The quantity there after.
    pub after: i64,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $text:literal)*) => {
        /// The kinds of movements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum MovementKind {
            $($(#[$doc])* $variant),*
        }

        impl MovementKind {
            /// Returns the stored text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }

            fn from_text(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::Correction,
                }
            }
        }
    };
}

kinds! {
    /// The stock that was there when the ledger began.
    Opening "opening"
    /// Stock was added.
    Add "add"
    /// Stock was taken.
    Take "take"
    /// Stock moved from one location to another.
    Move "move"
    /// Stock was counted, and the quantity set to the result.
    Count "count"
    /// Another program changed the quantity.
    Correction "correction"
    /// An earlier movement was undone.
    Undo "undo"
}

impl MovementEnd {
    pub(super) fn new(location_id: &str, before: i64, after: i64) -> Self {
        Self { location_id: location_id.to_owned(), before, after }
    }
}

impl From<Model> for Movement {
    fn from(row: Model) -> Self {
        let end = |location: Option<String>, before: Option<i64>, after: Option<i64>| {
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            location.map(|location_id| MovementEnd { location_id, before, after })
        };
        Self {
            id: row.id,
            number: row.number,
            part_id: row.part_id,
            kind: MovementKind::from_text(&row.kind),
            quantity: row.quantity,
            from: end(row.from_location_id, row.from_before, row.from_after),
            to: end(row.to_location_id, row.to_before, row.to_after),
            reason: row.reason,
            username: row.username,
            moved_at: row.moved_at,
            undoes: row.undoes,
        }
    }
}

/// A movement to record.
#[derive(Debug)]
pub(super) struct NewMovement<'a> {
    pub(super) part_id: &'a str,
    pub(super) kind: MovementKind,
    pub(super) from: Option<MovementEnd>,
    pub(super) to: Option<MovementEnd>,
    pub(super) reason: Option<&'a str>,
    pub(super) undoes: Option<&'a str>,
}

/// Records a movement, and corrections for what other programs have changed at its ends.
pub(super) async fn record(work: &mut Work, new: NewMovement<'_>) -> Result<Movement, Error> {
    for end in [&new.from, &new.to].into_iter().flatten() {
        let known = last_known(work, new.part_id, &end.location_id).await?;
        if known != end.before {
            let gap = Some(MovementEnd::new(&end.location_id, known, end.before));
            let (from, to) = if known > end.before { (gap, None) } else { (None, gap) };
            let kind = MovementKind::Correction;
            append(work, NewMovement { kind, from, to, reason: None, undoes: None, ..new }, false).await?;
        }
    }
    append(work, new, true).await
}

/// Records the first movements of parts at locations.
pub(super) async fn append_all(
    work: &mut Work,
    new: impl Iterator<Item = NewMovement<'_>>,
) -> Result<(), Error> {
    let last = last_number(work).await?;
    let rows = (last + 1..).zip(new).map(|(number, new)| row(work, new, number, true)).collect();
    work.append_all(rows).await
}

async fn append(work: &mut Work, new: NewMovement<'_>, by_actor: bool) -> Result<Movement, Error> {
    let last = last_number(work).await?;
    let row = row(work, new, last + 1, by_actor);
    Ok(work.append(row).await?.into())
}

fn row(work: &Work, new: NewMovement<'_>, number: i64, by_actor: bool) -> Model {
    let changed = |end: &MovementEnd| end.after.abs_diff(end.before);
    let quantity = new.from.as_ref().or(new.to.as_ref()).map_or(0, changed);
    let (user_id, username) = match work.actor() {
        Actor::User { id, username, .. } if by_actor => (Some(id.clone()), Some(username.clone())),
        Actor::System if by_actor => (None, Some("system".to_owned())),
        _ => (None, None),
    };
    let split = |end: Option<MovementEnd>| match end {
        Some(MovementEnd { location_id, before, after }) => (Some(location_id), Some(before), Some(after)),
        None => (None, None, None),
    };
    let (from_location_id, from_before, from_after) = split(new.from);
    let (to_location_id, to_before, to_after) = split(new.to);
    Model {
        id: work.new_id(),
        number,
        part_id: new.part_id.to_owned(),
        kind: new.kind.as_str().to_owned(),
        quantity: i64::try_from(quantity).unwrap_or(i64::MAX),
        from_location_id,
        from_before,
        from_after,
        to_location_id,
        to_before,
        to_after,
        reason: new.reason.map(str::to_owned),
        user_id,
        username,
        moved_at: work.now(),
        undoes: new.undoes.map(str::to_owned),
    }
}

/// Returns the number of the last movement, or 0.
pub(super) async fn last_number(read: &Read) -> Result<i64, Error> {
    let select = Entity::find().select_only().column_as(Column::Number.max(), "last");
    let last: Option<Option<i64>> = select.into_tuple().one(read.db().await?).await?;
    Ok(last.flatten().unwrap_or_default())
}

/// Returns the quantity of a part at a location according to the ledger.
async fn last_known(read: &Read, part_id: &str, location_id: &str) -> Result<i64, Error> {
    let here = Condition::any()
        .add(Column::FromLocationId.eq(location_id))
        .add(Column::ToLocationId.eq(location_id));
    let last = Entity::find()
        .filter(Column::PartId.eq(part_id))
        .filter(here)
        .order_by_desc(Column::Number)
        .one(read.db().await?)
        .await?
        .map(Movement::from);
    let at = |end: &MovementEnd| (end.location_id == location_id).then_some(end.after);
    Ok(last.and_then(|last| last.to.as_ref().and_then(at).or(last.from.as_ref().and_then(at))).unwrap_or(0))
}
