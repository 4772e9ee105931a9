//! The parts that the next rows may belong to.

use std::collections::HashMap;

use crate::db::entity::partmodel;
use crate::exchange::parts::{Links, find_any, links_of};
use crate::{Error, Read};

/// Parts by id, number and name, as they are after the rows before.
#[derive(Debug, Default)]
pub(super) struct KnownParts {
    parts: HashMap<String, KnownPart>,
    by_number: HashMap<String, Vec<String>>,
    by_name: HashMap<String, String>,
}

/// A part and what is linked to it.
#[derive(Clone, Debug)]
pub(super) struct KnownPart {
    pub(super) row: partmodel::Model,
    pub(super) links: Links,
}

impl KnownParts {
    /// Reads the parts with these ids, numbers and names.
    pub(super) async fn load(read: &Read, keys: [&[&str]; 3]) -> Result<Self, Error> {
        let rows = find_any(read, keys).await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let mut links = links_of(read, &ids).await?;
        let mut known = Self::default();
        for row in rows {
            if !known.parts.contains_key(&row.id) {
                let links = links.remove(&row.id).unwrap_or_default();
                known.put(KnownPart { row, links });
            }
        }
        Ok(known)
    }

    /// Adds a part, or replaces it.
    pub(super) fn put(&mut self, part: KnownPart) {
        let id = part.row.id.clone();
        if let Some(before) = self.parts.get(&id) {
            self.by_name.remove(&before.row.part_name);
            if let Some(number) = &before.row.part_number
                && let Some(ids) = self.by_number.get_mut(number)
            {
                ids.retain(|other| *other != id);
            }
        }
        self.by_name.insert(part.row.part_name.clone(), id.clone());
        if let Some(number) = &part.row.part_number {
            self.by_number.entry(number.clone()).or_default().push(id.clone());
        }
        self.parts.insert(id, part);
    }

    pub(super) fn get(&self, id: &str) -> Option<&KnownPart> {
        self.parts.get(id)
    }

    pub(super) fn with_number(&self, number: &str) -> impl Iterator<Item = &KnownPart> {
        self.by_number.get(number).into_iter().flatten().filter_map(|id| self.parts.get(id))
    }

    pub(super) fn with_name(&self, name: &str) -> Option<&KnownPart> {
        self.parts.get(self.by_name.get(name)?)
    }
}
