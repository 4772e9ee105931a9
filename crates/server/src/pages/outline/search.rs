//! The search in a tree: for words of a path, and for what a text names.

use std::cmp::Reverse;

use inventory::MAX_DEPTH;

use super::{Outline, STEP};

/// The largest number of words of a search.
const MAX_WORDS: usize = 16;

impl Outline {
    /// Finds the items whose paths have words that begin with all words of a text, in any order. The best come first: those
    /// with the words in this order, then those with most of the words in their own names, then those high up.
    pub(in super::super) fn find(&self, text: &str, limit: usize) -> Vec<usize> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text
            .split(|char: char| char.is_whitespace() || is_separator(char))
            .filter(|word| !word.is_empty())
            .take(MAX_WORDS)
            .collect();
        let mut found = Vec::new();
        // Items with their depths and the words that are found above them.
        let mut left: Vec<(usize, usize, u32)> = self.roots.iter().rev().map(|root| (*root, 0, 0)).collect();
        while let Some((index, depth, above)) = left.pop() {
            let name = self.items[index].name.to_lowercase();
            let own = words.iter().enumerate().filter(|(_, word)| begins_in(&name, word));
            let own = own.fold(0u32, |own, (at, _)| own | 1 << at);
            let all = own | above;
            if all.count_ones() as usize == words.len() {
                let is_exact = words.last().is_some_and(|word| *word == name);
                let is_ordered = in_order(&self.path_text(index).to_lowercase(), &words);
                found.push((Reverse((is_exact, is_ordered, own.count_ones())), depth, index));
            }
            if depth < MAX_DEPTH {
                left.extend(self.children[index].iter().rev().map(|child| (*child, depth + 1, all)));
            }
        }
        found.sort_by_key(|(fit, depth, _)| (*fit, *depth));
        found.into_iter().take(limit).map(|(.., index)| index).collect()
    }

    /// Returns the items that a text names: by its id, by its whole path, or by the end of its path.
    pub(in super::super) fn named(&self, text: &str) -> Vec<usize> {
        let text = text.trim();
        if let Some(index) = self.index(text) {
            return vec![index];
        }
        let text = text.to_lowercase();
        let steps: Vec<&str> =
            text.split(is_separator).map(str::trim).filter(|step| !step.is_empty()).collect();
        let Some(last) = steps.last() else { return Vec::new() };
        let mut named = Vec::new();
        let mut whole = Vec::new();
        for (index, item) in self.items.iter().enumerate() {
            let name = item.name.trim().to_lowercase();
            // A name may hold a separator.
            if name != *last && !text.ends_with(&name) {
                continue;
            }
            let path = self.path(index);
            let names: Vec<String> =
                path.iter().map(|index| self.items[*index].name.trim().to_lowercase()).collect();
            let spelled = names.join(STEP);
            if spelled == text || names == steps {
                whole.push(index);
            } else if name == text || names.len() > steps.len() && names.ends_with(&owned(&steps)) {
                named.push(index);
            }
        }
        if whole.is_empty() { named } else { whole }
    }
}

fn owned(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|step| (*step).to_owned()).collect()
}

fn is_separator(char: char) -> bool {
    matches!(char, '›' | '>' | '/')
}

/// Returns whether a word of a name begins with a text.
fn begins_in(name: &str, text: &str) -> bool {
    end_of(name, text).is_some()
}

/// Returns where a text ends with which a word of a name begins.
fn end_of(name: &str, text: &str) -> Option<usize> {
    let mut is_start = true;
    let found = name.char_indices().find(|(at, char)| {
        let begins = is_start && name[*at..].starts_with(text);
        is_start = !char.is_alphanumeric();
        begins
    });
    found.map(|(at, _)| at + text.len())
}

/// Returns whether words of a path begin with these texts, in this order.
fn in_order(path: &str, texts: &[&str]) -> bool {
    let mut rest = path;
    texts.iter().all(|text| {
        let end = end_of(rest, text);
        rest = end.map_or("", |end| &rest[end..]);
        end.is_some()
    })
}
