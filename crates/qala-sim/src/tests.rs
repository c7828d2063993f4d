//! The whole city: its bytes, its account, its specs, and its truth against the independent reference.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use qala_core::spec::{FeedSpec, IndicatorSpec, QueryParts};
use sha2::{Digest, Sha256};

use crate::{City, CityOptions, FaultKind, Faults, PlaceMean, generate};

static CITY: LazyLock<City> = LazyLock::new(|| generate(&CityOptions::default()).unwrap());

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Digest over the paths, lengths and bytes of all files, and over the truth.
fn digest(city: &City) -> String {
    let mut hash = Sha256::new();
    for file in &city.files {
        hash.update(format!("{} {}\n", file.path, file.bytes.len()));
        hash.update(&file.bytes);
    }
    hash.update(city.truth.to_json());
    hex(&hash.finalize())
}

#[test]
fn same_seed_same_bytes() {
    // A change here changes the demo city: run scripts/reference_indicators.py again and bless indicators/golden with it.
    assert_eq!(
        digest(&CITY),
        "29953c21528d484d8f1b12ef7cb193bccf09f6ed574ab8cfc7a24ae27e2830d7"
    );
}

#[test]
fn another_seed_is_another_city() {
    let options = CityOptions {
        seed: 2,
        days: 1,
        positions_every_s: 600,
        ..CityOptions::default()
    };
    let (one, two) = (
        generate(&options).unwrap(),
        generate(&CityOptions {
            seed: 3,
            ..options.clone()
        })
        .unwrap(),
    );
    assert_eq!(digest(&one), digest(&generate(&options).unwrap()));
    assert_ne!(digest(&one), digest(&two));
    assert_ne!(one.places[0].geometry, two.places[0].geometry);
}

#[test]
fn a_city_without_faults_loses_and_repeats_nothing() {
    let options = CityOptions {
        faults: Faults::none(),
        ..CityOptions::default()
    };
    let city = generate(&options).unwrap();
    assert!(city.truth.planted.is_empty());
    for (name, counts) in &city.truth.datasets {
        assert_eq!(
            (counts.duplicate, counts.quarantined, counts.superseding),
            (0, 0, 0),
            "{name}"
        );
        assert_eq!(counts.received, counts.accepted, "{name}");
    }
    assert_eq!(city.truth.datasets["traffic_readings"].records, 3 * 1440 * 30);
    // Ten sensors of three quantities every 5 minutes, two posts of six quantities every 20.
    assert_eq!(
        city.truth.datasets["air_readings"].records,
        3 * (288 * 10 * 3 + 72 * 2 * 6)
    );
}

#[test]
fn planted_faults_come_at_their_rates_and_are_accounted_for() {
    let truth = &CITY.truth;
    let planted = |feed: &str, fault| {
        truth
            .planted
            .iter()
            .filter(|p| p.feed == feed && p.fault == fault)
            .count()
    };
    let near = |count: usize, share: f64, of: u64| {
        let expected = share * of as f64;
        assert!(
            (count as f64 - expected).abs() < 0.15 * expected + 20.0,
            "{count} is far from {expected}"
        );
    };
    for (feed, dataset) in [
        ("sim-air-readings", "air_readings"),
        ("sim-traffic-readings", "traffic_readings"),
    ] {
        let counts = truth.datasets[dataset];
        assert_eq!(
            counts.received,
            counts.accepted + counts.duplicate + counts.quarantined
        );
        assert_eq!(counts.visible, counts.accepted - counts.superseding);
        near(planted(feed, FaultKind::Late), 0.02, counts.records);
        near(planted(feed, FaultKind::Missing), 0.01, counts.records);
        near(planted(feed, FaultKind::Duplicate), 0.005, counts.records);
        assert_eq!(planted(feed, FaultKind::Impossible) as u64, counts.quarantined);
        assert_eq!(planted(feed, FaultKind::Corrected) as u64, counts.superseding);
        assert_eq!(
            (planted(feed, FaultKind::Gap), planted(feed, FaultKind::Stuck)),
            (1, 1)
        );
    }
    let counts = truth.datasets["transit_vehicle_positions"];
    assert_eq!(
        planted("sim-vehicle-positions", FaultKind::Stale) as u64,
        counts.duplicate
    );
    assert_eq!(
        planted("sim-vehicle-positions", FaultKind::Impossible) as u64,
        counts.quarantined
    );
}

