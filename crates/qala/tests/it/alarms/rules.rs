//! Rules on real rows: borders with hysteresis, patterns, what is usual, silence, windows, escalation, and a storm.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use qala_app::lake::{Begin, Clock, Message, Op};
use qala_app::registry::{Alarm, AlarmFilter, AlarmState, WindowWanted};
use qala_app::{AlarmDoing, Centre, CentreOptions, Payload, Progress, Reader};
use qala_core::{DatasetName, FeedId, parse_instant};

use super::{folder, incidents};

pub(super) const HOUR: i64 = 3_600_000_000;
pub(super) const MINUTE: i64 = 60_000_000;

#[derive(Debug)]
pub(super) struct Hands(pub(super) AtomicI64);

impl Clock for Hands {
    fn now(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Hands {
    pub(super) fn set(&self, at: i64) {
        self.0.store(at, Ordering::Release);
    }
}

const PROMISED: &str = r#"id = "promised"
kind = "table"
title = { kk = "а", ru = "б", en = "c" }
transport = { type = "push" }
dataset = "traffic_incidents"
cadence_s = 600
grace_s = 60
owner_function = "road-traffic"
licence = "CC0-1.0"
"#;

pub(super) fn start() -> i64 {
    parse_instant("2026-01-15T08:00:00+05:00", None).unwrap()
}

async fn open(dir: &Path, notice: &str) -> (Centre, Arc<Hands>) {
    let feeds = [("promised", PROMISED.to_owned())];
    let pack = dir.join("pack");
    if !pack.exists() {
        folder(dir, notice, &feeds);
    }
    let hands = Arc::new(Hands(AtomicI64::new(start())));
    let options = CentreOptions {
        clock: hands.clone(),
        pack: pack.to_str().unwrap().into(),
        ..CentreOptions::new(dir.join("data"))
    };
    let centre = Centre::open(options).await.unwrap();
    // From here on what comes is news.
    centre.look_for_alarms().await.unwrap();
    (centre, hands)
}

pub(super) async fn send(centre: &Centre, feed: &str, name: &str, text: String) {
    let spec = centre.feed(feed).unwrap();
    let payload = Payload::Bytes(name.to_owned(), Arc::new(text.into_bytes()));
    let import = centre.feed_import(spec, payload);
    let outcome = centre
        .import(import, Arc::new(Progress::default()))
        .await
        .unwrap();
    assert_eq!(outcome.total.quarantined, 0, "{:?}", outcome.problems);
}

/// Values of an hour in places, as the program writes them.
async fn values(centre: &Centre, indicator: &str, hour: i64, places: &[(&str, f64)]) {
    let texts = |text: fn(&str, &str) -> String| -> ArrayRef {
        let all = places.iter().map(|(place, _)| text(indicator, place));
        Arc::new(StringArray::from(all.collect::<Vec<_>>()))
    };
    let instants = |at: i64| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(vec![at; places.len()]).with_timezone("UTC"))
    };
    let numbers: Vec<f64> = places.iter().map(|(_, value)| *value).collect();
    let batch = RecordBatch::try_from_iter([
        ("indicator", texts(|indicator, _| indicator.to_owned())),
        ("place", texts(|_, place| place.to_owned())),
        ("grain", texts(|_, _| "hour".to_owned())),
        ("period_start", instants(hour)),
        ("period_end", instants(hour + HOUR)),
        ("value", Arc::new(Float64Array::from(numbers)) as ArrayRef),
    ])
    .unwrap();
    let message = Message {
        feed: FeedId::new("indicators").unwrap(),
        kind: "indicator".into(),
        name: indicator.to_owned(),
        digest: format!("test:{indicator} {hour}"),
        context: format!("{indicator} {hour}"),
        idempotency_key: None,
        op: Op::Upsert,
    };
    let Begin::New(mut session) = centre.lake.begin(message).await.unwrap() else {
        panic!("these values came before");
    };
    let name = DatasetName::new("indicator_values").unwrap();
    session.rows(&name, &batch).await.unwrap();
    let outcome = session.finish(None).await.unwrap();
    assert_eq!(outcome.total.quarantined, 0, "{:?}", outcome.problems);
}

