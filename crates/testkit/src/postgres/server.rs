//! Starts the server, or finds that it runs.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::scratch::root;

/// What a test says where PostgreSQL is missing.
const ABSENT: &str = "PostgreSQL 15 or later is required by tests: scripts/install-test-tools.sh installs it";
const WATCHDOG: &str = include_str!("watchdog.sh");
/// The user whom the server runs as where tests run as root, which it refuses.
const USER: &str = "postgres";
/// How often it is looked whether the server has started, with a pause of [`PAUSE`].
const LOOKS: u32 = 3000;
const PAUSE: Duration = Duration::from_millis(10);

/// The server that runs, held by this process.
#[derive(Debug)]
pub(super) struct Server {
    folder: PathBuf,
    /// Locked as long as this process lives.
    _use: File,
}

impl Server {
    /// The server, started if need be.
    pub(super) fn running() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::acquire)
    }

    /// The address of a database on it.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://{USER}@localhost/{database}?host={}", self.server().display())
    }

    /// Waits until no other process starts a server or makes a template, and keeps them from it.
    pub(super) fn lock(&self) -> File {
        lock(&self.folder)
    }

    fn acquire() -> Self {
        let folder = root().join("postgres");
        fs::create_dir_all(&folder).expect("the temporary folder is writable");
        let _alone = lock(&folder);
        // A watchdog that stops a server holds this lock alone until the server is gone.
        let mut in_use = open(&folder.join("use.lock"));
        in_use.lock_shared().expect("a lock can be had");
        // The watchdog looks at when somebody came last.
        in_use.write_all(b".").expect("the temporary folder is writable");
        let server = Self { folder, _use: in_use };
        if !server.answers() {
            server.start();
        }
        server.watch();
        server
    }

    fn server(&self) -> PathBuf {
        self.folder.join("server")
    }

    fn data(&self) -> PathBuf {
        self.server().join("data")
    }

    fn answers(&self) -> bool {
        let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let ready = state.lines().any(|line| line.trim() == "ready");
        ready && UnixStream::connect(self.server().join(".s.PGSQL.5432")).is_ok()
    }

    fn start(&self) {
        self.remove_remains();
        let server = self.server();
        fs::create_dir(&server).expect("the temporary folder is writable");
        let initdb = program("initdb");
        let as_root = fs::metadata(&server).expect("just made").uid() == 0;
        if as_root {
            run(Command::new("chown").arg(USER).arg(&server));
        }
        let as_server = |program: &Path| {
            let mut command = Command::new(if as_root { Path::new("setpriv") } else { program });
            if as_root {
                let user = [format!("--reuid={USER}"), format!("--regid={USER}")];
                command.args(user).arg("--clear-groups").arg(program);
            }
            command.current_dir(&server);
            command
        };
        run(as_server(&initdb)
            .args(["--username", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
            .arg(self.data()));
        // In a session of its own, so that nothing which ends this process reaches it.
        let postgres = as_server(&program("postgres"));
        let log = File::create(self.folder.join("server.log")).expect("the temporary folder is writable");
        let mut command = Command::new("setsid");
        command.arg("--fork").arg(postgres.get_program()).args(postgres.get_args()).current_dir(&server);
        command.arg("-D").arg(self.data()).arg("-k").arg(&server);
        for setting in [
            "listen_addresses=",
            "port=5432",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "max_connections=300",
            "shared_buffers=64MB",
            "autovacuum=off",
        ] {
            command.args(["-c", setting]);
        }
        let errors = log.try_clone().expect("a descriptor can be copied");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command.status().expect("setsid is on every Linux");
        for _ in 0..LOOKS {
            if self.answers() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        let log = fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        panic!("the PostgreSQL server of the tests has not started:\n{log}");
    }

    /// Stops what is left of a server that does not answer, and removes its folder.
    fn remove_remains(&self) {
        let state = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        if let Some(id) = state.lines().next()
            && fs::read(format!("/proc/{id}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&*self.data().to_string_lossy()))
        {
            let _ = Command::new("kill").args(["-QUIT", id]).output();
        }
        match fs::remove_dir_all(self.server()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                panic!("{}: {error}", self.server().display())
            }
            _ => {}
        }
    }

    /// Starts the watchdog unless one is there.
    fn watch(&self) {
        if open(&self.folder.join("watchdog.lock")).try_lock().is_err() {
            return;
        }
        let script = self.folder.join("watchdog.sh");
        fs::write(&script, WATCHDOG).expect("the temporary folder is writable");
        let mut command = Command::new("setsid");
        command.arg("--fork").arg("sh").arg(script).arg(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().expect("setsid is on every Linux");
    }
}

fn lock(folder: &Path) -> File {
    let file = open(&folder.join("start.lock"));
    file.lock().expect("a lock can be had");
    file
}

fn open(path: &Path) -> File {
    let options = OpenOptions::new().create(true).truncate(false).write(true).open(path);
    options.unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Finds a program of PostgreSQL: in `PATH`, or where Debian keeps its versions, the newest first.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort();
    folders.extend(versions.into_iter().rev().map(|(_, folder)| folder));
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("there is no {name}. {ABSENT}"))
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let Output { status, stderr, .. } =
        output.unwrap_or_else(|error| panic!("{command:?}: {error}. {ABSENT}"));
    assert!(status.success(), "{command:?}: {status}: {}. {ABSENT}", String::from_utf8_lossy(&stderr));
}
