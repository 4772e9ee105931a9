//! Defines the arguments for clap. Does no work.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// A self-hosted parts inventory for makers and makerspaces, whose backups can be trusted.
#[derive(Debug, Parser)]
#[command(name = "makermatrix", version, arg_required_else_help = true, after_help = crate::exit::HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command, given before or after it.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Folder with database, static files and backups
    #[arg(long, global = true, value_name = "DIR", env = "MAKERMATRIX_DATA", default_value = "data")]
    pub(crate) data_dir: PathBuf,
    /// Database: sqlite:///relative/path or sqlite:////absolute/path [default: makers_matrix.db in the data folder]
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// Folder with datasheets/ and images/ [default: static in the data folder]
    #[arg(long, global = true, value_name = "DIR", env = "STATIC_FILES_PATH")]
    static_files: Option<PathBuf>,
    /// Configuration [default: makermatrix.toml in the data folder or beside the database, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "MAKERMATRIX_CONFIG")]
    config: Option<PathBuf>,
    /// Folder for archives [default: backups in the data folder]
    #[arg(long, global = true, value_name = "DIR", env = "BACKUPS_PATH")]
    backups: Option<PathBuf>,
    /// Print one JSON object on standard output, and nothing else
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show no progress; warnings and errors are still shown
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Accessors that treat an empty environment variable as unset, as shells do.
impl Global {
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref().filter(|url| !url.is_empty())
    }

    pub(crate) fn static_files(&self) -> Option<&Path> {
        non_empty(self.static_files.as_ref())
    }

    pub(crate) fn config(&self) -> Option<&Path> {
        non_empty(self.config.as_ref())
    }

    pub(crate) fn backups(&self) -> Option<&Path> {
        non_empty(self.backups.as_ref())
    }
}

fn non_empty(path: Option<&PathBuf>) -> Option<&Path> {
    path.map(PathBuf::as_path).filter(|path| !path.as_os_str().is_empty())
}

