//! What the vectors are made from: a real archive, taken apart.

use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use archive::{DATABASE, Limits, MANIFEST, Reader, Role, Sha256Hex};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::zip::{Entry, Zip};
use crate::TestDbPath;

/// A real archive, and its parts.
pub struct Base {
    /// The file, as the product wrote it.
    pub archive: Vec<u8>,
    /// Its database.
    pub database: Vec<u8>,
    /// Its files, each with its name in the archive.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its manifest.
    pub manifest: Value,
    /// The image that vectors are about.
    pub image: String,
    packed: Entry,
    scratch: TestDbPath,
    edits: Cell<u32>,
}

impl Base {
    /// Takes apart the archive at `path`, which must have this image.
    pub fn of(path: &Path, image: &str) -> Self {
        let reader = Reader::open(fs::File::open(path).expect("it exists"), &Limits::default())
            .expect("the product wrote it");
        let mut files = Vec::new();
        let (mut database, mut manifest) = (Vec::new(), Value::Null);
        for entry in reader.entries() {
            let mut content = Vec::new();
            reader.read(entry).expect("it is there").read_to_end(&mut content).expect("it is sound");
            match entry.role {
                Role::Database => database = content,
                Role::Manifest => manifest = serde_json::from_slice(&content).expect("it is JSON"),
                role if role.is_static() => files.push((entry.name.clone(), content)),
                _ => {}
            }
        }
        assert!(files.iter().any(|(name, _)| name == image), "the archive has no {image}");
        Self {
            archive: fs::read(path).expect("it exists"),
            packed: Entry::deflated(DATABASE, &database),
            image: image.to_owned(),
            database,
            files,
            manifest,
            scratch: TestDbPath::new(),
            edits: Cell::new(0),
        }
    }

    /// An archive of format 2.0 with the same content.
    pub fn legacy(&self) -> Zip {
        let info = json!({
            "backup_name": "legacy",
            "created_at": "2026-01-02T03:04:05.678901",
            "backup_format_version": "2.0",
            "datasheets_included": true,
            "images_included": true,
        });
        let files = self.files.iter().map(|(name, content)| Entry::stored(name, content));
        let info = Entry::stored(MANIFEST, info.to_string().as_bytes());
        Zip::of([self.packed.clone()].into_iter().chain(files).chain([info]))
    }

    /// The same with another database.
    pub fn legacy_with(&self, database: &[u8]) -> Zip {
        let mut zip = self.legacy();
        zip.entries[0] = Entry::deflated(DATABASE, database);
        zip
    }

    /// An archive of format 3 whose lists agree, to be changed before it is built.
    pub fn v3(&self) -> V3 {
        V3 {
            database: self.packed.clone(),
            hash: Sha256Hex::of(&self.database).to_string(),
            size: self.database.len(),
            files: self.files.clone(),
            manifest: self.manifest.clone(),
        }
    }

    /// A file with the database.
    pub fn database_file(&self) -> PathBuf {
        let path = self.scratch.beside("database");
        fs::write(&path, &self.database).expect("writable");
        path
    }

    /// The database after some SQL, as hostile as it may be. The schema may be written to.
    pub fn edited(&self, sql: &str) -> Vec<u8> {
        self.edited_by(|connection| connection.execute_batch(sql).expect("the vector is valid SQL"))
    }

    /// The database after anything.
    pub fn edited_by(&self, edit: impl FnOnce(&Connection)) -> Vec<u8> {
        self.database_from(&self.database, edit)
    }

    /// A database that begins as these bytes.
    pub fn database_from(&self, bytes: &[u8], edit: impl FnOnce(&Connection)) -> Vec<u8> {
        self.edits.set(self.edits.get() + 1);
        let path = self.scratch.beside(&format!("edit-{}", self.edits.get()));
        fs::write(&path, bytes).expect("writable");
        let connection = Connection::open(&path).expect("a database");
        connection
            .execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA writable_schema = ON")
            .expect("is only a setting");
        edit(&connection);
        drop(connection);
        fs::read(path).expect("just written")
    }
}

/// An archive of format 3 in the making.
#[derive(Clone)]
pub struct V3 {
    database: Entry,
    hash: String,
    size: usize,
    /// Its files.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its manifest; `files` is filled in when it is built.
    pub manifest: Value,
}

impl V3 {
    /// The same with another database.
    #[must_use]
    pub fn database(mut self, database: &[u8]) -> Self {
        self.database = Entry::deflated(DATABASE, database);
        self.hash = Sha256Hex::of(database).to_string();
        self.size = database.len();
        self
    }

    /// The same with one more file.
    #[must_use]
    pub fn and(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_vec()));
        self
    }

    /// The zip.
    pub fn zip(self) -> Zip {
        self.zip_with(|_| {}, |sums| sums.to_owned())
    }

    /// The same with another manifest (for which `SHA256SUMS` is made to fit).
    pub fn lying(self, manifest: impl FnOnce(&mut Value)) -> Zip {
        self.zip_with(manifest, |sums| sums.to_owned())
    }

    /// The same with other text in the place of the manifest.
    pub fn with_manifest(self, text: &[u8]) -> Zip {
        let sums = self.sums(text);
        self.build(text.to_vec(), sums.into_bytes())
    }

    /// The same with another `SHA256SUMS`.
    pub fn with_sums(self, change: impl FnOnce(&str) -> String) -> Zip {
        self.zip_with(|_| {}, change)
    }

    /// The manifest as text.
    pub fn manifest_text(&self) -> String {
        let mut manifest = self.manifest.clone();
        manifest["files"] = self.listed();
        serde_json::to_string_pretty(&manifest).expect("it is JSON")
    }

    fn zip_with(self, change: impl FnOnce(&mut Value), sums: impl FnOnce(&str) -> String) -> Zip {
        let mut manifest = self.manifest.clone();
        manifest["files"] = self.listed();
        change(&mut manifest);
        let text = serde_json::to_string_pretty(&manifest).expect("it is JSON").into_bytes();
        let sums = sums(&self.sums(&text));
        self.build(text, sums.into_bytes())
    }

    fn build(self, manifest: Vec<u8>, sums: Vec<u8>) -> Zip {
        let files = self.files.iter().map(|(name, content)| Entry::stored(name, content));
        let last = [Entry::stored(MANIFEST, &manifest), Entry::stored(archive::CHECKSUMS, &sums)];
        let entries = [self.database.clone()].into_iter().chain(files).chain(last);
        Zip::of(entries.map(Entry::described))
    }

    fn listed(&self) -> Value {
        let database = json!({"path": DATABASE, "size": self.size, "sha256": self.hash});
        let files = self.files.iter().map(|(name, content)| {
            json!({"path": name, "size": content.len(), "sha256": Sha256Hex::of(content).to_string()})
        });
        [database].into_iter().chain(files).collect()
    }

    fn sums(&self, manifest: &[u8]) -> String {
        let files =
            self.files.iter().map(|(name, content)| (name.as_str(), Sha256Hex::of(content).to_string()));
        let all = [(DATABASE, self.hash.clone())].into_iter().chain(files);
        let all = all.chain([(MANIFEST, Sha256Hex::of(manifest).to_string())]);
        all.map(|(name, hash)| format!("{hash}  {name}\n")).collect()
    }
}
