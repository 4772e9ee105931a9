//! Sample content for archives.

use std::collections::BTreeMap;

use archive::BackupMetadata;

/// Returns metadata with the same time in every test.
pub(crate) fn metadata() -> BackupMetadata {
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    let time = day.and_hms_micro_opt(14, 3, 24, 617_125).unwrap();
    BackupMetadata {
        backup_name: "test".into(),
        created_at: time,
        created_at_utc: time,
        makermatrix_version: "0".into(),
        schema_version: "1.0.0".into(),
        datasheets_included: true,
        images_included: true,
        source_engine: "sqlite".into(),
        source_engine_version: "3".into(),
        migrations: vec![],
        tables: BTreeMap::new(),
        foreign_key_violations: 0,
        dangling: vec![],
        left_out: vec![],
        damaged: None,
    }
}

/// Returns bytes that cannot be compressed, the same ones for the same seed.
pub(crate) fn noise(length: usize, mut seed: u64) -> Vec<u8> {
    let mut step = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed >> 24) as u8
    };
    (0..length).map(|_| step()).collect()
}
