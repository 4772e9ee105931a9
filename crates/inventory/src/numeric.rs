//! Prices as the original stores them: SQLite's NUMERIC turns `12.0` into the integer 12, so a column holds both.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable, Value};

/// A number from a NUMERIC column, whether SQLite stored it as an integer or not.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Numeric(pub f64);

impl From<Numeric> for Value {
    fn from(number: Numeric) -> Self {
        Self::Double(Some(number.0))
    }
}

impl TryGetable for Numeric {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match f64::try_get_by(row, index) {
            Err(TryGetError::DbErr(_)) =>
            {
                #[expect(clippy::cast_precision_loss, reason = "prices have 14 digits at most")]
                i64::try_get_by(row, index).map(|whole| Self(whole as f64))
            }
            other => other.map(Self),
        }
    }
}

impl ValueType for Numeric {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <f64 as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        "Numeric".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Double
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(None)
    }
}

impl Nullable for Numeric {
    fn null() -> Value {
        Value::Double(None)
    }
}

impl sea_orm::IntoActiveValue<Self> for Numeric {
    fn into_active_value(self) -> sea_orm::ActiveValue<Self> {
        sea_orm::ActiveValue::Set(self)
    }
}
