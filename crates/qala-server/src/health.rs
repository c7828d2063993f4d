//! Whether the program lives, is ready, and its figures for Prometheus
//! ([text format 0.0.4](https://prometheus.io/docs/instrumenting/exposition_formats/)).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api::Health;

use crate::State;
use crate::error::Answer;

/// Bounds of the histogram, seconds.
const BOUNDS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Default, Clone, Copy)]
struct Figure {
    count: u64,
    seconds: f64,
    within: [u64; BOUNDS.len()],
}

/// Counts of requests, by group of routes and status.
static REQUESTS: Mutex<BTreeMap<(&'static str, u16), Figure>> = Mutex::new(BTreeMap::new());

/// Groups of routes: few, whatever addresses are asked for.
const GROUPS: [&str; 20] = [
    "/api/catalog",
    "/api/datasets",
    "/api/events",
    "/api/feeds",
    "/api/indicators",
    "/api/ingest",
    "/api/inside",
    "/api/layers",
    "/api/objects",
    "/api/openapi",
    "/api/passport",
    "/api/places",
    "/api/sandbox",
    "/api/search",
    "/api/sql",
    "/api/status",
    "/api",
    "/tiles",
    "/sta",
    "/health",
];

fn group(path: &str) -> &'static str {
    GROUPS
        .into_iter()
        .find(|group| path.starts_with(group))
        .unwrap_or("page")
}

/// Notes a request that was answered.
pub(crate) fn note(path: &str, status: StatusCode, took: Duration) {
    let mut requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let figure = requests.entry((group(path), status.as_u16())).or_default();
    figure.count += 1;
    figure.seconds += took.as_secs_f64();
    for (bound, within) in BOUNDS.iter().zip(&mut figure.within) {
        *within += u64::from(took.as_secs_f64() <= *bound);
    }
}

/// The process answers.
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok".into() })
}

/// The disk has room and the registry answers.
pub(crate) async fn ready(Extract(state): Extract<State>) -> Response {
    let wrong = async {
        state
            .centre
            .lake
            .admit()
            .await
            .map_err(qala_app::AppError::from)?;
        state
            .centre
            .registry
            .functions()
            .await
            .map_err(qala_app::AppError::from)?;
        Ok::<_, qala_app::AppError>(())
    };
    match wrong.await {
        Ok(()) => live().await.into_response(),
        Err(error) => {
            let status = Health {
                status: error.to_string(),
            };
            (StatusCode::SERVICE_UNAVAILABLE, Json(status)).into_response()
        }
    }
}

/// Figures for Prometheus.
pub(crate) async fn metrics(Extract(state): Extract<State>) -> Result<Response, Answer> {
    let health = state.centre.lake.health().map_err(qala_app::AppError::from)?;
    let (map_bytes, maps) = state.centre.map.size();
    let mut text = String::new();
    let gauges: [(&str, &str, u64); 7] = [
        (
            "qala_lake_seq",
            "Largest visible place in the log",
            health.seq.unsigned_abs(),
        ),
        (
            "qala_lake_tail_bytes",
            "Bytes in the log that are not in tables",
            health.tail_bytes as u64,
        ),
        (
            "qala_lake_key_bytes",
            "Bytes of the key tables in memory",
            health.key_bytes as u64,
        ),
        (
            "qala_disk_free_bytes",
            "Bytes free on the disk",
            health.free_bytes,
        ),
        (
            "qala_map_bytes",
            "Bytes of the map's indexes in memory",
            map_bytes as u64,
        ),
        ("qala_map_indexes", "Indexes of the map in memory", maps as u64),
        (
            "qala_listeners",
            "Listeners to events",
            state.centre.live.listeners() as u64,
        ),
    ];
    for (name, says, value) in gauges {
        let _ = writeln!(text, "# HELP {name} {says}\n# TYPE {name} gauge\n{name} {value}");
    }
    text.push_str("# HELP qala_dataset_rows Rows of a dataset in tables\n# TYPE qala_dataset_rows gauge\n");
    for stored in &health.storage {
        let _ = writeln!(
            text,
            "qala_dataset_rows{{dataset=\"{}\"}} {}",
            stored.dataset, stored.rows
        );
    }
    let requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let name = "qala_http_request_seconds";
    let _ = writeln!(
        text,
        "# HELP {name} Time until an answer began\n# TYPE {name} histogram"
    );
    for ((group, status), figure) in requests {
        let labels = format!("route=\"{group}\",status=\"{status}\"");
        for (bound, within) in BOUNDS.iter().zip(figure.within) {
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {within}");
        }
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", figure.count);
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}", figure.seconds);
        let _ = writeln!(text, "{name}_count{{{labels}}} {}", figure.count);
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")],
        text,
    )
        .into_response())
}
