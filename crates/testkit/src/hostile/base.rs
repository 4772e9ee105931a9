//! The parts of a real archive, from which the vectors are built.

use std::cell::Cell;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use archive::{DATABASE, Limits, MANIFEST, Reader, Role, Sha256Hex};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::zip::{Entry, Zip};
use crate::TestDbPath;

/// A real archive and its parts.
pub struct Base {
    /// The bytes of the archive.
    pub archive: Vec<u8>,
    /// The database.
    pub database: Vec<u8>,
    /// The static files, each with the name in the archive.
    pub files: Vec<(String, Vec<u8>)>,
    /// The manifest.
    pub manifest: Value,
    /// The name of the image that vectors change.
    pub image: String,
    packed: Entry,
    scratch: TestDbPath,
    edits: Cell<u32>,
}

impl Base {
    /// Reads the archive at `path`, which must contain this image.
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

    /// Builds an archive of format 2.0 with the same content.
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

    /// Builds the same archive with another database.
    pub fn legacy_with(&self, database: &[u8]) -> Zip {
        let mut zip = self.legacy();
        zip.entries[0] = Entry::deflated(DATABASE, database);
        zip
    }

    /// Begins an archive of format 3 with the same content.
    pub fn v3(&self) -> V3 {
        V3 {
            database: self.packed.clone(),
            hash: Sha256Hex::of(&self.database).to_string(),
            size: self.database.len(),
            files: self.files.clone(),
            manifest: self.manifest.clone(),
        }
    }

    /// Writes the database to a file, and returns the path.
    pub fn database_file(&self) -> PathBuf {
        let path = self.scratch.beside("database");
        fs::write(&path, &self.database).expect("writable");
        path
    }

    /// Returns the database after some SQL, which may write to `sqlite_schema`.
    pub fn edited(&self, sql: &str) -> Vec<u8> {
        self.edited_by(|connection| connection.execute_batch(sql).expect("the vector is valid SQL"))
    }

    /// Returns the database after an edit.
    pub fn edited_by(&self, edit: impl FnOnce(&Connection)) -> Vec<u8> {
        self.database_from(&self.database, edit)
    }

    /// Returns a database that begins as these bytes after an edit.
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

/// An archive of format 3 that is not built yet. Its lists of files agree unless told otherwise.
#[derive(Clone)]
pub struct V3 {
    database: Entry,
    hash: String,
    size: usize,
    /// The static files.
    pub files: Vec<(String, Vec<u8>)>,
    /// The manifest, of which `files` is set when the archive is built.
    pub manifest: Value,
}

impl V3 {
    /// Replaces the database.
    #[must_use]
    pub fn database(mut self, database: &[u8]) -> Self {
        self.database = Entry::deflated(DATABASE, database);
        self.hash = Sha256Hex::of(database).to_string();
        self.size = database.len();
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn and(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_vec()));
        self
    }

    /// Builds the archive.
    pub fn zip(self) -> Zip {
        self.zip_with(|_| {}, |sums| sums.to_owned())
    }

    /// Builds the archive with a changed manifest, to which `SHA256SUMS` is made to fit.
    pub fn lying(self, manifest: impl FnOnce(&mut Value)) -> Zip {
        self.zip_with(manifest, |sums| sums.to_owned())
    }

    /// Builds the archive with this text as the manifest, to which `SHA256SUMS` is made to fit.
    pub fn with_manifest(self, text: &[u8]) -> Zip {
        let sums = self.sums(text);
        self.build(text.to_vec(), sums.into_bytes())
    }

    /// Builds the archive with a changed `SHA256SUMS`.
    pub fn with_sums(self, change: impl FnOnce(&str) -> String) -> Zip {
        self.zip_with(|_| {}, change)
    }

    /// Returns the text of the manifest.
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
