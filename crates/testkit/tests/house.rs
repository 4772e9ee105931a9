//! Checks the rules of the house that no compiler checks: which crate may use which, what may be
//! written only where, and that modules of a crate do not depend on each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The crates from the ground up, each with the crates it may use.
const HOUSE: &[(&str, &[&str])] = &[
    ("durable", &[]),
    ("archive", &["durable"]),
    ("snapshot", &["durable"]),
    ("search", &["durable"]),
    ("inventory", &["durable", "snapshot"]),
    ("backup", &["durable", "archive", "inventory"]),
    ("server", &["durable", "archive", "inventory", "backup", "search"]),
    ("cli", &["durable", "archive", "inventory", "backup", "server"]),
    ("testkit", &["durable", "archive", "snapshot", "inventory", "backup"]),
];

/// A text that may stand in the sources of some crates only.
struct Rule {
    what: &'static str,
    texts: &'static [&'static str],
    /// Crates, or parts of a crate such as `server/src/state`.
    allowed_in: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        what: "changing the file system, which is for `durable::Disk`",
        texts: &[
            "fs::write(",
            "fs::rename(",
            "fs::copy(",
            "fs::remove_",
            "fs::create_dir",
            "fs::set_permissions(",
            "fs::hard_link(",
            "File::create(",
            "File::create_new(",
            ".create(true)",
            ".create_new(true)",
        ],
        allowed_in: &["durable", "testkit"],
    },
    Rule {
        what: "rusqlite, which is for `snapshot`",
        texts: &["rusqlite"],
        allowed_in: &["snapshot", "testkit"],
    },
    Rule {
        what: "SQL, which is for `inventory` and `snapshot`, and for the sessions and tasks of the server",
        texts: &[
            "SELECT ",
            "INSERT INTO ",
            "DELETE FROM ",
            "CREATE TABLE ",
            "ALTER TABLE ",
            "PRAGMA ",
            "UPDATE ",
        ],
        allowed_in: &["inventory", "snapshot", "server/src/state", "testkit"],
    },
    Rule {
        what: "advice that names a command, which is for `cli`",
        texts: &["`makermatrix "],
        allowed_in: &["cli", "testkit"],
    },
    Rule {
        what: "printing, which is for `cli`",
        texts: &["println!", "eprintln!"],
        allowed_in: &["cli", "testkit"],
    },
];

#[test]
fn crates_use_only_those_below_them() {
    for (name, allowed) in HOUSE {
        let manifest = read(&crates().join(name).join("Cargo.toml"));
        let normal = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for (other, _) in HOUSE {
            let used = normal.lines().any(|line| line.starts_with(&format!("{other}.")));
            assert!(!used || allowed.contains(other), "{name} must not use {other}");
        }
        let below = HOUSE.iter().position(|(other, _)| other == name);
        let above = |other: &&str| HOUSE.iter().position(|(found, _)| found == other) >= below;
        assert!(!allowed.iter().any(above), "{name} stands below a crate that it may use");
    }
    let found: BTreeSet<String> = folders(&crates());
    let listed: BTreeSet<String> = HOUSE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, listed, "each crate has its place in the house");
}

