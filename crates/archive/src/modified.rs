//! The modification time of a file: whole seconds in UTC, within what a zip can state.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// RFC 3339, in UTC.
const FORMAT: &str = "%Y-%m-%dT%H:%M:%SZ";

/// The modification time of a file, from 1970 to 2106 in whole seconds. Displayed and stored as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModifiedTime(u32);

impl ModifiedTime {
    /// Converts a time of the file system, and drops the fraction of a second. Returns `None` outside the range.
    pub fn from_system(time: SystemTime) -> Option<Self> {
        u32::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok().map(Self)
    }

    /// Converts to a time of the file system.
    pub fn to_system(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.into())
    }

    /// Returns the seconds since 1970.
    pub(crate) fn seconds(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ModifiedTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = DateTime::from_timestamp(self.0.into(), 0).expect("these years have dates");
        write!(f, "{}", time.format(FORMAT))
    }
}

impl Serialize for ModifiedTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ModifiedTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let time = NaiveDateTime::parse_from_str(&text, FORMAT).map_err(de::Error::custom)?;
        let seconds = u32::try_from(time.and_utc().timestamp());
        let time =
            Self(seconds.map_err(|_| de::Error::custom("a modification time before 1970 or after 2106"))?);
        // The parser also accepts signs, spaces and missing zeros.
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(de::Error::custom("a modification time is RFC 3339"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_was_written_and_in_no_other_form() {
        for seconds in [0, 1, 951_782_400, 1_700_000_001, u32::MAX] {
            let json = serde_json::to_string(&ModifiedTime(seconds)).unwrap();
            assert_eq!(serde_json::from_str::<ModifiedTime>(&json).unwrap(), ModifiedTime(seconds), "{json}");
        }
        assert_eq!(ModifiedTime(951_782_401).to_string(), "2000-02-29T00:00:01Z");
        for wrong in [
            "2000-2-29T00:00:01Z",
            "2000-02-30T00:00:01Z",
            "2000-02-29T00:00:60Z",
            "2000-02-29 00:00:01Z",
            "2000-02-29T00:00:01",
            "2000-02-29T00:00:01+00:00",
            "+2000-02-29T00:00:01Z",
            "1969-12-31T23:59:59Z",
            "2106-02-07T06:28:16Z",
            "",
        ] {
            serde_json::from_value::<ModifiedTime>(wrong.into()).expect_err(wrong);
        }
        serde_json::from_str::<ModifiedTime>("1700000001").unwrap_err();
    }

    #[test]
    fn a_time_that_a_zip_cannot_state_is_none() {
        let after = |seconds: u64| {
            ModifiedTime::from_system(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 999))
        };
        assert_eq!(after(0).map(ModifiedTime::to_system), Some(UNIX_EPOCH));
        assert_eq!(after(u32::MAX.into()), Some(ModifiedTime(u32::MAX)));
        assert_eq!(after(1 << 32), None);
        assert_eq!(ModifiedTime::from_system(UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