/// The commands of the program.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an empty inventory, or bring an existing database up to date (after a backup)
    Init,
    /// Serve the inventory over HTTP until a signal; brings an existing database up to date first (after a backup)
    Serve(Serve),
    /// Demonstrate a whole cycle on sample data in a scratch folder: back up, verify, damage, restore, compare
    Demo {
        /// Keep the scratch folder
        #[arg(long)]
        keep: bool,
        /// Serve the sample data over HTTP until a signal instead, with an administrator whose password is shown once
        #[arg(long)]
        serve: bool,
        /// Address and port for --serve; port 0 takes any free port
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", requires = "serve")]
        listen: SocketAddr,
    },
    /// Write a backup of database and files
    Backup(Backup),
    /// Check the database that is in use: damage, broken references, files without rows, and whether the ledger explains the stock
    #[command(after_help = CHECK)]
    Check,
    /// Check every byte of an archive, open its database, compare with its manifest
    Verify {
        #[arg(help = ARCHIVE)]
        file: PathBuf,
        #[command(flatten)]
        keys: Keys,
    },
    /// Restore archives into a scratch folder, compare everything, and record that they are proven
    Drill(Drill),
    /// Show what an archive says is inside it (without checking that it is)
    Show {
        #[arg(help = ARCHIVE)]
        file: PathBuf,
        /// List every file
        #[arg(long)]
        files: bool,
        #[command(flatten)]
        keys: Keys,
    },
    /// Replace the inventory with a backup, all or nothing
    Restore(Restore),
    /// Undo the last restore: restore the safety backup that it made
    Undo {
        #[command(flatten)]
        replace: Replace,
        #[command(flatten)]
        keys: Keys,
    },
    /// Import from the original MakerMatrix: its data folder, its database, or an archive
    Import(Import),
    /// List the archives in the backup folder, newest first
    List {
        #[command(flatten)]
        keys: Keys,
    },
    /// Make a key for encrypted backups, or prove that a key opens them
    #[command(subcommand)]
    Key(Key),
    /// Create and change users, also while a server runs
    #[command(subcommand)]
    User(User),
    /// Create and revoke API keys, also while a server runs
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// Print a script that completes commands and options in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write one for each command
    Man {
        /// Write the pages into this folder, which must exist: makermatrix.1, makermatrix-backup.1, …
        #[arg(long, short, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

/// The help text of every argument that names an archive.
const ARCHIVE: &str = "The archive: a file, the name of one in the backup folder (as `list` shows it), or `latest` (no safety backup)";

/// What to do about the notes of `check`.
const CHECK: &str = "\
Notes are no failure:
  Files to which no row refers: a program was killed during an upload, or somebody put them there. They are in every
  backup and disturb nothing. Look at them; if nobody misses them, back up, and delete them in the folder of the static
  files. Files younger than an hour are not listed, since their upload may not be complete.
  Missing files to which rows refer: take them from a backup (`unzip ARCHIVE images/NAME`), or upload them again.
  Stock changed without the ledger: another program wrote it; the next movement of the part records it.
Broken foreign keys are a failure (exit code 4): no backup with them can be restored with all its rows.";

/// The keys for encrypted archives. Always read from files: other users can see arguments and variables.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Encrypted archives")]
pub(crate) struct Keys {
    /// File with the secret key (AGE-SECRET-KEY-1…) that opens the archive; may be repeated
    #[arg(long, short, value_name = "FILE")]
    pub(crate) identity: Vec<PathBuf>,
    /// File with the passphrase or password of the archive: the whole content, except the final line break
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,
}

/// The commands about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a new key, and an emergency kit to print
    New {
        /// Write the secret key to this new file, readable by you only
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Write the emergency kit to this new file, as a page to print (HTML), instead of printing it here
        #[arg(long, value_name = "FILE")]
        kit: Option<PathBuf>,
    },
    /// Prove that a secret key opens the newest encrypted archive, and record when
    Check {
        /// File with the secret key
        identity: PathBuf,
        /// The archive, as for `verify` [default: the newest encrypted one in the backup folder]
        archive: Option<PathBuf>,
    },
}

/// The commands about users.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Create a user
    Add {
        /// At least 3 letters, digits, - and _
        name: String,
        /// Email address, unique [default: NAME@makermatrix.local]
        #[arg(long)]
        email: Option<String>,
        /// Role, such as admin, manager, user or viewer; may be repeated [default: user]
        #[arg(long)]
        role: Vec<String>,
        #[command(flatten)]
        password: NewPassword,
    },
    /// List the users
    List,
    /// Set the password of a user, and end all sessions of the user
    SetPassword {
        /// The username
        name: String,
        #[command(flatten)]
        password: NewPassword,
    },
    /// Deactivate a user: ends all sessions, and stops all API keys of the user
    Disable {
        /// The username
        name: String,
    },
    /// Activate a user again
    Enable {
        /// The username
        name: String,
    },
    /// Print a new link to create the first administrator with; it works once, and for a day
    SetupLink {
        /// Address of the server, as browsers reach it
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
    },
}

/// A new password. Never an argument: other users can see arguments.
#[derive(Debug, ClapArgs)]
pub(crate) struct NewPassword {
    /// File with the password: the whole content, except the final line break [default: asks for it]
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// The commands about API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKey {
    /// Create a key, and print it: it is not stored, and is never shown again
    New {
        /// The user whom the key acts for
        #[arg(long)]
        user: String,
        /// Name of the key, such as the program that uses it
        #[arg(long)]
        name: String,
        /// Permission, such as parts:read; may be repeated [default: all that the user has]
        #[arg(long)]
        permission: Vec<String>,
        /// Days after which the key expires [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
        expires_in_days: Option<u32>,
    },
    /// List the keys
    List,
    /// Revoke a key: it can no longer be used
    Revoke {
        /// The id, as `list` shows it
        id: String,
    },
}

