//! Migrates stock. Until October 2025 the row of a part held a single location and quantity. Now a part has allocations.
//!
//! Like the migration script of the original, this module creates one primary allocation per part with a location. Stock
//! without a location is put into a location created for it, so that nothing is lost. A part that already has allocations
//! keeps them unchanged.

use sha2::{Digest, Sha256};
use snapshot::sql::types::{Value, ValueRef};
use snapshot::sql::{OptionalExtension, Result, Transaction, params};

use super::adjustment::Adjustment;
use super::defaults::UNKNOWN_TIME;
use super::names::text_of;
use crate::name_list::NameList;

/// The location for stock without a location. The original uses the same name.
const UNSORTED: &str = "Unsorted";

/// Creates an allocation for each part that has stock or a location, but no allocation.
pub(super) fn move_to_allocations(
    transaction: &Transaction<'_>,
    adjustments: &mut Vec<Adjustment>,
) -> Result<()> {
    let has = |column: &str| transaction.column_exists(None, "partmodel", column);
    let (quantity, location) = (has("quantity")?, has("location_id")?);
    if !quantity && !location {
        return Ok(());
    }
    let mut find = transaction.prepare(&format!(
        "SELECT part.id, part.part_name, {}, place.id, coalesce(part.updated_at, {UNKNOWN_TIME}), stock.units \
         FROM partmodel AS part \
         LEFT JOIN locationmodel AS place ON place.id = {} \
         LEFT JOIN (SELECT part_id, total(quantity_at_location) AS units FROM part_location_allocations \
                    GROUP BY part_id) AS stock ON stock.part_id = part.id \
         WHERE part.id IS NOT NULL ORDER BY part.id",
        if quantity { "part.quantity" } else { "NULL" },
        if location { "part.location_id" } else { "NULL" },
    ))?;
    let mut insert = transaction.prepare(
        "INSERT INTO part_location_allocations \
         (id, part_id, location_id, quantity_at_location, is_primary_storage, allocated_at, last_updated, auto_synced) \
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, 0)",
    )?;
    let (mut moved, mut units) = (0, 0_u64);
    let (mut without_location, mut corrected, mut kept) =
        (NameList::default(), NameList::default(), NameList::default());
    let mut unsorted: Option<(String, String)> = None;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let (id, name) = (text_of(row.get_ref(0)?), text_of(row.get_ref(1)?));
        let stock = units_of(row.get_ref(2)?);
        if let Some(allocated) = row.get::<_, Option<f64>>(5)? {
            if stock != 0 && allocated != stock as f64 {
                kept.add(&format!("{name} ({stock})"));
            }
            continue;
        }
        if let Some(found) = not_exact(row.get_ref(2)?, stock) {
            corrected.add(&format!("{name} ({found}, kept as {stock})"));
        }
        let place = match row.get::<_, Value>(3)? {
            Value::Null if stock == 0 => continue,
            Value::Null => {
                without_location.add(&name);
                let (id, _) = match &unsorted {
                    Some(known) => known,
                    None => unsorted.insert(location_for_unsorted(transaction)?),
                };
                Value::Text(id.clone())
            }
            place => place,
        };
        let time: Value = row.get(4)?;
        let part: Value = row.get(0)?;
        moved +=
            insert.execute(params![derived_id("allocation of part", &id), part, place, stock, time])? as u64;
        units = units.saturating_add(stock.unsigned_abs());
    }
    if moved > 0 {
        adjustments.push(Adjustment::StockMoved { parts: moved, units });
    }
    if let Some((_, location)) = unsorted {
        adjustments.extend(
            without_location.non_empty().map(|parts| Adjustment::WithoutLocation { location, parts }),
        );
    }
    adjustments.extend(corrected.non_empty().map(|parts| Adjustment::QuantityCorrected { parts }));
    adjustments.extend(kept.non_empty().map(|parts| Adjustment::AllocationsKept { parts }));
    Ok(())
}

/// Returns the units for a stored quantity: 0 if it is negative, missing or not a number. SQLite stores values of any type
/// in any column.
pub(crate) fn units_of(quantity: ValueRef<'_>) -> i64 {
    let units = match quantity {
        ValueRef::Integer(units) => units,
        // The cast saturates, and converts NaN to 0.
        ValueRef::Real(units) => units.floor() as i64,
        ValueRef::Text(text) => {
            std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
        }
        ValueRef::Null | ValueRef::Blob(_) => 0,
    };
    units.max(0)
}

/// Returns the stored quantity as text if it differs from `units`.
fn not_exact(quantity: ValueRef<'_>, units: i64) -> Option<String> {
    match quantity {
        ValueRef::Null => None,
        ValueRef::Integer(found) => (found != units).then(|| found.to_string()),
        ValueRef::Real(found) => (found != units as f64).then(|| found.to_string()),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text);
            (text.trim() != units.to_string()).then(|| format!("{text:?}"))
        }
        ValueRef::Blob(_) => Some("bytes".to_owned()),
    }
}

/// Returns the id and name of the location for stock without a location. Uses an existing location of that name at the top
/// level, or creates it.
fn location_for_unsorted(transaction: &Transaction<'_>) -> Result<(String, String)> {
    let id = derived_id("location", UNSORTED);
    let found: Option<(String, String)> = transaction
        .query_row(
            "SELECT id, name FROM locationmodel \
             WHERE typeof(id) = 'text' AND (id = ?1 OR name = ?2 AND parent_id IS NULL AND location_type = 'standard') \
             ORDER BY id LIMIT 1",
            [&id, UNSORTED],
            |row| Ok((row.get(0)?, text_of(row.get_ref(1)?))),
        )
        .optional()?;
    if let Some(found) = found {
        return Ok(found);
    }
    transaction.execute(
        "INSERT INTO locationmodel (id, name, description, location_type, is_mobile, is_auto_generated_slot, \
         is_smart_location, auto_created, hidden_by_default, is_connected) \
         VALUES (?1, ?2, 'Parts that had stock but no location', 'standard', 0, 0, 0, 0, 0, 0)",
        [&id, UNSORTED],
    )?;
    Ok((id, UNSORTED.to_owned()))
}

/// Returns a deterministic id for a row that a migration creates, so that the result of a migration is deterministic.
fn derived_id(what: &str, of: &str) -> String {
    let hash = Sha256::digest(format!("makermatrix: {what} {of}"));
    let (bytes, _) = hash.split_first_chunk::<16>().expect("a SHA-256 has 32 bytes");
    uuid::Builder::from_custom_bytes(*bytes).into_uuid().to_string()
}
