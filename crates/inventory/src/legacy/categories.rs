//! Migrates categories. They were a tree in December 2024, and a flat list in later versions of the original. Here they are
//! a tree in a separate table, so the parents in old databases are kept.

use std::collections::HashMap;

use snapshot::sql::{Result, Transaction};

use crate::limits::MAX_DEPTH;

use super::adjustment::Adjustment;
use crate::name_list::NameList;

/// Moves the parents of categories into `mm_category_parent`. Rows that already exist there are newer and are kept.
pub(super) fn move_parents(transaction: &Transaction<'_>, adjustments: &mut Vec<Adjustment>) -> Result<()> {
    if !transaction.column_exists(None, "categorymodel", "parent_id")? {
        return Ok(());
    }
    let parents: HashMap<String, String> = transaction
        .prepare(
            "SELECT id, parent_id FROM categorymodel WHERE typeof(id) = 'text' AND typeof(parent_id) = 'text' \
             UNION ALL SELECT category_id, parent_id FROM mm_category_parent",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let mut exists = transaction.prepare("SELECT 1 FROM categorymodel WHERE id = ?1")?;
    let mut insert =
        transaction.prepare("INSERT INTO mm_category_parent (category_id, parent_id) VALUES (?1, ?2)")?;
    let mut find = transaction.prepare(
        "SELECT id, parent_id, name FROM categorymodel \
         WHERE typeof(id) = 'text' AND typeof(parent_id) = 'text' AND parent_id <> '' \
           AND id NOT IN (SELECT category_id FROM mm_category_parent) ORDER BY id",
    )?;
    let (mut moved, mut dropped) = (0, NameList::default());
    let found: Vec<(String, String, String)> = find
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, super::names::text_of(row.get_ref(2)?))))?
        .collect::<Result<_>>()?;
    for (id, parent, name) in found {
        if is_valid_parent(&id, &parents) && exists.exists([&parent])? {
            moved += insert.execute([id, parent])? as u64;
        } else {
            dropped.add(&name);
        }
    }
    if moved > 0 {
        adjustments.push(Adjustment::CategoriesMoved { categories: moved });
    }
    adjustments.extend(dropped.non_empty().map(|categories| Adjustment::ParentDropped { categories }));
    Ok(())
}

/// Returns whether a category is neither inside itself nor nested too deeply.
fn is_valid_parent(id: &str, parents: &HashMap<String, String>) -> bool {
    let mut current = id;
    let mut above = Vec::new();
    while let Some(parent) = parents.get(current) {
        if parent == id {
            return false;
        }
        if above.contains(&parent) {
            // A cycle among the ancestors, which is broken at one of its own categories.
            return true;
        }
        above.push(parent);
        if above.len() >= MAX_DEPTH {
            return false;
        }
        current = parent;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_in_a_cycle_lose_their_parents_and_those_below_keep_theirs() {
        let pairs = [("a", "b"), ("b", "a"), ("below", "a"), ("self", "self"), ("child", "root")];
        let parents = pairs.map(|(id, parent)| (id.to_owned(), parent.to_owned())).into();
        let kept = ["a", "b", "below", "self", "child"].map(|id| is_valid_parent(id, &parents));
        assert_eq!(kept, [false, false, true, false, true]);
    }

    #[test]
    fn a_category_that_is_nested_too_deeply_becomes_a_root() {
        let parents = (1..=MAX_DEPTH).map(|at| (at.to_string(), (at - 1).to_string())).collect();
        assert!(is_valid_parent(&(MAX_DEPTH - 1).to_string(), &parents));
        assert!(!is_valid_parent(&MAX_DEPTH.to_string(), &parents));
    }
}
