//! Paths and lists in a cell: `Room > Shelf > Drawer`, and `Resistors; Chips`. A backslash before `\`, `;`, `>` or a blank makes
//! it part of a name. A path that begins with `>` is a name at the root.

/// A name, or a path from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// The names, from the root down.
    pub(super) names: Vec<String>,
    /// Whether the path begins at the root. A single name may be anywhere otherwise.
    pub(super) is_rooted: bool,
}

/// A name that is being read.
#[derive(Default)]
struct Name {
    text: String,
    /// The length without the blanks at the end.
    length: usize,
}

impl Name {
    fn add(&mut self, char: char) {
        self.text.push(char);
        self.length = self.text.len();
    }

    fn add_blank(&mut self, char: char) {
        if !self.text.is_empty() {
            self.text.push(char);
        }
    }

    fn finish(mut self) -> String {
        self.text.truncate(self.length);
        self.text
    }
}

/// Reads a path. Returns `None` if a name in it is empty.
pub(super) fn path(text: &str) -> Option<Path> {
    rooted(parse(text, None, Some('>')).pop()?)
}

/// Reads a list of paths. Returns `None` if a name in a path is empty.
pub(super) fn paths(text: &str) -> Option<Vec<Path>> {
    let items = parse(text, Some(';'), Some('>')).into_iter();
    items.filter(|names| names.iter().any(|name| !name.is_empty())).map(rooted).collect()
}

/// Reads a list of names.
pub(super) fn names(text: &str) -> Vec<String> {
    parse(text, Some(';'), None).into_iter().flatten().filter(|name| !name.is_empty()).collect()
}

fn rooted(mut names: Vec<String>) -> Option<Path> {
    let is_marked = names.len() > 1 && names[0].is_empty();
    if is_marked {
        names.remove(0);
    }
    let is_rooted = is_marked || names.len() > 1;
    names.iter().all(|name| !name.is_empty()).then_some(Path { names, is_rooted })
}

/// Splits a text into items at `item`, and each item into names at `level`.
fn parse(text: &str, item: Option<char>, level: Option<char>) -> Vec<Vec<String>> {
    let mut items = Vec::new();
    let mut names = Vec::new();
    let mut name = Name::default();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\\'
            && let Some(escaped) = chars.next_if(|next| is_special(*next))
        {
            name.add(escaped);
        } else if Some(char) == level {
            names.push(std::mem::take(&mut name).finish());
        } else if Some(char) == item {
            names.push(std::mem::take(&mut name).finish());
            items.push(std::mem::take(&mut names));
        } else if char.is_whitespace() {
            name.add_blank(char);
        } else {
            name.add(char);
        }
    }
    names.push(name.finish());
    items.push(names);
    items
}

fn is_special(char: char) -> bool {
    matches!(char, '\\' | ';' | '>') || char.is_whitespace()
}

/// Returns a name as it stands in a path or a list.
pub(super) fn escaped(name: &str) -> String {
    let inner = name.trim().len();
    let start = name.len() - name.trim_start().len();
    let mut text = String::with_capacity(name.len());
    for (at, char) in name.char_indices() {
        let is_inside = (start..start + inner).contains(&at);
        if matches!(char, '\\' | ';' | '>') || (char.is_whitespace() && !is_inside) {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

/// Returns the text of a path.
pub(super) fn joined<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(escaped).collect::<Vec<_>>().join(" > ")
}

/// Returns the text of a list of names.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(escaped).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_root_and_names_anywhere() {
        let found = |text: &str| path(text).map(|path| (path.names.join("|"), path.is_rooted));
        assert_eq!(found("Shelf > Drawer A"), Some(("Shelf|Drawer A".to_owned(), true)));
        assert_eq!(found(" Drawer; A "), Some(("Drawer; A".to_owned(), false)));
        assert_eq!(found("> Shelf"), Some(("Shelf".to_owned(), true)));
        assert_eq!(found(r"a\>b\\c\d"), Some((r"a>b\c\d".to_owned(), false)));
        assert_eq!(found("Shelf > > A"), None);
        assert_eq!(found("Shelf >"), None);
        assert_eq!(names(" a; ;b > c;"), ["a", "b > c"]);
        assert_eq!(paths("a > b; c;").map(|paths| paths.len()), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn every_list_of_names_is_read_as_it_was_written(
            written in proptest::collection::vec("[\\\\;> \\n]{0,2}\\PC{1,4}[\\\\;> ]{0,2}", 1..4),
        ) {
            let written: Vec<&str> = written.iter().map(String::as_str).filter(|name| !name.trim().is_empty()).collect();
            proptest::prop_assert_eq!(names(&listed(written.iter().copied())), written.clone());
            if let Some(found) = path(&joined(written.iter().copied())) {
                proptest::prop_assert_eq!(found.names, written);
            } else {
                proptest::prop_assert!(written.is_empty());
            }
        }
    }
}
