//! The results of tasks.

use std::path::Path;

use backup::{BackupReport, DrillReport, Plan, RestoreReport, Totals, VerifyReport};
use inventory::sqlite::{ChangedPart, ChangedParts, PartChanges};
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
    pub(crate) name: String,
    /// The size in bytes.
    pub(crate) size: u64,
    pub(crate) is_encrypted: bool,
    #[schema(format = DateTime)]
    pub(crate) verified_at: String,
}

/// A verified archive.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct VerifyResult {
    /// The number of entries, each of which has its hash.
    pub(crate) files: u64,
    /// The unpacked size in bytes.
    pub(crate) bytes: u64,
    /// The number of rows in all tables.
    pub(crate) rows: u64,
    /// The number of rows with broken foreign keys.
    pub(crate) violations: u64,
    /// When the archive was verified; null if that could not be recorded.
    #[schema(format = DateTime)]
    pub(crate) verified_at: Option<String>,
}

/// A proven archive: it was restored into an empty inventory, and compared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DrillResult {
    /// The number of identical tables.
    pub(crate) tables: u64,
    /// The tables that restoring changes, for example by a migration.
    pub(crate) changed_tables: Vec<String>,
    pub(crate) rows: u64,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// How long the restore took.
    pub(crate) restore_seconds: f64,
    pub(crate) totals: TotalsView,
    pub(crate) left_out: Vec<String>,
    /// When the archive was proven; null if that could not be recorded.
    #[schema(format = DateTime)]
    pub(crate) proven_at: Option<String>,
}

/// What a restore would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PlanResult {
    /// Whether the restore would replace rows or files of users.
    pub(crate) replaces_data: bool,
    /// The rows per kind of thing, and of each other table that changes.
    pub(crate) rows: Vec<RowsPlan>,
    /// The parts that go, come back, or get another stock.
    #[serde(default)]
    pub(crate) parts: PartsPlan,
    pub(crate) files: Vec<FolderPlan>,
    /// The migrations that the archive needs.
    pub(crate) migrations: Vec<String>,
    /// The totals of the archive, and of what the restore makes of it.
    pub(crate) totals: TotalsView,
    /// The unfinished tasks in the archive, which come back cancelled.
    pub(crate) cancelled_tasks: u64,
    /// The number of rows with broken foreign keys.
    pub(crate) violations: u64,
    /// What the restore brings back of what people added to the schema.
    pub(crate) put_back: Vec<String>,
    /// What is not restored.
    pub(crate) left_out: Vec<String>,
    /// What people added to the schema of the current database, and will be gone.
    pub(crate) dropped: Vec<String>,
}

/// The parts that differ. Lists have at most 100 parts; the numbers count all.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct PartsPlan {
    pub(crate) added: u64,
    pub(crate) removed: u64,
    /// The parts whose stock changes.
    pub(crate) restocked: u64,
    pub(crate) added_parts: Vec<PartPlan>,
    pub(crate) removed_parts: Vec<PartPlan>,
    pub(crate) restocked_parts: Vec<PartPlan>,
}

/// A part that differs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct PartPlan {
    pub(crate) name: String,
    /// The units of stock now.
    pub(crate) now: u64,
    /// The units of stock after the restore.
    pub(crate) after: u64,
}

impl From<PartChanges> for PartsPlan {
    fn from(PartChanges { added, removed, restocked }: PartChanges) -> Self {
        let named = |parts: ChangedParts| {
            let plan = |ChangedPart { name, now, after }| PartPlan { name, now, after };
            parts.named.into_iter().map(plan).collect()
        };
        Self {
            added: added.count,
            removed: removed.count,
            restocked: restocked.count,
            added_parts: named(added),
            removed_parts: named(removed),
            restocked_parts: named(restocked),
        }
    }
}

/// The changes to the files of one folder. Lists have at most 100 names; the numbers count all.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FolderPlan {
    pub(crate) folder: String,
    pub(crate) added: u64,
    pub(crate) replaced: u64,
    pub(crate) removed: u64,
    pub(crate) unchanged: u64,
    pub(crate) added_names: Vec<String>,
    pub(crate) replaced_names: Vec<String>,
    pub(crate) removed_names: Vec<String>,
}

/// A committed restore.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RestoreResult {
    /// The backup of the former inventory; null if none was made.
    pub(crate) safety_backup: Option<String>,
    pub(crate) files_added: u64,
    pub(crate) files_replaced: u64,
    pub(crate) files_removed: u64,
    /// The name that the former database has now, if it was unusable.
    pub(crate) set_aside: Option<String>,
    pub(crate) migrations: Vec<String>,
    pub(crate) totals: TotalsView,
}

/// Totals before and after.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TotalsView {
    pub(crate) before: TotalsAt,
    pub(crate) after: TotalsAt,
    /// Every total that differs, for a person.
    pub(crate) differences: Vec<String>,
}

/// The totals of an inventory.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct TotalsAt {
    pub(crate) parts: u64,
    /// The units of stock.
    pub(crate) units: u64,
    pub(crate) parts_with_location: u64,
    pub(crate) users: u64,
    pub(crate) files: u64,
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
            parts: plan.part_changes.into(),
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