#[test]
fn what_is_absent_from_a_crate_stays_absent() {
    let mut broken = Vec::new();
    for (name, _) in HOUSE {
        for (path, source) in sources(name) {
            let below = path.strip_prefix(crates()).expect("a source of a crate");
            let applies = |rule: &&Rule| !rule.allowed_in.iter().any(|part| is_part(below, part));
            for (number, line) in code(&source) {
                for rule in RULES.iter().filter(applies) {
                    if rule.texts.iter().any(|text| line.contains(text)) {
                        broken.push(format!("{}:{number}: {}: {}", path.display(), rule.what, line.trim()));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// Returns whether a source is in a crate, or in the module at a path.
fn is_part(source: &Path, part: &str) -> bool {
    source.starts_with(part) || source == Path::new(part).with_extension("rs")
}

#[test]
fn modules_of_a_crate_do_not_depend_on_each_other_in_a_circle() {
    let mut circles = Vec::new();
    for (name, _) in HOUSE {
        let graph = modules(name);
        for module in graph.keys() {
            if let Some(path) = path_back(&graph, module) {
                circles.push(format!("{name}: {}", path.join(" -> ")));
            }
        }
    }
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}

#[test]
fn the_checks_of_the_house_see_what_they_look_for() {
    let source =
        "fn a() { fs::write(p, b) }\n#[cfg(test)]\nmod tests {\n fs::write(p, b)\n}\n// fs::write(\n";
    let lines: Vec<usize> =
        code(source).filter(|(_, line)| line.contains("fs::write(")).map(|(n, _)| n).collect();
    assert_eq!(lines, [1]);
    let graph = BTreeMap::from([
        ("a".to_owned(), BTreeSet::from(["b".to_owned()])),
        ("b".to_owned(), BTreeSet::from(["c".to_owned()])),
        ("c".to_owned(), BTreeSet::from(["b".to_owned()])),
    ]);
    assert_eq!(path_back(&graph, "a"), None);
    assert_eq!(path_back(&graph, "b"), Some(vec!["b".to_owned(), "c".to_owned(), "b".to_owned()]));
}

/// Returns what each top-level module of a crate takes from other top-level modules of it, be it by their
/// own path or by a name that the root of the crate exports for them.
fn modules(name: &str) -> BTreeMap<String, BTreeSet<String>> {
    let root = crates().join(name).join("src");
    let exports = exports(&root);
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, source) in sources(name) {
        let below = path.strip_prefix(&root).expect("a source of the crate");
        let first = below.components().next().expect("a file").as_os_str().to_string_lossy().into_owned();
        let module = first.strip_suffix(".rs").unwrap_or(&first).to_owned();
        if matches!(module.as_str(), "lib" | "main" | "bin") {
            continue;
        }
        let code: String = code(&source).map(|(_, line)| line).collect::<Vec<_>>().join(" ");
        let used = graph.entry(module.clone()).or_default();
        for reference in references(&code) {
            let target = exports.get(&reference).cloned().unwrap_or(reference);
            if target != module {
                used.insert(target);
            }
        }
    }
    let known: BTreeSet<String> = graph.keys().cloned().collect();
    graph.values_mut().for_each(|used| used.retain(|target| known.contains(target)));
    graph
}

/// Returns the first names behind each `crate::`.
fn references(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut item = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.insert(first_name(&item));
                        item.clear();
                        continue;
                    }
                    _ => {}
                }
                item.push(character);
            }
            found.insert(first_name(&item));
        } else {
            found.insert(first_name(rest));
        }
    }
    found.remove("");
    found
}

fn first_name(text: &str) -> String {
    text.trim().chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

/// Returns the module of each name that the root of a crate exports.
fn exports(root: &Path) -> BTreeMap<String, String> {
    let Ok(library) = fs::read_to_string(root.join("lib.rs")) else { return BTreeMap::new() };
    let code: String = code(&library).map(|(_, line)| line).collect::<Vec<_>>().join(" ");
    let mut exports = BTreeMap::new();
    for statement in code.split(';') {
        let Some((_, used)) = statement.split_once("use ") else { continue };
        let Some((module, names)) = used.split_once("::") else { continue };
        let module = module.trim().to_owned();
        for name in names.split(|character: char| !character.is_alphanumeric() && character != '_') {
            exports.insert(name.to_owned(), module.clone());
        }
    }
    exports
}

/// Returns the shortest way from a module back to itself.
fn path_back(graph: &BTreeMap<String, BTreeSet<String>>, start: &str) -> Option<Vec<String>> {
    let mut paths = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !paths.is_empty() {
        let mut longer = Vec::new();
        for path in paths {
            for next in graph.get(&path[path.len() - 1]).into_iter().flatten() {
                let extended = [path.as_slice(), std::slice::from_ref(next)].concat();
                if next == start {
                    return Some(extended);
                }
                if seen.insert(next.clone()) {
                    longer.push(extended);
                }
            }
        }
        paths = longer;
    }
    None
}

/// Returns the numbered lines of a source that are neither comments nor part of its unit tests.
fn code(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let product = source.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    (1..).zip(product.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn sources(name: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![crates().join(name).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                found.push((path.clone(), read(&path)));
            }
        }
    }
    assert!(!found.is_empty(), "{name} has sources");
    found
}

fn folders(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path).expect("the folder of the crates");
    let folders = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of the crates").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
