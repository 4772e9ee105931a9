//! The guide and the workflow say what is so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The limit was on the job: when it was reached, nothing was uploaded and nobody was told.
#[test]
fn the_time_limit_is_on_the_step_that_runs_the_tests() {
    let workflow = file(".github/workflows/backend-quality.yml");
    let job = workflow.split("  integration-tests:\n").nth(1).unwrap();
    let (head, steps) = job.split_once("    steps:\n").unwrap();
    assert!(!head.contains("timeout-minutes"), "{head}");
    let step = steps.split("- name: ").find(|step| step.starts_with("Run all tests\n")).unwrap();
    assert!(step.contains("timeout-minutes: 10"), "{step}");
    for later in ["Keep the results", "Keep the databases of failed tests", "Comment on the pull request"] {
        let step = steps.split("- name: ").find(|step| step.starts_with(later)).unwrap();
        assert!(step.contains("always()") || step.contains("failure()"), "{step}");
    }
}

#[test]
fn the_guide_names_each_test_of_the_suite_and_counts_them() {
    let suite = file("crates/backup/tests/backup_restore_integration.rs");
    let guide = file("docs/INTEGRATION_TESTING.md");
    let lines = suite.lines().map(str::trim_start);
    let tests: Vec<&str> = lines
        .filter_map(|line| line.strip_prefix("async fn ").or(line.strip_prefix("fn ")))
        .filter_map(|line| line.split('(').next())
        .filter(|name| name.starts_with("test_"))
        .collect();
    for test in &tests {
        assert!(guide.contains(test), "{test} is missing");
    }
    assert!(guide.contains(&format!("tests: {} ", tests.len())), "the footer counts {}", tests.len());
    for path in guide.split('`').filter(|word| word.starts_with("crates/") && word.ends_with(".rs")) {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).exists(), "{path}");
    }
}
