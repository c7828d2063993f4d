//! `GET /api/events`: server-sent events ([HTML, section 9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html)).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use qala_app::{AppError, Listening, LiveEvent, Topic};
use serde::Deserialize;
use tokio::sync::broadcast::error::RecvError;

use crate::State;
use crate::error::Answer;

/// A line is sent after so long without an event, so that whatever lies between does not hang up.
const QUIET: Duration = Duration::from_secs(15);

/// What may stand behind the `?`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    topics: Option<String>,
}

/// Where a listener is.
struct Going {
    /// This run of the program; its numbers mean nothing in another.
    boot: u64,
    topics: Vec<Topic>,
    first: VecDeque<Event>,
    listening: Listening,
}

/// Events as they happen.
pub(crate) async fn events(
    Extract(state): Extract<State>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Answer> {
    let topics = topics(query.topics.as_deref())?;
    let boot = state.centre.boot;
    let given = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let last = given.map(|id| of_this_run(id, boot));
    // An id of another run is one that is too old.
    let mut listening = state
        .centre
        .listen(last.map(|last| last.unwrap_or(u64::MAX - 1)))
        .await?;
    let mut first = VecDeque::new();
    if listening.reset {
        first.push_back(
            Event::default()
                .id(id(boot, listening.number))
                .event("reset")
                .data("{}"),
        );
    }
    if let Some(vehicles) = listening
        .vehicles
        .take()
        .filter(|_| topics.contains(&Topic::Vehicles))
    {
        let event = Event::default()
            .id(id(boot, listening.number))
            .event(Topic::Vehicles.as_str());
        first.push_back(event.data(vehicles));
    }
    let missed = std::mem::take(&mut listening.missed);
    first.extend(
        missed
            .iter()
            .filter(|e| topics.contains(&e.topic))
            .map(|e| event(boot, e)),
    );
    let going = Going {
        boot,
        topics,
        first,
        listening,
    };
    let mut response = Sse::new(stream(going))
        .keep_alive(KeepAlive::new().interval(QUIET))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers answers would hold events back.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn topics(given: Option<&str>) -> Result<Vec<Topic>, Answer> {
    let Some(given) = given else {
        return Ok(Topic::ALL.to_vec());
    };
    let topic = |word: &str| {
        let found = Topic::ALL.into_iter().find(|topic| topic.as_str() == word);
        let known = "values, feeds, vehicles, status, alarms";
        found.ok_or_else(|| {
            Answer(AppError::Usage(format!(
                "`{word}` is not a topic of events: {known}"
            )))
        })
    };
    given
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(topic)
        .collect()
}

fn id(boot: u64, number: u64) -> String {
    format!("{boot:x}-{number}")
}

/// The number in an id; `None` for one of another run.
fn of_this_run(id: &str, boot: u64) -> Option<u64> {
    let (run, number) = id.split_once('-')?;
    (u64::from_str_radix(run, 16) == Ok(boot)).then(|| number.parse().ok())?
}

fn event(boot: u64, event: &LiveEvent) -> Event {
    Event::default()
        .id(id(boot, event.number))
        .event(event.topic.as_str())
        .data(&event.data)
}

fn stream(going: Going) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(going, |mut going| async move {
        loop {
            if let Some(event) = going.first.pop_front() {
                return Some((Ok(event), going));
            }
            let coming = tokio::select! {
                coming = going.listening.coming.recv() => coming,
                _ = going.listening.stopping.wait_for(|stop| *stop) => return None,
            };
            match coming {
                Ok(told) => {
                    let told: Arc<LiveEvent> = told;
                    if going.topics.contains(&told.topic) {
                        return Some((Ok(event(going.boot, &told)), going));
                    }
                }
                // Too slow: the browser comes back with its last id, and is told what it missed.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return None,
            }
        }
    })
}
