//! The seven specified tests of backup and restore with real databases and files. Their guide is
//! `docs/INTEGRATION_TESTING.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use archive::{Limits, Reader, Role};
use backup::{BackupOptions, BackupReport, Engine, Error, Event, Kind, RestoreOptions, RestoreReport};
use inventory::{Actor, Ambient, Inventory};
use rstest::rstest;
use testkit::{
    TestDatabase, TestStaticFiles, populate_test_database, state_of, test_db_with_schema,
    test_static_files_dir,
};

const ACTOR: &Actor = &Actor::System;

fn back_up(engine: &Engine) -> BackupReport {
    engine.backup(ACTOR, &BackupOptions::default(), &mut |_: Event| {}).unwrap()
}

fn restore(engine: &Engine, archive: &Path) -> RestoreReport {
    let staged = engine.stage_restore(ACTOR, &RestoreOptions::new(archive), &mut |_: Event| {}).unwrap();
    staged.commit(&mut |_: Event| {}).unwrap()
}

fn open(archive: &Path) -> Reader<File> {
    Reader::open(File::open(archive).unwrap(), &Limits::default()).unwrap()
}

/// Reads each entry with this role to its end, and returns the hashes by file name.
fn entries(archive: &Path, role: Role) -> BTreeMap<String, Vec<u8>> {
    let reader = open(archive);
    let mut found = BTreeMap::new();
    for entry in reader.entries().iter().filter(|entry| entry.role == role) {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut reader.read(entry).unwrap(), &mut content).unwrap();
        found.insert(entry.name.clone(), content);
    }
    found
}

mod backup_creation {
    use super::*;

    #[rstest]
    #[tokio::test]
    async fn test_create_backup_from_populated_database(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
        let engine = test_db_with_schema.engine(&test_static_files_dir);
        let report = back_up(&engine);

        assert!(report.path.starts_with(&engine.places().backups) && report.path.is_file());
        assert_eq!(report.size, report.path.metadata().unwrap().len());
        assert_eq!(report.snapshot_restarts, 0);

        let reader = open(&report.path);
        let names: Vec<&str> = reader.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names.first(), Some(&"makers_matrix.db"));
        assert_eq!(names[names.len() - 2..], ["backup_info.json", "SHA256SUMS"]);
        assert!(!names.contains(&".env"), "only on request");

        let manifest = reader.info().v3().unwrap();
        assert_eq!(manifest, &report.manifest);
        assert_eq!(manifest.backup_name, report.path.file_stem().unwrap().to_str().unwrap());
        assert_eq!(
            (manifest.format_version.as_str(), manifest.backup_format_version.as_str()),
            ("3.0", "2.0")
        );
        assert!(manifest.database_included && manifest.datasheets_included && manifest.images_included);
        assert!(!manifest.env_included && !manifest.password_protected);
        assert_eq!((manifest.datasheets_count, manifest.images_count), (2, 2));
        let rows = |table: &str| manifest.tables[table].rows;
        assert_eq!(
            ["rolemodel", "usermodel", "api_keys", "categorymodel", "locationmodel"].map(rows),
            [2, 2, 2, 8, 10]
        );
        assert_eq!(["partmodel", "part_location_allocations", "datasheets"].map(rows), [5, 4, 2]);
        assert!(manifest.dangling.is_empty() && manifest.left_out.is_empty());
        assert_eq!(manifest.foreign_key_violations, 0);

        let verified = engine.verify(ACTOR, &report.path, &mut |_: Event| {}).unwrap();
        assert_eq!(verified.files, 7);
    }

    #[rstest]
    #[tokio::test]
    async fn test_backup_includes_datasheets(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        let data = populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
        test_static_files_dir.write("datasheets/lcsc/resistors/Ω 抵抗器 ü.pdf", b"%PDF-1.4 in a sub-folder");
        test_static_files_dir.write("datasheets/empty.pdf", b"");
        let engine = test_db_with_schema.engine(&test_static_files_dir);

        let found = entries(&back_up(&engine).path, Role::Datasheet);
        assert_eq!(found.len(), 4);
        assert_eq!(found["datasheets/lcsc/resistors/Ω 抵抗器 ü.pdf"], b"%PDF-1.4 in a sub-folder");
        for path in &data.datasheets {
            let name = format!("datasheets/{}", path.file_name().unwrap().to_str().unwrap());
            assert_eq!(found[&name], fs::read(path).unwrap());
            assert!(found[&name].starts_with(b"%PDF"));
        }

        let without = BackupOptions { datasheets: false, ..BackupOptions::default() };
        let report = engine.backup(ACTOR, &without, &mut |_: Event| {}).unwrap();
        assert!(entries(&report.path, Role::Datasheet).is_empty() && !report.manifest.datasheets_included);
        assert_eq!(entries(&report.path, Role::Image).len(), 2);
    }

    #[rstest]
    #[tokio::test]
    async fn test_backup_includes_images(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        let data = populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
        test_static_files_dir.write("images/boards/rev-b/top.png", b"\x89PNG in a sub-folder");
        let engine = test_db_with_schema.engine(&test_static_files_dir);

        let found = entries(&back_up(&engine).path, Role::Image);
        assert_eq!(found.len(), 3);
        assert_eq!(found["images/boards/rev-b/top.png"], b"\x89PNG in a sub-folder");
        for path in &data.images {
            let name = format!("images/{}", path.file_name().unwrap().to_str().unwrap());
            assert_eq!(found[&name], fs::read(path).unwrap());
            assert!(found[&name].starts_with(b"\x89PNG\r\n\x1a\n"));
        }

        let without = BackupOptions { images: false, ..BackupOptions::default() };
        let report = engine.backup(ACTOR, &without, &mut |_: Event| {}).unwrap();
        assert!(entries(&report.path, Role::Image).is_empty() && !report.manifest.images_included);
        assert_eq!(entries(&report.path, Role::Datasheet).len(), 2);
    }
}

