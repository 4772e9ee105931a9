//! Metrics in the text format of Prometheus (OpenMetrics).

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::backup_ages::BackupAges;

/// The metrics of the server.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    movements: Gauge,
    backup_ages: Family<CheckLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckLabels {
    check: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("makermatrix");
        let requests = Family::<RequestLabels, Counter>::default();
        registry.register("http_requests", "Requests by method, route and status", requests.clone());
        // From 0.5 ms to 16 s.
        let durations = Family::<RouteLabels, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.0005, 2.0, 16))
        });
        let text = "Time from the request to the headers of the response";
        registry.register_with_unit("http_request_duration", text, Unit::Seconds, durations.clone());
        let movements = Gauge::default();
        registry.register("stock_movements", "Movements in the stock ledger", movements.clone());
        let backup_ages = Family::<CheckLabels, Gauge>::default();
        let text =
            "Age of the newest backup that was verified, or proven by a drill; absent if there is none";
        registry.register_with_unit("newest_backup_age", text, Unit::Seconds, backup_ages.clone());
        Self { registry, requests, durations, movements, backup_ages }
    }

    /// Counts a request, and the time that it took.
    pub(crate) fn finish(&self, elapsed: Duration, method: &Method, route: String, status: StatusCode) {
        self.durations.get_or_create(&RouteLabels { route: route.clone() }).observe(elapsed.as_secs_f64());
        // A method that no route has must not make a new time series for each request.
        let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let method = if known.contains(method) { method.as_str() } else { "other" }.to_owned();
        self.requests.get_or_create(&RequestLabels { method, route, status: status.as_u16() }).inc();
    }

    /// Returns the metrics as text.
    pub(crate) fn text(&self, movements: i64, ages: BackupAges) -> Result<String, std::fmt::Error> {
        self.movements.set(movements);
        for (check, age) in [("verified", ages.verified), ("proven", ages.proven)] {
            let labels = CheckLabels { check };
            match age {
                Some(age) => drop(self.backup_ages.get_or_create(&labels).set(age)),
                None => drop(self.backup_ages.remove(&labels)),
            }
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
