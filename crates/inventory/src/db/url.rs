//! Database URLs: the path of a SQLite file, or the address of a PostgreSQL database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The location of a database, parsed from `DATABASE_URL`: `sqlite:///relative/path`,
/// `sqlite:////absolute/path` or `postgres://user:password@host/database`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL database. Its display and debug output omit the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

/// Why a text is not a database URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlProblem {
    /// The text begins with neither `sqlite:///` nor `postgres://`.
    #[error("it is neither sqlite:///relative nor sqlite:////absolute nor postgres://host/database")]
    Scheme,
    /// The URL names no file.
    #[error("it names no file")]
    NoFile,
    /// The URL has parameters after a `?`.
    #[error("it has parameters, which are not supported")]
    Parameters,
}

impl PostgresUrl {
    /// Returns the whole address, including the password.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlProblem;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(PostgresUrl(url.to_owned())));
        }
        let path = url.strip_prefix("sqlite:///").ok_or(DatabaseUrlProblem::Scheme)?;
        if path.is_empty() || path == ":memory:" {
            return Err(DatabaseUrlProblem::NoFile);
        }
        if path.contains('?') {
            return Err(DatabaseUrlProblem::Parameters);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }
}

impl From<&Path> for DatabaseUrl {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl From<&PathBuf> for DatabaseUrl {
    fn from(path: &PathBuf) -> Self {
        Self::Sqlite(path.clone())
    }
}

impl From<PathBuf> for DatabaseUrl {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl From<&Self> for DatabaseUrl {
    fn from(url: &Self) -> Self {
        url.clone()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => url.fmt(f),
        }
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").unwrap_or(("postgres", &self.0));
        // The parameters may hold a password as well.
        let place = rest.split('?').next().unwrap_or_default();
        let place = place.rsplit('@').next().unwrap_or_default();
        write!(f, "{scheme}://{place}")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_are_read_as_the_original_reads_them() {
        let read = |url: &str| url.parse::<DatabaseUrl>();
        assert_eq!(read("sqlite:///shop.db"), Ok(DatabaseUrl::Sqlite("shop.db".into())));
        assert_eq!(read("sqlite:////srv/shop.db"), Ok(DatabaseUrl::Sqlite("/srv/shop.db".into())));
        assert_eq!(read("sqlite:///:memory:"), Err(DatabaseUrlProblem::NoFile));
        assert_eq!(read("sqlite:///"), Err(DatabaseUrlProblem::NoFile));
        assert_eq!(read("sqlite:///a?b=c"), Err(DatabaseUrlProblem::Parameters));
        for wrong in ["sqlite://", "mysql://x", "shop.db"] {
            assert_eq!(read(wrong), Err(DatabaseUrlProblem::Scheme), "{wrong}");
        }
    }

    #[test]
    fn a_shown_address_holds_no_password() {
        for url in ["postgres://me:s@cr/et@host:5432/db", "postgresql:///db?host=/run&password=s@cr/et"] {
            let url: DatabaseUrl = url.parse().unwrap();
            assert!(!format!("{url} {url:?}").contains("cr/et"), "{url}");
        }
    }
}
