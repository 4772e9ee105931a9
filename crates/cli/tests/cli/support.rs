//! Runs the built binary, isolated from the configuration of the machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use testkit::TestDbPath;

/// A scratch folder in which the binary runs.
pub(crate) struct Shop {
    pub(crate) folder: PathBuf,
    _name: TestDbPath,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let name = TestDbPath::new();
        let folder = name.beside("shop");
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, _name: name }
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_makermatrix"));
        for variable in
            ["MAKERMATRIX_DATA", "DATABASE_URL", "STATIC_FILES_PATH", "BACKUPS_PATH", "MAKERMATRIX_CONFIG"]
        {
            command.env_remove(variable);
        }
        command
            .env("MAKERMATRIX_DATA", self.data())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Runs a command, expects success, and returns standard output as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.err, "", "standard error is empty");
        serde_json::from_str(&ran.out).unwrap()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn places(&self) -> backup::Places {
        backup::Places::in_folder(&self.data())
    }

    /// Creates an inventory with rows and files.
    pub(crate) fn populated() -> Self {
        let shop = Self::new();
        assert_eq!(shop.run(&["init"]).code, 0);
        testkit::generators::add_many_parts(&shop.places().database, 300);
        for (path, content) in
            [("images/a/one.png", "one"), ("images/two.png", "two"), ("datasheets/x.pdf", "%PDF")]
        {
            write(&shop.places().static_files.join(path), content.as_bytes());
        }
        shop
    }
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Damages the database of an archive. (A single bit of compressed data may mean nothing.)
pub(crate) fn damage(archive: &mut [u8]) {
    archive[200..232].iter_mut().for_each(|byte| *byte ^= 0x55);
}

pub(crate) fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}
