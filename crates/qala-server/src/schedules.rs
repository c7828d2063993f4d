//! `GET /api/schedules`: what runs by itself.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::HeaderMap;
use qala_api as api;
use qala_app::registry::Role;
use qala_app::{Run, Task};
use qala_core::spec::{FeedSpec, IndicatorSpec, Transport};
use qala_core::{Text, Zone};

use crate::State;
use crate::principal::require;
use crate::read::Found;

const MINUTE: i64 = 60_000_000;

fn text(text: &Text) -> api::Text {
    api::Text {
        kk: text.kk.clone(),
        ru: text.ru.clone(),
        en: text.en.clone(),
    }
}

fn instant(zone: &Zone, at: Option<i64>) -> Option<String> {
    at.map(|at| zone.format(at))
}

/// When what runs by itself ran last, and when it runs next.
pub(crate) async fn schedules(Extract(state): Extract<State>, headers: HeaderMap) -> Found<api::Schedules> {
    require(&state, &headers, Role::Administrator).await?;
    let centre = &state.centre;
    let zone = &centre.zone;
    let tasks = centre.tasks.tasks().into_iter();
    Ok(Json(api::Schedules {
        now: zone.format(centre.clock.now()),
        indicators_wait: centre.computing.is_held(),
        feeds: centre
            .feeds
            .iter()
            .filter_map(|spec| feed(&state, spec))
            .collect(),
        indicators: centre
            .indicators
            .iter()
            .filter_map(|spec| indicator(&state, spec))
            .collect(),
        tasks: tasks.map(|(task, run)| of_task(zone, task, run)).collect(),
    }))
}

/// The schedule of a feed that is fetched; what is pushed comes when it comes.
fn feed(state: &State, spec: &FeedSpec) -> Option<api::FeedSchedule> {
    let centre = &state.centre;
    let zone = &centre.zone;
    let (every_s, at) = match &spec.transport {
        Transport::Push {} => return None,
        Transport::Poll { every_s, at, .. } => (*every_s, at.map(String::from)),
        Transport::File { .. } | Transport::Folder { .. } | Transport::Mqtt { .. } => (None, None),
    };
    let kept = centre.transports.get(&spec.id).unwrap_or_default();
    Some(api::FeedSchedule {
        id: spec.id.to_string(),
        title: text(&spec.title),
        transport: spec.transport.name().to_owned(),
        every_s,
        at,
        asked: instant(zone, kept.asked),
        answered: instant(zone, kept.answered),
        changed: instant(zone, kept.changed),
        next: instant(zone, kept.next),
        failures: kept.failures,
        error: kept.error,
    })
}

/// The schedule of an indicator that is computed by itself.
fn indicator(state: &State, spec: &IndicatorSpec) -> Option<api::IndicatorSchedule> {
    let centre = &state.centre;
    let every_min = spec.every_min?;
    let run = centre.tasks.indicator(spec.id.as_str());
    let next = run.looked.map(|looked| looked + i64::from(every_min) * MINUTE);
    Some(api::IndicatorSchedule {
        id: spec.id.to_string(),
        title: text(&spec.title),
        every_min,
        looked: instant(&centre.zone, run.looked),
        next: instant(&centre.zone, next),
        computed: instant(&centre.zone, run.computed),
        ranges: run.ranges,
        error: run.error,
    })
}

fn of_task(zone: &Zone, task: Task, run: Run) -> api::TaskSchedule {
    api::TaskSchedule {
        task: task.as_str().to_owned(),
        every_s: run.every_s,
        ended: instant(zone, run.ended),
        next: instant(zone, run.next),
        error: run.error,
        what: run.what,
    }
}
