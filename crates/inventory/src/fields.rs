//! Field validation. A use case checks all its fields before it reads or writes anything, and reports every field that
//! breaks a rule, so that a form can show all of them.

use std::fmt;
use std::ops::RangeInclusive;

/// A field that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The name of the field.
    pub field: &'static str,
    /// The rule that the field breaks.
    pub problem: Problem,
}

/// A rule that a field breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A value is required.
    #[error("is required")]
    Missing,
    /// There are fewer characters than `min`.
    #[error("must have at least {min} {}", if *min == 1 { "character" } else { "characters" })]
    TooShort {
        /// The smallest number of characters.
        min: usize,
    },
    /// There are more characters than `max`.
    #[error("must have at most {max} {}", if *max == 1 { "character" } else { "characters" })]
    TooLong {
        /// The largest number of characters.
        max: usize,
    },
    /// The number is below `min`.
    #[error("must be at least {min}")]
    TooSmall {
        /// The smallest number.
        min: i64,
    },
    /// The number is above `max`.
    #[error("must be at most {max}")]
    TooLarge {
        /// The largest number.
        max: i64,
    },
    /// There are more items than `max`.
    #[error("must have at most {max} items")]
    TooMany {
        /// The largest number of items.
        max: usize,
    },
    /// The text holds a NUL character, which PostgreSQL cannot store.
    #[error("must not hold a NUL character")]
    Nul,
    /// The text holds characters that are not allowed.
    #[error("may hold letters, digits, \"_\" and \"-\" only")]
    NotAName,
    /// The text is not an email address.
    #[error("must be like name@host")]
    NotAnEmail,
    /// An upper-case letter is required.
    #[error("needs an upper-case letter")]
    NoUpperCase,
    /// A lower-case letter is required.
    #[error("needs a lower-case letter")]
    NoLowerCase,
    /// A digit is required.
    #[error("needs a digit")]
    NoDigit,
    /// The password is not the current one.
    #[error("is wrong")]
    WrongPassword,
    /// The password is the published default of the original.
    #[error("must not be the default password, which everybody knows")]
    DefaultPassword,
    /// The text is not an IP address.
    #[error("must be IP addresses")]
    NotAnAddress,
    /// The path leads out of the folder.
    #[error("must be a path below the folder")]
    OutsideFolder,
    /// Two fields that must differ are equal.
    #[error("must differ from {from}")]
    SameAs {
        /// The other field, or what it holds.
        from: &'static str,
    },
    /// The nesting would exceed `max` levels.
    #[error("must not be nested deeper than {max} levels")]
    TooDeep {
        /// The largest number of levels.
        max: usize,
    },
    /// The text is not a color.
    #[error("must be a color like #FF5733")]
    NotAColor,
    /// A slot stays in the container that it was created with.
    #[error("cannot change: a slot stays in its container")]
    FixedSlot,
    /// The names of the slots would be equal.
    #[error("must hold {{n}}, or in a grid {{row}} and {{col}}")]
    SameSlotNames,
    /// The thing is about to be deleted.
    #[error("must not be what is deleted, or below it")]
    Deleted,
    /// A text is not a known permission.
    #[error("must be permissions that this program knows")]
    UnknownPermission,
    /// The text is not a cursor of this list.
    #[error("is not a cursor of this list")]
    NotACursor,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.problem)
    }
}

/// The largest number of characters in a text without a tighter limit.
pub const MAX_TEXT: usize = 100_000;

/// A collection of the fields that break rules.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// Records that `field` breaks a rule unless `holds`.
    pub fn require(&mut self, field: &'static str, holds: bool, problem: Problem) {
        if !holds {
            self.errors.push(FieldError { field, problem });
        }
    }

    /// Checks a required text of at most `max` characters.
    pub fn name(&mut self, field: &'static str, value: &str, max: usize) {
        self.require(field, !value.trim().is_empty(), Problem::Missing);
        self.text(field, Some(value), max);
    }

    /// Checks an optional text of at most `max` characters.
    pub fn text(&mut self, field: &'static str, value: Option<&str>, max: usize) {
        let value = value.unwrap_or_default();
        // A character has at most four bytes, so very long texts need not be counted.
        let short = value.len() <= max.saturating_mul(4) && value.chars().count() <= max;
        self.require(field, short, Problem::TooLong { max });
        self.require(field, !value.contains('\0'), Problem::Nul);
    }

    /// Checks that a number is within a range.
    pub fn number(&mut self, field: &'static str, value: i64, range: RangeInclusive<i64>) {
        self.require(field, value >= *range.start(), Problem::TooSmall { min: *range.start() });
        self.require(field, value <= *range.end(), Problem::TooLarge { max: *range.end() });
    }

    /// Checks the length of a list.
    pub fn items<T>(&mut self, field: &'static str, items: &[T], max: usize) {
        self.require(field, items.len() <= max, Problem::TooMany { max });
    }

    /// Returns the fields that break rules.
    pub(crate) fn into_errors(self) -> Vec<FieldError> {
        self.errors
    }
}
