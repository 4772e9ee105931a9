//! The results of tasks.

use std::path::Path;

use backup::{BackupReport, DrillReport, Plan, RestoreReport, Totals, VerifyReport};
use inventory::{Census, Difference};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::{RowsPlan, rows_of};

/// The largest number of names in a list.
const MAX_NAMES: usize = 100;

/// The result of a task that has succeeded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum TaskResult {
    Backup(BackupResult),
    Verify(VerifyResult),
    Drill(DrillResult),
    Plan(PlanResult),
    Restore(RestoreResult),
}

/// A finished backup, which has been read back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct BackupResult {
    /// The file name.
    name: String,
    /// The size in bytes.
    size: u64,
    is_encrypted: bool,
    #[schema(format = DateTime)]
    verified_at: String,
}

/// A verified archive.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct VerifyResult {
    /// The number of entries, each of which has its hash.
    files: u64,
    /// The unpacked size in bytes.
    bytes: u64,
    /// The number of rows in all tables.
    rows: u64,
    /// The number of rows with broken foreign keys.
    violations: u64,
    /// When the archive was verified; null if that could not be recorded.
    #[schema(format = DateTime)]
    verified_at: Option<String>,
}

/// A proven archive: it was restored into an empty inventory, and compared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DrillResult {
    /// The number of identical tables.
    tables: u64,
    /// The tables that restoring changes, for example by a migration.
    changed_tables: Vec<String>,
    rows: u64,
    files: u64,
    bytes: u64,
    /// How long the restore took.
    restore_seconds: f64,
    totals: TotalsView,
    left_out: Vec<String>,
    /// When the archive was proven; null if that could not be recorded.
    #[schema(format = DateTime)]
    proven_at: Option<String>,
}

/// What a restore would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlanResult {
    /// Whether the restore would replace rows or files of users.
    replaces_data: bool,
    /// The rows per kind of thing, and of each other table that changes.
    rows: Vec<RowsPlan>,
    files: Vec<FolderPlan>,
    /// The migrations that the archive needs.
    migrations: Vec<String>,
    /// The totals of the archive, and of what the restore makes of it.
    totals: TotalsView,
    /// The unfinished tasks in the archive, which come back cancelled.
    cancelled_tasks: u64,
    /// The number of rows with broken foreign keys.
    violations: u64,
    /// What the restore brings back of what people added to the schema.
    put_back: Vec<String>,
    /// What is not restored.
    left_out: Vec<String>,
    /// What people added to the schema of the current database, and will be gone.
    dropped: Vec<String>,
}

/// The changes to the files of one folder. Lists have at most 100 names; the numbers count all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FolderPlan {
    folder: String,
    added: u64,
    replaced: u64,
    removed: u64,
    unchanged: u64,
    added_names: Vec<String>,
    replaced_names: Vec<String>,
    removed_names: Vec<String>,
}

/// A committed restore.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RestoreResult {
    /// The backup of the former inventory; null if none was made.
    safety_backup: Option<String>,
    files_added: u64,
    files_replaced: u64,
    files_removed: u64,
    /// The name that the former database has now, if it was unusable.
    set_aside: Option<String>,
    migrations: Vec<String>,
    totals: TotalsView,
}

/// Totals before and after.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TotalsView {
    before: TotalsAt,
    after: TotalsAt,
    /// Every total that differs, for a person.
    differences: Vec<String>,
}

/// The totals of an inventory.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TotalsAt {
    parts: u64,
    /// The units of stock.
    units: u64,
    parts_with_location: u64,
    users: u64,
    files: u64,
}

impl From<Census> for TotalsAt {
    fn from(census: Census) -> Self {
        let Census { parts, units, parts_with_location, users, files } = census;
        Self { parts, units, parts_with_location, users, files }
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        let differences = totals.differences().iter().map(Difference::to_string).collect();
        Self { before: totals.before.into(), after: totals.after.into(), differences }
    }
}

impl From<BackupReport> for TaskResult {
    fn from(report: BackupReport) -> Self {
        Self::Backup(BackupResult {
            name: file_name(&report.path),
            size: report.size,
            is_encrypted: report.encryption.is_some(),
            verified_at: report.status.verified_at,
        })
    }
}

impl From<VerifyReport> for TaskResult {
    fn from(report: VerifyReport) -> Self {
        Self::Verify(VerifyResult {
            files: report.files,
            bytes: report.bytes,
            rows: report.database.tables.values().map(|table| table.rows).sum(),
            violations: report.database.violation_count,
            verified_at: report.status.map(|status| status.verified_at),
        })
    }
}

impl From<DrillReport> for TaskResult {
    fn from(report: DrillReport) -> Self {
        Self::Drill(DrillResult {
            tables: report.tables,
            changed_tables: limited(report.changed_tables),
            rows: report.rows,
            files: report.files,
            bytes: report.bytes,
            restore_seconds: report.took.as_secs_f64(),
            totals: report.totals.into(),
            left_out: limited(report.left_out),
            proven_at: report.status.and_then(|status| status.proven).map(|proven| proven.at),
        })
    }
}

impl From<Plan> for TaskResult {
    fn from(plan: Plan) -> Self {
        let rows = rows_of(&plan);
        let replaces_data = plan.replaces_data();
        let files = plan.files.into_iter().map(|changes| FolderPlan {
            folder: changes.kind.folder().to_owned(),
            added: changes.add.len() as u64,
            replaced: changes.replace.len() as u64,
            removed: changes.remove.len() as u64,
            unchanged: changes.unchanged,
            added_names: limited(changes.add),
            replaced_names: limited(changes.replace),
            removed_names: limited(changes.remove),
        });
        Self::Plan(PlanResult {
            replaces_data,
            rows,
            files: files.collect(),
            migrations: plan.migrations,
            totals: plan.totals.into(),
            cancelled_tasks: plan.cancelled_tasks,
            violations: plan.violations,
            put_back: limited(plan.put_back),
            left_out: limited(plan.left_out),
            dropped: limited(plan.dropped),
        })
    }
}

impl From<RestoreReport> for TaskResult {
    fn from(report: RestoreReport) -> Self {
        let (added, replaced, removed) = report.plan.file_totals();
        Self::Restore(RestoreResult {
            safety_backup: report.safety_backup.as_deref().map(file_name),
            files_added: added as u64,
            files_replaced: replaced as u64,
            files_removed: removed as u64,
            set_aside: report.set_aside.as_deref().map(file_name),
            migrations: report.plan.migrations,
            totals: report.plan.totals.into(),
        })
    }
}

fn limited(mut names: Vec<String>) -> Vec<String> {
    names.truncate(MAX_NAMES);
    names
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