mod restore_operations {
    use super::*;

    #[rstest]
    #[tokio::test]
    async fn test_restore_database_from_backup(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
        let engine = test_db_with_schema.engine(&test_static_files_dir);
        let before = state_of(engine.places());
        let report = back_up(&engine);

        test_db_with_schema.inventory.close().await.unwrap();
        let database = test_db_with_schema.db_path.path();
        for file in ["-wal", "-shm"] {
            let _ = fs::remove_file(durable::with_suffix(&database, file));
        }
        fs::write(&database, b"CORRUPTED DATABASE").unwrap();
        assert!(Inventory::open(&database, Ambient::system()).await.is_err());

        let restored = restore(&engine, &report.path);
        assert_eq!(state_of(engine.places()), before, "every table and every file is as it was");
        let aside = restored.set_aside.unwrap();
        assert_eq!(fs::read(aside).unwrap(), b"CORRUPTED DATABASE", "the damaged file is kept");
        let rescue = restored.safety_backup.unwrap();
        assert!(matches!(engine.verify(ACTOR, &rescue, &mut |_: Event| {}), Err(Error::Rescue { .. })));

        let inventory = Inventory::open(&database, Ambient::system())
            .await
            .unwrap()
            .with_password_rounds(testkit::few_rounds());
        assert_eq!(
            inventory.query(ACTOR, inventory::users::ListUsers::default()).await.unwrap().total,
            Some(2)
        );
        assert_eq!(
            inventory.query(ACTOR, inventory::parts::ListParts::default()).await.unwrap().total,
            Some(5)
        );
        assert_eq!(
            inventory.query(ACTOR, inventory::locations::ListLocations::default()).await.unwrap().total,
            Some(10)
        );
        assert_eq!(
            inventory.query(ACTOR, inventory::categories::ListCategories::default()).await.unwrap().total,
            Some(8)
        );
        let account = inventory.sign_in("test_admin", testkit::generators::ADMIN_PASSWORD).await.unwrap();
        assert_eq!(account.unwrap().username, "test_admin");
        inventory.close().await.unwrap();
    }
}

mod data_integrity {
    use inventory::categories::{Category, CategoryFilter, CreateCategory, ListCategories};
    use inventory::list::ListQuery;
    use inventory::locations::{CreateLocation, GetLocationPath};
    use inventory::parts::{AddDatasheet, CreatePart, FindPartByName, GetPart, ListDatasheets, SetPartImage};
    use inventory::stock::{
        AllocationFilter, CreateAllocation, GetAllocation, GetTotalQuantity, ListAllocations, TransferStock,
    };

    use super::*;

    #[rstest]
    #[tokio::test]
    async fn test_part_data_matches_after_restore(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        let inventory = &test_db_with_schema.inventory;
        let category = CreateCategory { name: "Ωhmic".into(), ..CreateCategory::default() };
        let category = inventory.run(ACTOR, category).await.unwrap();
        let properties = serde_json::json!({"resistance": "4.7 kΩ", "nested": {"list": [1, 2.5, null, true]}, "emoji": "🔧"});
        let part = CreatePart {
            name: "Widerstand 4,7 kΩ \"präzise\"; DROP TABLE".into(),
            number: Some("R-4K7".into()),
            description: Some("line one\nline two\ttab".into()),
            manufacturer: Some("Vishay".into()),
            manufacturer_part_number: Some("MRS25000C4701".into()),
            component_type: Some("resistor".into()),
            supplier: Some("mouser".into()),
            supplier_part_number: Some("71-MRS25-4.7K".into()),
            supplier_url: Some("https://supplier.example/1".into()),
            product_url: Some("https://product.example/1?a=b&c=%20".into()),
            emoji: Some("⚡".into()),
            properties: properties.as_object().unwrap().clone(),
            category_ids: vec![category.id.clone()],
            ..CreatePart::default()
        };
        let created = inventory.run(ACTOR, part).await.unwrap();
        let image =
            SetPartImage { part_id: created.id.clone(), image_url: Some("/api/utility/get_image/x".into()) };
        test_static_files_dir.write("images/x.png", b"png");
        test_static_files_dir.write("datasheets/r.pdf", b"%PDF");
        let created = inventory.run(ACTOR, image.clone()).await.unwrap();
        let sheet = AddDatasheet {
            part_id: created.id.clone(),
            filename: "r.pdf".into(),
            file_size: Some(4),
            title: Some("Sheet".into()),
            is_primary: true,
            ..AddDatasheet::default()
        };
        let sheet = inventory.run(ACTOR, sheet).await.unwrap();

        let engine = test_db_with_schema.engine(&test_static_files_dir);
        let report = back_up(&engine);
        inventory.run(ACTOR, SetPartImage { image_url: None, ..image }).await.unwrap();
        inventory.run(ACTOR, CreatePart { name: "later".into(), ..CreatePart::default() }).await.unwrap();
        restore(&engine, &report.path);

        // The connections opened before the restore see the restored data.
        assert_eq!(
            inventory.query(ACTOR, GetPart(created.id.clone())).await.unwrap(),
            created,
            "every field"
        );
        assert_eq!(serde_json::Value::from(created.properties), properties);
        let sheets = ListDatasheets { part_id: created.id.clone() };
        assert_eq!(inventory.query(ACTOR, sheets).await.unwrap(), [sheet]);
        let filter = CategoryFilter { part_id: Some(created.id.clone()), ..CategoryFilter::default() };
        let categories = ListCategories(ListQuery { filter, ..ListQuery::default() });
        assert_eq!(
            inventory.query(ACTOR, categories).await.unwrap().items,
            [Category { part_count: 1, ..category }]
        );
        let later = inventory.query(ACTOR, FindPartByName("later".into())).await;
        assert!(later.is_err(), "made after the backup");
    }