/// Options of `backup`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Backup {
    /// Name without .zip: up to 227 letters, digits, - and _ [default: makermatrix_backup_YYYYMMDD_HHMMSS]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Folder for the archive [default: the backup folder]
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Leave out datasheets
    #[arg(long)]
    pub(crate) no_datasheets: bool,
    /// Leave out images
    #[arg(long)]
    pub(crate) no_images: bool,
    /// Read every file, even if it has not changed since the last backup
    #[arg(long)]
    pub(crate) rescan: bool,
    /// Include the .env file of the data folder (holds secrets: only into an encrypted archive, or with --force)
    #[arg(long)]
    pub(crate) include_env: bool,
    /// Write the .env file although the archive is not encrypted
    #[arg(long, requires = "include_env")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) encrypt: EncryptionChoice,
}

/// How a backup is encrypted.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Encryption")]
pub(crate) struct EncryptionChoice {
    /// Encrypt for this public key (age1…) as well as for those of makermatrix.toml; may be repeated
    #[arg(long, short, value_name = "KEY")]
    pub(crate) recipient: Vec<String>,
    /// Encrypt for the public keys in this file, one per line; # begins a comment
    #[arg(long, short = 'R', value_name = "FILE")]
    pub(crate) recipients_file: Vec<PathBuf>,
    /// Encrypt with a passphrase instead, and ask for it
    #[arg(long, short, conflicts_with_all = ["recipient", "recipients_file"])]
    pub(crate) passphrase: bool,
    /// Encrypt with the passphrase in this file: the whole content, except the final line break
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipient", "recipients_file", "passphrase"])]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Do not encrypt, whatever makermatrix.toml says (refused if the file requires encryption)
    #[arg(long, conflicts_with_all = ["recipient", "recipients_file", "passphrase", "passphrase_file"])]
    pub(crate) no_encryption: bool,
}

/// Options of `restore`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Restore {
    #[arg(help = ARCHIVE)]
    pub(crate) file: PathBuf,
    /// Create the inventory if there is none, as on a new machine
    #[arg(long)]
    pub(crate) create: bool,
    #[command(flatten)]
    pub(crate) replace: Replace,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

/// Options of `import`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Import {
    /// Data folder of the original, its database, or an archive; it is only read
    pub(crate) source: PathBuf,
    /// Its folder with datasheets/ and images/ [default: found in the data folder]
    #[arg(long, value_name = "DIR")]
    pub(crate) r#static: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) replace: Replace,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

/// Options for replacing an existing inventory.
#[derive(Debug, ClapArgs)]
pub(crate) struct Replace {
    /// Check everything and show what would change; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Do not back up the current inventory first
    #[arg(long)]
    pub(crate) no_safety_backup: bool,
    /// Accept rows with broken foreign keys
    #[arg(long)]
    pub(crate) allow_violations: bool,
}

/// Options of `serve`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Serve {
    /// Address and port
    #[arg(long, value_name = "ADDRESS", env = "MAKERMATRIX_LISTEN", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Create the inventory if there is none
    #[arg(long)]
    pub(crate) create: bool,
    /// Address of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed; may be repeated
    #[arg(long, value_name = "IP", env = "MAKERMATRIX_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<IpAddr>,
    /// Certificate chain (PEM), to serve over HTTPS; read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Format of the log on standard error
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object per line
    Json,
}

/// Options of `drill`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Drill {
    /// The archives, as for `verify` [default: latest]
    pub(crate) files: Vec<PathBuf>,
    /// All archives in the backup folder
    #[arg(long, conflicts_with = "files")]
    pub(crate) all: bool,
    /// Folder for the scratch inventory; needs space for the whole archive [default: the folder of the database]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// Accept rows with broken foreign keys
    #[arg(long)]
    pub(crate) allow_violations: bool,
    #[command(flatten)]
    pub(crate) keys: Keys,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