#[test]
fn files_hold_as_many_records_as_the_truth_says() {
    let lines = |feed: &str, per_file: usize| -> u64 {
        let files = CITY.files.iter().filter(|f| f.feed == feed);
        files
            .map(|f| String::from_utf8_lossy(&f.bytes).lines().count() - per_file)
            .sum::<usize>() as u64
    };
    let records = |dataset: &str| CITY.truth.datasets[dataset].records;
    assert_eq!(lines("sim-traffic-readings", 1), records("traffic_readings"));
    assert_eq!(lines("sim-traffic-detectors", 1), records("traffic_detectors"));
    assert_eq!(lines("sim-air-stations", 1), records("air_stations"));
    // The brackets of the array stand on lines of their own.
    assert_eq!(lines("sim-air-readings", 2), records("air_readings"));
    for file in CITY.files.iter().filter(|f| f.feed == "sim-air-readings") {
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&file.bytes).unwrap();
        assert!(
            rows.iter()
                .all(|row| row["value"].is_number() && row["unit"].is_string())
        );
    }
}

#[test]
fn every_feed_has_its_spec() {
    let mut seen = BTreeMap::new();
    for file in &CITY.files {
        assert!(file.path.starts_with(&format!("{}/", file.feed)));
        seen.insert(file.feed.clone(), file.kind);
    }
    assert_eq!(seen.len(), 6);
    for (feed, kind) in seen {
        let path = root().join(format!("packs/almaty/feeds/{feed}.toml"));
        let spec = FeedSpec::from_toml(&feed, &std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(
            (spec.id.as_str(), spec.kind.as_str(), spec.simulated),
            (feed.as_str(), kind, true)
        );
    }
}

#[test]
fn indicator_headers_are_complete() {
    let subjects: Vec<String> = std::fs::read_dir(root().join("indicators"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|subject| subject != "golden")
        .collect();
    let files = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect()
    };
    let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let parts: QueryParts = subjects
        .iter()
        .flat_map(|subject| files(&root().join("indicators").join(subject).join("parts")))
        .map(|path| (stem(&path), std::fs::read_to_string(&path).unwrap()))
        .collect();
    let mut count = 0;
    for subject in &subjects {
        for path in files(&root().join("indicators").join(subject)) {
            let name = stem(&path);
            let text = std::fs::read_to_string(&path).unwrap();
            let spec = IndicatorSpec::from_sql(&name, &text, &parts).unwrap();
            assert_eq!(spec.id.as_str(), format!("{subject}.{name}"));
            // Sums and means of floats go through the exact aggregates; a percentile is never approximate.
            let lower = spec.sql.to_lowercase();
            for banned in [
                " avg(",
                "approx_",
                "median(",
                "stddev",
                "random(",
                "now(",
                "current_date",
                "current_time",
            ] {
                assert!(!lower.contains(banned), "{name} uses `{banned}`");
            }
            count += 1;
        }
    }
    assert!(count >= 60);
}

#[test]
fn the_day_of_25_hours_has_25_hours() {
    // 2024-02-28 to 2024-03-01: on 29 February the clock went back an hour.
    let options = CityOptions {
        start: 19_781,
        positions_every_s: 600,
        ..CityOptions::default()
    };
    let city = generate(&options).unwrap();
    assert_eq!(city.truth.air_hours.len(), 73);
    assert_eq!(city.truth.traffic_hours.len(), 73);
    let starts: Vec<&str> = city.truth.air_hours.iter().map(|h| h.start.as_str()).collect();
    assert_eq!(
        starts[46..49],
        [
            "2024-02-29T22:00:00+06:00",
            "2024-02-29T23:00:00+06:00",
            "2024-02-29T23:00:00+05:00"
        ]
    );
}

#[test]
fn winter_air_is_as_bad_as_measured() {
    let hours = &CITY.truth.air_hours;
    let (mut low, mut high, mut sum) = (f64::MAX, 0.0_f64, 0.0);
    for hour in hours {
        low = low.min(hour.box_pm25_ug_m3);
        high = high.max(hour.box_pm25_ug_m3);
        sum += hour.box_pm25_ug_m3;
    }
    // Winter mean 94 µg/m³ (CITY-FACTS section 8).
    let mean = sum / hours.len() as f64;
    assert!((12.0..25.0).contains(&low) && (150.0..220.0).contains(&high) && (75.0..115.0).contains(&mean));
}

#[test]
fn options_out_of_range_are_refused() {
    for options in [
        CityOptions {
            days: 0,
            ..CityOptions::default()
        },
        CityOptions {
            positions_every_s: 5,
            ..CityOptions::default()
        },
        CityOptions {
            faults: Faults {
                late: 1.5,
                ..Faults::none()
            },
            ..CityOptions::default()
        },
    ] {
        assert!(generate(&options).is_err());
    }
}

/// Rows of `indicators/golden/<id>.csv` (made by scripts/reference_indicators.py) of one place and grain, in order.
fn golden(id: &str, place: &str, grain: &str) -> Vec<(f64, u64)> {
    let text = std::fs::read_to_string(root().join(format!("indicators/golden/{id}.csv"))).unwrap();
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|r| r[0] == place && r[1] == grain)
        .map(|r| (r[3].parse().unwrap(), r[4].parse().unwrap()))
        .collect()
}

