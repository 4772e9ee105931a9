//! The value of the stock by month, as bars and as figures.

use chrono::NaiveDate;
use inventory::parts::{InventoryTotals, ListStockValues, StockValue};

use super::error::PageError;
use super::visitor::Visitor;
use super::words::{amount, grouped};
use crate::app::App;

/// The number of months, each of which has its place in the chart even where there is no value.
const MONTHS: u32 = 12;
/// The largest number of parts with a price. All their movements are read, 100,000 in about a tenth of a second.
const MAX_PRICED: i64 = 10_000;
/// The height of the largest bar in pixels.
const HEIGHT: f64 = 88.0;
/// The lower end of the bars in pixels from the top.
const BOTTOM: f64 = 112.0;

/// What is known of the value by month.
pub(super) enum ValueHistory {
    Chart(ValueChart),
    /// Says why there is no chart.
    Nothing(String),
}

/// A bar for each month.
pub(super) struct ValueChart {
    pub(super) currency: String,
    /// What the chart leaves out.
    pub(super) others: Option<String>,
    pub(super) bars: Vec<Bar>,
    /// What the chart shows, in one sentence.
    pub(super) summary: String,
}

/// A month.
pub(super) struct Bar {
    /// The positions of the beginning and the middle of the bar in per cent.
    pub(super) x: String,
    pub(super) middle: String,
    pub(super) y: String,
    pub(super) height: String,
    /// The month, such as `Nov`, and with its year.
    pub(super) short: String,
    pub(super) month: String,
    pub(super) value: String,
    pub(super) is_now: bool,
}

impl ValueHistory {
    /// Reads the values in the currency that most of the value is in.
    pub(super) async fn new(app: &App, visitor: &Visitor, sums: &InventoryTotals) -> Result<Self, PageError> {
        let Some((currency, _)) = sums.values.first() else {
            return Ok(Self::Nothing(
                "No price is known. Prices come with an inventory of MakerMatrix 1.x, which asks suppliers for them.".to_owned(),
            ));
        };
        if sums.priced > MAX_PRICED {
            let limit = grouped(MAX_PRICED);
            return Ok(Self::Nothing(format!("The months are shown for up to {limit} parts with a price.")));
        }
        let list = ListStockValues { currency: currency.clone(), months: MONTHS };
        let values = app.query(&visitor.caller, list).await?;
        Ok(match values.as_slice() {
            [_, .., _] => Self::Chart(ValueChart::new(&values, sums, currency)),
            _ => Self::Nothing(
                "The history of the stock begins this month. Next month, there is something to compare."
                    .to_owned(),
            ),
        })
    }
}

impl ValueChart {
    fn new(values: &[StockValue], sums: &InventoryTotals, currency: &str) -> Self {
        let others: Vec<&str> = sums.values.iter().skip(1).map(|(other, _)| other.as_str()).collect();
        let max = values.iter().map(|of| of.value).fold(0.0, f64::max);
        let empty = MONTHS as usize - values.len().min(MONTHS as usize);
        let bars =
            (empty..).zip(values).map(|(place, of)| Bar::new(place, of, max, place + 1 == MONTHS as usize));
        let bars: Vec<Bar> = bars.collect();
        let told =
            |bar: Option<&Bar>| bar.map(|bar| format!("{} in {}", bar.value, bar.month)).unwrap_or_default();
        Self {
            currency: currency.to_owned(),
            others: (!others.is_empty()).then(|| others.join(" or ")),
            summary: format!(
                "The value of the stock by month in {currency}, from {} to {}",
                told(bars.first()),
                told(bars.last()),
            ),
            bars,
        }
    }
}

impl Bar {
    fn new(place: usize, of: &StockValue, max: f64, is_now: bool) -> Self {
        let slot = 100.0 / f64::from(MONTHS);
        let begin = slot * place as f64;
        // What is worth anything is seen.
        let height = if of.value > 0.0 { (of.value / max * HEIGHT).max(1.0) } else { 0.0 };
        Self {
            x: format!("{:.3}%", begin + slot * 0.15),
            middle: format!("{:.3}%", begin + slot / 2.0),
            y: format!("{:.1}", BOTTOM - height),
            height: format!("{height:.1}"),
            short: named(of.month, "%b"),
            month: named(of.month, "%B %Y"),
            value: amount(of.value),
            is_now,
        }
    }
}

fn named(month: NaiveDate, format: &str) -> String {
    month.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64], currencies: &[&str]) -> ValueChart {
        let month =
            |index: u32| NaiveDate::from_ymd_opt(2026, 11 - values.len() as u32 + 1 + index, 1).unwrap();
        let values: Vec<_> =
            (0..).zip(values).map(|(index, &value)| StockValue { month: month(index), value }).collect();
        let worth = currencies.iter().map(|&currency| (currency.to_owned(), 1.0)).collect();
        ValueChart::new(&values, &InventoryTotals { values: worth, ..InventoryTotals::default() }, "EUR")
    }

    #[test]
    fn the_highest_bar_fills_the_chart_and_this_month_stands_last() {
        let chart = chart(&[50.0, 1000.0, 0.0, 0.01], &["EUR", "USD", "GBP"]);
        let drawn: Vec<_> =
            chart.bars.iter().map(|bar| (&*bar.x, &*bar.y, &*bar.height, &*bar.short)).collect();
        assert_eq!(
            drawn,
            [
                ("67.917%", "107.6", "4.4", "Aug"),
                ("76.250%", "24.0", "88.0", "Sep"),
                ("84.583%", "112.0", "0.0", "Oct"),
                ("92.917%", "111.0", "1.0", "Nov"),
            ]
        );
        let now: Vec<bool> = chart.bars.iter().map(|bar| bar.is_now).collect();
        assert_eq!(now, [false, false, false, true]);
        assert_eq!(chart.others.as_deref(), Some("USD or GBP"));
        let said =
            "The value of the stock by month in EUR, from 50.00 in August 2026 to 0.01 in November 2026";
        assert_eq!(chart.summary, said);
    }

    #[test]
    fn a_stock_worth_nothing_has_no_bars() {
        let chart = chart(&[0.0, 0.0], &["EUR"]);
        assert!(chart.bars.iter().all(|bar| bar.height == "0.0" && bar.y == "112.0"));
        assert_eq!(chart.others, None);
    }
}
