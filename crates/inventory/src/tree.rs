//! What categories and locations share: things inside things.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::Error;

/// How deep things may be nested.
pub const DEEPEST: usize = 64;

/// A thing of a tree, as it stands in a list in which each thing is followed by what is inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch<T> {
    /// 0 at the root.
    pub depth: usize,
    /// The thing itself.
    pub item: T,
}

/// The parent of each thing that has one, by id.
pub(crate) type Parents = HashMap<String, String>;

/// `id` and what it is inside of, root first. Ends where a circle closes, should a database hold one.
pub(crate) fn path(id: &str, parents: &Parents) -> Vec<String> {
    let mut path = vec![id.to_owned()];
    let mut seen = HashSet::from([id]);
    let mut current = id;
    while let Some(parent) = parents.get(current) {
        if !seen.insert(parent) {
            break;
        }
        path.push(parent.clone());
        current = parent;
    }
    path.reverse();
    path
}

/// Refuses to put `id` inside `parent` when that would close a circle, or nest deeper than [`DEEPEST`].
pub(crate) fn check_move(what: &'static str, id: &str, parent: &str, parents: &Parents) -> Result<(), Error> {
    let above = path(parent, parents);
    if above.iter().any(|ancestor| ancestor == id) {
        return Err(Error::Cycle { what, id: id.to_owned() });
    }
    let below = parents.keys().filter_map(|other| {
        let path = path(other, parents);
        path.iter().position(|ancestor| ancestor == id).map(|at| path.len() - at)
    });
    if above.len() + below.max().unwrap_or(1) > DEEPEST {
        return Err(Error::invalid("parent", format!("things may be nested {DEEPEST} deep at most")));
    }
    Ok(())
}

/// All of `items`, which keep their order among those with the same parent. What is in a circle, or inside something
/// that is not there, comes last, as if it were a root.
pub(crate) fn arrange<T>(items: Vec<(String, T)>, parents: &Parents) -> Vec<Branch<T>> {
    let ids: Vec<String> = items.iter().map(|(id, _)| id.clone()).collect();
    let mut waiting: HashMap<String, T> = items.into_iter().collect();
    let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in &ids {
        if let Some(parent) = parents.get(id) {
            children.entry(parent).or_default().push(id);
        }
    }
    let mut branches = Vec::with_capacity(ids.len());
    let roots = ids.iter().filter(|id| !parents.contains_key(*id));
    for root in roots.chain(&ids) {
        let mut stack = vec![(root.as_str(), 0)];
        while let Some((id, depth)) = stack.pop() {
            let Some(item) = waiting.remove(id) else { continue };
            branches.push(Branch { depth, item });
            let inside = children.get(id).into_iter().flatten().rev();
            stack.extend(inside.map(|child| (*child, depth + 1)));
        }
    }
    branches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parents(pairs: &[(&str, &str)]) -> Parents {
        pairs.iter().map(|(child, parent)| ((*child).to_owned(), (*parent).to_owned())).collect()
    }

    #[test]
    fn things_follow_what_they_are_inside_of() {
        let parents =
            parents(&[("b", "a"), ("c", "b"), ("d", "a"), ("lost", "gone"), ("x", "y"), ("y", "x")]);
        let items = ["c", "d", "b", "a", "lost", "x", "y"].map(|id| (id.to_owned(), id)).to_vec();
        let arranged: Vec<_> =
            arrange(items, &parents).iter().map(|branch| (branch.depth, branch.item)).collect();
        assert_eq!(arranged, [(0, "a"), (1, "d"), (1, "b"), (2, "c"), (0, "lost"), (0, "x"), (1, "y")]);
        assert_eq!(path("c", &parents), ["a", "b", "c"]);
        assert_eq!(path("x", &parents), ["y", "x"]);
    }

    #[test]
    fn nothing_goes_inside_itself_or_too_deep() {
        let line = parents(&[("b", "a"), ("c", "b")]);
        assert!(matches!(check_move("location", "a", "c", &line), Err(Error::Cycle { .. })));
        assert!(matches!(check_move("location", "a", "a", &line), Err(Error::Cycle { .. })));
        assert!(check_move("location", "c", "a", &line).is_ok());
        let deep: Parents = (1..DEEPEST).map(|at| (at.to_string(), (at - 1).to_string())).collect();
        let deepest = (DEEPEST - 1).to_string();
        assert!(matches!(check_move("location", "new", &deepest, &deep), Err(Error::Invalid { .. })));
        assert!(check_move("location", "new", "1", &deep).is_ok());
    }
}