pub(super) async fn standing(centre: &Centre) -> Vec<Alarm> {
    let filter = AlarmFilter {
        limit: 500,
        ..AlarmFilter::default()
    };
    centre.alarm_page(&Reader::system(), filter).await.unwrap().alarms
}

fn told(alarms: &[Alarm]) -> Vec<(&str, &str, i64, bool)> {
    let mut all: Vec<_> = alarms
        .iter()
        .map(|a| {
            (
                a.rule.as_str(),
                a.cause.as_str(),
                a.members,
                a.cleared_at.is_none(),
            )
        })
        .collect();
    all.sort_unstable();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_border_is_passed_for_two_hours_and_left_with_hysteresis() {
    let dir = tempfile::tempdir().unwrap();
    let (centre, hands) = open(dir.path(), "").await;
    let pm = "air.pm25_mean";
    let mut seen = Vec::new();
    for (n, value) in [100.0, 120.0, 80.0, 120.0, 130.0, 100.0, 90.0, 120.0, 87.0]
        .into_iter()
        .enumerate()
    {
        let hour = start() + n as i64 * HOUR;
        hands.set(hour + HOUR + MINUTE);
        values(&centre, pm, hour, &[("almaly", value), ("city", value)]).await;
        centre.look_for_alarms().await.unwrap();
        let alarms = standing(&centre).await;
        assert!(alarms.len() <= 1, "{alarms:?}");
        seen.push(alarms.first().map(|a| a.cleared_at.is_none()));
    }
    // Two hours past 105 raise it; 100 and 90 lie between the borders; 87 is below 87.5.
    let none = None;
    assert_eq!(
        seen,
        [
            none,
            none,
            none,
            none,
            Some(true),
            Some(true),
            Some(true),
            Some(true),
            Some(false)
        ]
    );
    let alarm = standing(&centre).await.remove(0);
    assert_eq!(alarm.rule, "air.district");
    assert_eq!(
        (alarm.place.as_deref(), alarm.value),
        (Some("almaly"), Some(130.0))
    );
    assert_eq!(
        alarm.event_at,
        start() + 5 * HOUR,
        "a value is known when its hour is over"
    );
    // What is long past raises nothing.
    hands.set(start() + 40 * HOUR);
    for n in 20..22 {
        values(&centre, pm, start() + n * HOUR, &[("auezov", 200.0)]).await;
    }
    centre.look_for_promises().await.unwrap();
    assert_eq!(
        standing(&centre).await.len(),
        0,
        "and what was over for a day is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_districts_at_once_are_one_alarm_and_a_departure_is_another() {
    let dir = tempfile::tempdir().unwrap();
    let (centre, hands) = open(dir.path(), "").await;
    let pm = "air.pm25_mean";
    for n in 0..2 {
        let hour = start() + n * HOUR;
        hands.set(hour + HOUR + MINUTE);
        let places = [
            ("almaly", 120.0),
            ("auezov", 130.0),
            ("alatau", 50.0 + 60.0 * n as f64),
            ("zhetysu", 40.0),
        ];
        values(&centre, pm, hour, &places).await;
        centre.look_for_alarms().await.unwrap();
    }
    // Two of three were so before: their alarms would be of the second hour, in which the pattern is there.
    assert_eq!(told(&standing(&centre).await), [("air.smog", "", 3, true)]);
    let hour = start() + 2 * HOUR;
    hands.set(hour + HOUR + MINUTE);
    values(
        &centre,
        pm,
        hour,
        &[
            ("almaly", 120.0),
            ("auezov", 60.0),
            ("alatau", 50.0),
            ("zhetysu", 40.0),
        ],
    )
    .await;
    centre.look_for_alarms().await.unwrap();
    // One district is left; it is counted where it was until the pattern is over.
    let rules: Vec<String> = standing(&centre).await.into_iter().map(|a| a.rule).collect();
    assert!(rules.contains(&"air.smog".to_owned()), "{rules:?}");
    // Speeds of the same hour on eight days, and one that is far below.
    for day in 1..=9 {
        let speed = if day == 9 { 12.0 } else { 30.0 + (day % 2) as f64 };
        let hour = start() + day * 24 * HOUR;
        hands.set(hour + HOUR + MINUTE);
        values(&centre, "traffic.mean_speed", hour, &[("medeu", speed)]).await;
        centre.look_for_alarms().await.unwrap();
    }
    let alarms = standing(&centre).await;
    let slow = alarms.iter().find(|a| a.rule == "traffic.speed").unwrap();
    assert_eq!((slow.place.as_deref(), slow.value), (Some("medeu"), Some(12.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_raises_and_ends_and_windows_keep_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let (centre, hands) = open(dir.path(), "").await;
    let row = |n: i64| incidents(start() + n * MINUTE, &[(format!("P{n}"), "s", "crash", 0.1)]);
    for n in 0..6 {
        hands.set(start() + n * 10 * MINUTE);
        send(&centre, "promised", &format!("p{n}"), row(n)).await;
    }
    let look = async |at: i64| {
        hands.set(at);
        centre.look_for_promises().await.unwrap();
        told(&standing(&centre).await)
            .into_iter()
            .map(|(rule, cause, _, holds)| (rule.to_owned(), cause.to_owned(), holds))
            .filter(|(_, cause, _)| cause == "promised")
            .collect::<Vec<_>>()
    };
    assert!(look(start() + 60 * MINUTE).await.is_empty(), "not yet");
    let stopped = |holds| [("feeds.stopped".to_owned(), "promised".to_owned(), holds)];
    assert_eq!(look(start() + 110 * MINUTE).await, stopped(true));
    send(&centre, "promised", "back", row(111)).await;
    assert_eq!(look(start() + 112 * MINUTE).await, stopped(false));
    let alarm = standing(&centre)
        .await
        .into_iter()
        .find(|a| a.cause == "promised")
        .unwrap();
    let id = qala_app::registry::alarm_id(alarm.number);
    let closed = centre
        .do_with_alarm(
            &Reader::system(),
            &id,
            &AlarmDoing::Acknowledge,
            Some("called them"),
        )
        .await
        .unwrap();
    assert_eq!(closed.state, AlarmState::Closed, "it was over already");
    let wanted = WindowWanted {
        rule: Some("feeds.*"),
        place: Some("promised"),
        from: start(),
        to: start() + 10 * HOUR,
        reason: "the sender moves house",
        by: "ada",
    };
    centre.add_alarm_window(&wanted).await.unwrap();
    assert!(look(start() + 5 * HOUR).await.is_empty());
    assert!(centre.alarm_windows().await.unwrap()[0].hushed > 0);
    assert_eq!(
        look(start() + 10 * HOUR).await,
        stopped(true),
        "when the window is over"
    );
    let wrong = WindowWanted {
        rule: Some("feeds.stoped"),
        ..wanted
    };
    let error = centre.add_alarm_window(&wrong).await.unwrap_err().to_string();
    assert!(error.contains("did you mean `feeds.stopped`"), "{error}");
}

const TOLD: &str = r#"
[[channel]]
id = "hook"
by = { type = "webhook" }

[[contact]]
id = "desk"
name = { kk = "а", ru = "б", en = "c" }
functions = ["waste"]
at = { hook = "http://127.0.0.1:1/" }

[[contact]]
id = "mild"
name = { kk = "а", ru = "б", en = "c" }
functions = ["waste"]
step = 1
at = { hook = "http://127.0.0.1:1/" }

[[contact]]
id = "parking"
name = { kk = "а", ru = "б", en = "c" }
functions = ["parking"]
step = 2
at = { hook = "http://127.0.0.1:1/" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acknowledges_and_the_next_are_told_once_each() {
    let dir = tempfile::tempdir().unwrap();
    let (centre, hands) = open(dir.path(), TOLD).await;
    let rows = [
        ("B1".to_owned(), "s", "breakdown", 0.2),
        ("B2".to_owned(), "s", "breakdown", 0.2),
    ];
    send(&centre, "incidents", "b", incidents(start(), &rows)).await;
    centre.look_for_alarms().await.unwrap();
    let alarms = standing(&centre).await;
    assert_eq!(
        told(&alarms),
        [("test.each", "B1", 1, true), ("test.each", "B2", 1, true)]
    );
    let seen = alarms.iter().find(|a| a.cause == "B2").unwrap();
    let id = qala_app::registry::alarm_id(seen.number);
    let reader = Reader::system();
    centre
        .do_with_alarm(&reader, &id, &AlarmDoing::Acknowledge, None)
        .await
        .unwrap();
    let first = alarms.iter().find(|a| a.cause == "B1").unwrap().number;
    for (minutes, expected) in [
        (9, "desk"),
        (11, "desk mild"),
        (29, "desk mild"),
        (31, "desk mild parking"),
        (90, "desk mild parking"),
    ] {
        hands.set(start() + minutes * MINUTE);
        centre.look_for_promises().await.unwrap();
        let told: Vec<String> = centre
            .registry
            .deliveries_of(first)
            .await
            .unwrap()
            .into_iter()
            .map(|d| d.contact)
            .collect();
        assert_eq!(told.join(" "), expected, "after {minutes} minutes");
    }
    let told = centre.registry.deliveries_of(seen.number).await.unwrap();
    assert_eq!(told.len(), 1, "somebody has it");
    // Each step is a fact of the lake.
    let found = centre
        .find_alarm(&reader, &qala_app::registry::alarm_id(first))
        .await
        .unwrap();
    let steps: Vec<i64> = found
        .changes
        .iter()
        .rev()
        .map(|c| c["step"].as_i64().unwrap())
        .collect();
    assert_eq!(steps, [0, 1, 2]);
}

/// A storm of events on some streets within a minute: as many alarms as streets.
async fn storm(events: usize, streets: usize) -> (f64, f64) {
    let dir = tempfile::tempdir().unwrap();
    let (centre, hands) = open(dir.path(), "").await;
    let names: Vec<String> = (0..streets).map(|n| format!("street-{n}")).collect();
    let (mut longest, mut all) = (0.0_f64, 0.0);
    for (batch, first) in (0..events).step_by(500).enumerate() {
        hands.set(start() + batch as i64 * 60_000_000 * 500 / events as i64);
        let rows: Vec<_> = (first..(first + 500).min(events))
            .map(|n| (format!("S{n}"), names[n % streets].as_str(), "crash", 0.7))
            .collect();
        send(
            &centre,
            "incidents",
            &format!("storm-{batch}"),
            incidents(hands.now(), &rows),
        )
        .await;
        let begun = Instant::now();
        centre.look_for_alarms().await.unwrap();
        let took = begun.elapsed().as_secs_f64();
        longest = longest.max(took);
        all += took;
    }
    let page = centre
        .alarm_page(
            &Reader::system(),
            AlarmFilter {
                limit: 500,
                ..AlarmFilter::default()
            },
        )
        .await
        .unwrap();
    assert_eq!(page.total, streets as i64, "one alarm for each cause");
    assert_eq!(
        page.alarms.iter().map(|a| a.members).sum::<i64>(),
        events as i64,
        "none is lost or counted twice"
    );
    (longest, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_is_one_alarm_for_each_cause() {
    storm(3_000, 7).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: part of make prove"]
async fn a_storm_of_fifty_thousand_events_in_a_minute() {
    let (longest, all) = storm(50_000, 40).await;
    println!(
        "proof: storm events=50000 causes=40 alarms=40 longest_look_s={longest:.3} all_looks_s={all:.1}"
    );
}