    #[rstest]
    #[tokio::test]
    async fn test_allocation_relationships_preserved(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        let inventory = &test_db_with_schema.inventory;
        let data = populate_test_database(inventory, test_static_files_dir.root()).await;
        let (resistor, shelf) = (&data.parts[0], &data.locations[3]);
        let filter = AllocationFilter { part_id: Some(resistor.id.clone()), ..AllocationFilter::default() };
        let of_resistor = ListAllocations(ListQuery { filter, ..ListQuery::default() });
        let before = inventory.query(ACTOR, of_resistor.clone()).await.unwrap().items;
        assert_eq!(before.len(), 2, "one part in two places");
        let above = GetLocationPath { location_id: shelf.id.clone() };
        let path = inventory.query(ACTOR, above.clone()).await.unwrap();

        let engine = test_db_with_schema.engine(&test_static_files_dir);
        let report = back_up(&engine);
        let place = CreateLocation { name: "Elsewhere".into(), ..CreateLocation::default() };
        let elsewhere = inventory.run(ACTOR, place).await.unwrap();
        let transfer = TransferStock {
            part_id: resistor.id.clone(),
            from_location_id: shelf.id.clone(),
            to_location_id: elsewhere.id,
            quantity: 4800,
            ..TransferStock::default()
        };
        inventory.run(ACTOR, transfer).await.unwrap();
        restore(&engine, &report.path);

        assert_eq!(inventory.query(ACTOR, of_resistor).await.unwrap().items, before);
        let total = GetTotalQuantity { part_id: resistor.id.clone() };
        assert_eq!(inventory.query(ACTOR, total).await.unwrap(), 5000);
        assert_eq!(before.iter().filter(|place| place.allocation.is_primary).count(), 1);
        assert_eq!(inventory.query(ACTOR, above).await.unwrap(), path, "with all above it");
        for allocation in &data.allocations {
            assert_eq!(
                &inventory.query(ACTOR, GetAllocation(allocation.id.clone())).await.unwrap(),
                allocation
            );
        }

        // Foreign keys hold, and are still enforced.
        assert_eq!(report.manifest.foreign_key_violations, 0);
        state_of(engine.places());
        let nowhere = CreateAllocation {
            part_id: resistor.id.clone(),
            location_id: "nowhere".into(),
            quantity: 1,
            ..CreateAllocation::default()
        };
        assert!(inventory.run(ACTOR, nowhere).await.is_err());
    }
}

mod error_handling {
    use super::*;

    #[rstest]
    #[tokio::test]
    async fn test_restore_from_nonexistent_backup(
        #[future(awt)] test_db_with_schema: TestDatabase,
        test_static_files_dir: TestStaticFiles,
    ) {
        populate_test_database(&test_db_with_schema.inventory, test_static_files_dir.root()).await;
        let engine = test_db_with_schema.engine(&test_static_files_dir);
        let before = state_of(engine.places());
        let missing = engine.places().backups.join("nonexistent_backup.zip");

        let options = RestoreOptions::new(&missing);
        let error = engine.stage_restore(ACTOR, &options, &mut |_: Event| {}).unwrap_err();
        assert!(matches!(&error, Error::ArchiveNotFound { path } if *path == missing), "{error}");
        assert_eq!(error.kind(), Kind::NotFound);
        let message = error.to_string();
        assert!(message.contains("nonexistent_backup.zip: no such file"), "{message}");
        assert_eq!(state_of(engine.places()), before);
        assert!(!engine.places().backups.exists(), "not even a safety backup was made");
    }
}