#[track_caller]
fn same(truth: &[PlaceMean], golden: &[(f64, u64)]) {
    assert_eq!(truth.len(), golden.len());
    for (ours, (value, rows)) in truth.iter().zip(golden) {
        assert_eq!(ours.rows, *rows);
        let mean = ours.mean.unwrap();
        assert!((mean - value).abs() <= 1e-12 * value.abs(), "{mean} {value}");
    }
}

#[test]
fn the_truth_agrees_with_the_independent_reference() {
    let (air, traffic) = (&CITY.truth.air_hours, &CITY.truth.traffic_hours);
    let air_of = |pick: fn(&crate::AirHour) -> PlaceMean| air.iter().map(pick).collect::<Vec<_>>();
    let traffic_of =
        |pick: fn(&crate::TrafficHour) -> PlaceMean| traffic.iter().map(pick).collect::<Vec<_>>();
    same(&air_of(|h| h.city), &golden("air.pm25_mean", "city", "hour"));
    same(
        &air_of(|h| h.district),
        &golden("air.pm25_mean", crate::DISTRICT, "hour"),
    );
    same(
        &traffic_of(|h| h.city_speed),
        &golden("traffic.mean_speed", "city", "hour"),
    );
    same(
        &traffic_of(|h| h.district_speed),
        &golden("traffic.mean_speed", crate::DISTRICT, "hour"),
    );
    same(
        &traffic_of(|h| h.city_flow),
        &golden("traffic.flow", "city", "hour"),
    );
    same(
        &traffic_of(|h| h.district_flow),
        &golden("traffic.flow", crate::DISTRICT, "hour"),
    );
    let transit = &CITY.truth.transit;
    let vehicles: Vec<_> = transit
        .vehicle_hours
        .iter()
        .map(|h| (h.vehicles as f64, h.positions))
        .collect();
    assert_eq!(vehicles, golden("transit.vehicles_reporting", "city", "hour"));
    let trips: Vec<_> = transit
        .service_days
        .iter()
        .skip(1)
        .map(|d| d.trips as f64)
        .collect();
    let reference = golden("transit.scheduled_trips", "city", "day");
    assert_eq!(trips, reference.into_iter().map(|r| r.0).collect::<Vec<_>>());
    // A local day holds what its own service day leaves before midnight and what the day before leaves after it.
    let days = &transit.service_days;
    let by_day: Vec<_> = days
        .windows(2)
        .map(|pair| pair[1].departures - pair[1].departures_past_midnight + pair[0].departures_past_midnight)
        .collect();
    let reference = golden("transit.scheduled_departures", "city", "day");
    assert_eq!(by_day, reference.into_iter().map(|r| r.1).collect::<Vec<_>>());
}
