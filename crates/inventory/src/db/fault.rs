//! Maps driver errors to their meaning by error code. Only this module knows the codes of the two engines.

use sea_orm::sqlx;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};

use crate::Error;
use crate::error::DatabaseFault as Fault;

impl From<DbErr> for Error {
    fn from(source: DbErr) -> Self {
        Self::Database { fault: fault(&source), source }
    }
}

/// Returns the meaning of a driver error.
fn fault(error: &DbErr) -> Fault {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout) => Fault::Busy,
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) => Fault::Storage,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => fault_of_driver(error),
        _ => Fault::Other,
    }
}

fn fault_of_driver(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::PoolTimedOut => Fault::Busy,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => Fault::Storage,
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                fault_of_code(code.parse().unwrap_or_default())
            } else {
                fault_of_sqlstate(&code)
            }
        }
        _ => Fault::Other,
    }
}

/// Returns the meaning of a SQLite code, see <https://sqlite.org/rescode.html>. The lower byte of an extended code is the
/// primary code.
fn fault_of_code(code: i32) -> Fault {
    match (code, code & 0xff) {
        (1555 | 2067 | 2579, _) => Fault::Unique,
        (787, _) => Fault::Reference,
        (_, 5 | 6) => Fault::Busy,
        // PERM, NOMEM, READONLY, IOERR, FULL, CANTOPEN
        (_, 3 | 7 | 8 | 10 | 13 | 14) => Fault::Storage,
        // CORRUPT, NOTADB
        (_, 11 | 26) => Fault::Damaged,
        _ => Fault::Other,
    }
}

/// Returns the meaning of a SQLSTATE, see <https://www.postgresql.org/docs/current/errcodes-appendix.html>. The first two
/// characters are the class.
fn fault_of_sqlstate(code: &str) -> Fault {
    match code {
        "23505" => Fault::Unique,
        "23503" => Fault::Reference,
        // serialization_failure, deadlock_detected
        "40001" | "40P01" => Fault::Retry,
        // too_many_connections, cannot_connect_now, lock_not_available, query_canceled
        "53300" | "57P03" | "55P03" | "57014" => Fault::Busy,
        // data_corrupted, index_corrupted
        "XX001" | "XX002" => Fault::Damaged,
        _ => match code.get(..2) {
            // connection exception, insufficient resources, operator intervention, system error, config file error
            Some("08" | "53" | "57" | "58" | "F0") => Fault::Storage,
            _ => Fault::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_sqlite_codes_have_the_meaning_of_their_primary_codes() {
        // SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_READ, SQLITE_CORRUPT_INDEX, SQLITE_CONSTRAINT_NOTNULL
        let codes = [517, 266, 779, 1299];
        let faults = [Fault::Busy, Fault::Storage, Fault::Damaged, Fault::Other];
        assert_eq!(codes.map(fault_of_code), faults);
    }

    #[test]
    fn classes_of_postgresql_have_a_meaning() {
        let codes = ["40001", "23505", "53100", "53300", "08006", "42P01", ""];
        let faults = [
            Fault::Retry,
            Fault::Unique,
            Fault::Storage,
            Fault::Busy,
            Fault::Storage,
            Fault::Other,
            Fault::Other,
        ];
        assert_eq!(codes.map(fault_of_sqlstate), faults);
    }
}
