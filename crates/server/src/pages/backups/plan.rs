//! What a restore would change, as a table of now and after, and as names.

use super::archive::label;
use crate::pages::words::{counted, grouped, sentence};
use crate::tasks::{FolderPlan, PartPlan, PartsPlan, PlanResult, RowsPlan, Task, TaskResult};

/// The plan of a restore.
pub(super) struct PlanView {
    /// Whether the restore would replace anything of users.
    pub(super) replaces_data: bool,
    /// Whether the restore would change nothing.
    pub(super) is_same: bool,
    pub(super) rows: Vec<Row>,
    pub(super) parts: Vec<Parts>,
    pub(super) files: Vec<Files>,
    pub(super) migrations: Vec<String>,
    pub(super) violations: u64,
    pub(super) remarks: Vec<String>,
    /// What people added to the schema, and will be gone.
    pub(super) dropped: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// The number of things of a kind, now and after the restore.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) now: String,
    pub(super) after: String,
    pub(super) difference: String,
    pub(super) is_same: bool,
}

/// The parts that come, go, or get another stock, each with a figure.
pub(super) struct Parts {
    pub(super) icon: &'static str,
    pub(super) text: String,
    pub(super) parts: Vec<(String, String)>,
    /// The number of parts that are not named.
    pub(super) more: u64,
}

/// The files that come, go, or change, of one folder.
pub(super) struct Files {
    pub(super) text: String,
    pub(super) names: Vec<String>,
    /// The number of files that are not named.
    pub(super) more: u64,
}

impl PlanView {
    /// Returns the plan that a task has made. `None` if it has not.
    pub(super) fn of(task: &Task) -> Option<Self> {
        let Some(TaskResult::Plan(plan)) = &task.result else { return None };
        let rows = plan.rows.iter().filter(|rows| rows.now != Some(0) || rows.after > 0);
        let rows: Vec<Row> = rows.map(Row::new).chain([files_row(&plan.files)]).collect();
        Some(Self {
            replaces_data: plan.replaces_data,
            is_same: rows.iter().all(|row| row.is_same),
            rows,
            parts: Parts::of(&plan.parts),
            files: plan.files.iter().flat_map(Files::of).collect(),
            migrations: plan.migrations.clone(),
            violations: plan.violations,
            remarks: remarks(plan),
            dropped: plan.dropped.clone(),
            notes: task.notes.iter().map(|note| sentence(note)).collect(),
        })
    }
}

impl Row {
    fn new(rows: &RowsPlan) -> Self {
        let RowsPlan { what, table, now, after, added, removed, changed } = rows;
        let counts = [(*added, "+"), (*removed, "−")].into_iter();
        let counts = counts.filter_map(|(count, sign)| Some((count.filter(|count| *count > 0)?, sign)));
        let mut parts: Vec<String> =
            counts.map(|(count, sign)| format!("{sign}{}", grouped(count))).collect();
        parts.extend(changed.filter(|count| *count > 0).map(|count| format!("{} changed", grouped(count))));
        if parts.is_empty() && *now != Some(*after) {
            parts.push("different".to_owned());
        }
        Self {
            label: label(what.as_deref().unwrap_or(table)),
            now: now.map_or_else(|| "unknown".to_owned(), grouped),
            after: grouped(*after),
            is_same: parts.is_empty(),
            difference: if parts.is_empty() { "same".to_owned() } else { parts.join(", ") },
        }
    }
}

/// Returns the row of all files.
fn files_row(folders: &[FolderPlan]) -> Row {
    let sum = |of: fn(&FolderPlan) -> u64| folders.iter().map(of).sum::<u64>();
    let (added, replaced, removed) =
        (sum(|folder| folder.added), sum(|folder| folder.replaced), sum(|folder| folder.removed));
    let unchanged = sum(|folder| folder.unchanged);
    Row::new(&RowsPlan {
        what: Some("files".to_owned()),
        table: String::new(),
        now: Some(unchanged + replaced + removed),
        after: unchanged + replaced + added,
        added: Some(added),
        removed: Some(removed),
        changed: Some(replaced),
    })
}

impl Parts {
    fn of(plan: &PartsPlan) -> Vec<Self> {
        let one = |number: fn(&PartPlan) -> u64| move |part: &PartPlan| grouped(number(part));
        let both = |part: &PartPlan| format!("{} → {}", grouped(part.now), grouped(part.after));
        let list = |(icon, count, [singular, plural]): (&'static str, u64, [&str; 2]),
                    parts: &[PartPlan],
                    figure: &dyn Fn(&PartPlan) -> String| Self {
            icon,
            text: format!("{} {}", counted(count, "part"), if count == 1 { singular } else { plural }),
            parts: parts.iter().map(|part| (part.name.clone(), figure(part))).collect(),
            more: count.saturating_sub(parts.len() as u64),
        };
        let lists = vec![
            list(("minus", plan.removed, ["goes", "go"]), &plan.removed_parts, &one(|part| part.now)),
            list(
                ("undo", plan.added, ["comes back", "come back"]),
                &plan.added_parts,
                &one(|part| part.after),
            ),
            list(
                ("activity", plan.restocked, ["changes stock", "change stock"]),
                &plan.restocked_parts,
                &both,
            ),
        ];
        lists.into_iter().filter(|list| !list.parts.is_empty()).collect()
    }
}

impl Files {
    fn of(folder: &FolderPlan) -> Vec<Self> {
        let what = if folder.folder == "images" { "picture" } else { "datasheet" };
        let lists = [
            (folder.removed, &folder.removed_names, ["goes", "go"]),
            (folder.added, &folder.added_names, ["comes back", "come back"]),
            (folder.replaced, &folder.replaced_names, ["is replaced", "are replaced"]),
        ];
        let lists = lists.into_iter().filter(|(count, ..)| *count > 0);
        let files = lists.map(|(count, names, [one, many])| Self {
            text: format!("{} {}", counted(count, what), if count == 1 { one } else { many }),
            names: names.clone(),
            more: count.saturating_sub(names.len() as u64),
        });
        files.collect()
    }
}

/// Returns what deserves attention.
fn remarks(plan: &PlanResult) -> Vec<String> {
    let mut remarks = Vec::new();
    let named = |what: &str, names: &[String]| format!("{what}: {}.", names.join(", "));
    if plan.cancelled_tasks > 0 {
        remarks.push(format!(
            "{} that had not ended when the backup was made will be cancelled.",
            counted(plan.cancelled_tasks, "task")
        ));
    }
    if plan.violations > 0 {
        remarks.push(format!(
            "{} with references to things that do not exist will come back as they are.",
            counted(plan.violations, "row")
        ));
    }
    if !plan.put_back.is_empty() {
        remarks.push(named("What was added to the schema comes back", &plan.put_back));
    }
    if !plan.left_out.is_empty() {
        remarks.push(named("What was added to the schema does not come back", &plan.left_out));
    }
    remarks.extend(plan.totals.differences.iter().map(|difference| sentence(difference)));
    remarks
}
