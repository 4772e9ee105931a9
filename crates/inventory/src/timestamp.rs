//! Times in the format of the original: text, `YYYY-MM-DD HH:MM:SS.ffffff`, without a time zone (nearly always UTC).

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

/// A time in the database. Written with six fractional digits. Like the original, also reads a `T` between date and time,
/// any number of fractional digits, and no fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String", column_type = "custom(\"DATETIME\")")]
pub struct Timestamp(pub NaiveDateTime);

impl Timestamp {
    /// Returns the time in the format of RFC 3339, in UTC.
    pub fn to_rfc3339(self) -> String {
        self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d %H:%M:%S%.6f"))
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"] {
            if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
                return Ok(Self(time));
            }
        }
        Ok(Self(NaiveDate::parse_from_str(text, "%Y-%m-%d")?.and_time(NaiveTime::MIN)))
    }
}

impl From<NaiveDateTime> for Timestamp {
    fn from(time: NaiveDateTime) -> Self {
        Self(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_always_written_with_six_digits() {
        for (text, written) in [
            ("2026-11-22 14:02:47.669396", "2026-11-22 14:02:47.669396"),
            ("2026-11-22T14:02:47.669396", "2026-11-22 14:02:47.669396"),
            ("2026-11-22 14:02:47.5", "2026-11-22 14:02:47.500000"),
            ("2026-11-22 14:02:47", "2026-11-22 14:02:47.000000"),
            ("2026-11-22T14:02", "2026-11-22 14:02:00.000000"),
            ("2026-11-22", "2026-11-22 00:00:00.000000"),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), written);
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
