//! What is measured and registered in the streets: passengers, crashes, offences, dirty air.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use qala_sim::city::{CityTruth, CrashRisk, Feed, NEAR_DAYS, NEAR_M, Origin, Pace, WholeCity};

use crate::{DAY, SEEDS, at, city, list, run, sent};

#[test]
fn loads_and_passengers_are_exact() {
    let (from, to) = (at("2026-02-10T00:00:00+05:00"), at("2026-02-11T00:00:00+05:00"));
    for seed in SEEDS {
        let city = city(seed);
        let counts = sent(&city, Feed::StopCounts, Pace::Bulk, from, to);
        let mut input = String::from("trip,seq,stop,boardings,alightings\n");
        let trip = |route: &str, direction: &str, band: &str| format!("{route}|{direction}|{band}");
        for row in &counts {
            let trip = trip(&row["route_id"], &row["direction_id"], &row["band"]);
            let cells = [
                trip.as_str(),
                &row["seq"],
                &row["stop_id"],
                &row["boardings"],
                &row["alightings"],
            ];
            writeln!(input, "{}", cells.join(",")).unwrap();
        }
        let found = &run("transit.load", &[("counts", &input)], &[])["load"];
        let places = found
            .texts("trip")
            .unwrap()
            .into_iter()
            .zip(found.ints("seq").unwrap());
        let loads: BTreeMap<(String, i64), f64> = places.zip(found.floats("load").unwrap()).collect();
        let truth = city.truth();
        let day = city.zone().local_day(from) - 1;
        let mut compared = 0;
        for route in truth.route_ids() {
            let mut boarded = 0;
            for count in truth.stop_counts(route, day) {
                let trip = trip(route, &count.direction.to_string(), count.band);
                assert_eq!(
                    loads[&(trip, count.seq as i64)] as i64,
                    count.load,
                    "seed {seed}, {route}, {count:?}"
                );
                boarded += count.boardings;
                compared += 1;
            }
            assert_eq!(
                Some(boarded),
                truth.passengers(route, day).map(|p| p.0),
                "seed {seed}, {route}"
            );
        }
        assert!(
            compared > 10_000 && compared == loads.len(),
            "{compared} {}",
            loads.len()
        );
        eprintln!("proof: seed {seed}, transit.load: {compared} loads, exactly the truth");
    }
}

/// Crashes by segment, and years of the rate of today.
fn crashes(city: &WholeCity, from: i64, to: i64) -> (BTreeMap<String, f64>, f64) {
    let truth = city.truth();
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for crash in truth.crashes(from, to) {
        *counts.entry(crash.segment_id).or_default() += 1.0;
    }
    (counts, truth.crash_years(from, to))
}

fn coefficients(truth: &CityTruth<'_>) -> String {
    let mut text = String::from("facility,intercept,slope,overdispersion\n");
    for f in truth.crash_functions() {
        writeln!(
            text,
            "{:?},{},{},{}",
            f.facility, f.intercept, f.slope, f.overdispersion
        )
        .unwrap();
    }
    text
}

#[test]
fn the_worst_streets_come_first() {
    // Two years before anything was built.
    let (from, to) = (at("2020-01-01T00:00:00+06:00"), at("2022-01-01T00:00:00+06:00"));
    for seed in SEEDS {
        let city = city(seed);
        let truth = city.truth();
        let (counts, years) = crashes(&city, from, to);
        let risks = truth.crash_risks();
        let mut segments = String::from("segment,facility,length_km,aadt,years,crashes\n");
        for r in &risks {
            let count = counts.get(&r.segment_id).copied().unwrap_or(0.0);
            writeln!(
                segments,
                "{},{:?},{},{},{years},{count}",
                r.segment_id, r.facility, r.length_km, r.aadt
            )
            .unwrap();
        }
        let inputs = [
            ("segments", segments.as_str()),
            ("coefficients", &coefficients(&truth)),
        ];
        let found = &run("safety.screening", &inputs, &[])["ranking"];
        let names = found.texts("segment").unwrap();
        let rank: BTreeMap<&str, i64> = names
            .iter()
            .map(String::as_str)
            .zip(found.ints("rank").unwrap())
            .collect();
        let expected: f64 = found.floats("expected").unwrap().iter().sum();
        let due: f64 = risks.iter().map(|r| r.rate * years).sum();
        let excess = |r: &&CrashRisk| (r.rate - r.predicted) * years;
        let first: f64 = risks
            .iter()
            .filter(|r| rank[r.segment_id.as_str()] <= 50)
            .map(|r| excess(&r))
            .sum();
        let mut best: Vec<f64> = risks.iter().map(|r| excess(&r)).collect();
        best.sort_by(|a, b| b.total_cmp(a));
        let most: f64 = best[..50].iter().sum();
        let dangerous = risks.iter().filter(|r| r.is_dangerous);
        let among = dangerous
            .clone()
            .filter(|r| rank[r.segment_id.as_str()] <= 24)
            .count();
        eprintln!(
            "proof: seed {seed}, safety.screening: {among} of {} dangerous segments among the first 24 of {}; the first 50 hold {:.0} % of \
             the excess that the 50 worst have; expected crashes {expected:.0}, by the true rates {due:.0}",
            dangerous.count(),
            risks.len(),
            100.0 * first / most
        );
        assert!(among >= 10, "seed {seed}: {among}");
        assert!(first > 0.6 * most, "seed {seed}: {first} {most}");
        assert!(
            (expected / due - 1.0).abs() < 0.05,
            "seed {seed}: {expected} {due}"
        );
    }
}

#[test]
fn what_was_built_works_as_planted() {
    for seed in SEEDS {
        let city = city(seed);
        let truth = city.truth();
        let risks: BTreeMap<String, _> = truth
            .crash_risks()
            .into_iter()
            .map(|r| (r.segment_id.clone(), r))
            .collect();
        let overdispersion: BTreeMap<String, f64> = truth
            .crash_functions()
            .into_iter()
            .map(|f| (format!("{:?}", f.facility), f.overdispersion))
            .collect();
        let zone = city.zone();
        let head = "site,years_before,predicted_before,observed_before,years_after,predicted_after,observed_after,overdispersion\n";
        let mut sites: BTreeMap<&str, (f64, String)> = BTreeMap::new();
        let last = zone.local_day(at("2025-12-31T12:00:00+05:00"));
        let treatments: Vec<_> = truth
            .treatments()
            .into_iter()
            .filter(|t| t.day + 365 <= last)
            .collect();
        for day in treatments.iter().map(|t| t.day).collect::<BTreeSet<i32>>() {
            let (before, years_before) = crashes(&city, zone.day_start(day - 365), zone.day_start(day));
            let (after, years_after) = crashes(&city, zone.day_start(day), zone.day_start(day + 365));
            for t in treatments.iter().filter(|t| t.day == day) {
                let risk = &risks[&t.segment_id];
                let of = |counts: &BTreeMap<String, f64>| counts.get(&t.segment_id).copied().unwrap_or(0.0);
                let site = sites.entry(t.kind).or_insert_with(|| (t.effect, head.to_owned()));
                let k = overdispersion[&format!("{:?}", risk.facility)];
                writeln!(
                    site.1,
                    "{},{years_before},{},{},{years_after},{},{},{k}",
                    t.segment_id,
                    risk.predicted,
                    of(&before),
                    risk.predicted,
                    of(&after)
                )
                .unwrap();
            }
        }
        assert!(sites.len() >= 2, "{}", sites.len());
        for (kind, (planted, input)) in sites {
            let found = &run("safety.before_after", &[("sites", &input)], &[])["effects"];
            let total = found
                .texts("site")
                .unwrap()
                .iter()
                .position(|site| site == "total")
                .unwrap();
            let of = |name| found.maybe_floats(name).unwrap()[total].unwrap();
            let (effect, se, naive) = (of("effect"), of("se"), of("naive_effect"));
            eprintln!(
                "proof: seed {seed}, safety.before_after, {kind}: {effect:.3} (se {se:.3}), planted {planted}, naive {naive:.3}"
            );
            assert!(
                (effect - planted).abs() < 3.0 * se,
                "seed {seed}, {kind}: {effect} {se} {planted}"
            );
        }
    }
}

#[test]
fn the_wind_of_dirty_hours_points_at_the_stack() {
    let (from, to) = (at("2025-11-10T00:00:00+05:00"), at("2026-02-09T00:00:00+05:00"));
    for seed in SEEDS {
        let city = city(seed);
        let truth = city.truth();
        let readings = sent(&city, Feed::Monitors, Pace::History, from, to);
        let mut pointed = 0;
        for monitor in truth.monitors() {
            let mut input = String::from("t,wd_deg,ws_m_s,value\n");
            for row in readings
                .iter()
                .filter(|row| row["station_id"] == monitor.station_id)
            {
                let wind = truth.weather(at(&row["t"]));
                writeln!(
                    input,
                    "{},{},{},{}",
                    row["t"], wind.wind_from, wind.wind_speed, row["value"]
                )
                .unwrap();
            }
            let found = &run("air.cpf", &[("readings", &input)], &[])["cpf"];
            let sectors = found
                .floats("sector_deg")
                .unwrap()
                .into_iter()
                .zip(found.ints("n").unwrap());
            let shares = sectors.zip(found.maybe_floats("p").unwrap());
            let best = shares
                .filter_map(|((sector, n), p)| p.filter(|_| n >= 20).map(|p| (sector, p)))
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .unwrap();
            let off = ((best.0 - monitor.bearing_deg + 540.0).rem_euclid(360.0) - 180.0).abs();
            eprintln!(
                "proof: seed {seed}, air.cpf of {}: {}°, p {:.2}; the stack is at {:.0}°",
                monitor.station_id, best.0, best.1, monitor.bearing_deg
            );
            // The wind hardly ever comes from the east, where the third one sees the stack.
            if (monitor.bearing_deg - 90.0).abs() > 1.0 {
                assert!(off <= 30.0, "seed {seed}: {monitor:?} {best:?}");
                pointed += 1;
            }
        }
        assert!(pointed >= 2, "{pointed}");
    }
}

#[test]
fn repeats_are_found_where_they_were_planted_only() {
    let (from, to) = (at("2024-07-01T00:00:00+05:00"), at("2025-07-01T00:00:00+05:00"));
    let near = [
        ("distance_m", NEAR_M.to_string()),
        ("time_days", NEAR_DAYS.to_string()),
        ("permutations", "999".into()),
    ];
    let near: Vec<(&str, &str)> = near.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for seed in SEEDS {
        let offences = city(seed).truth().offences(from, to);
        let knox = |repeats: bool| {
            let mut input = String::from("x_m,y_m,t_days\n");
            let mut planted = 0.0;
            for o in offences.iter().filter(|o| o.kind == "burglary" && !o.by_police) {
                match o.origin {
                    Origin::Background => {}
                    Origin::Repeat(_) if repeats => planted += 1.0,
                    _ => continue,
                }
                let days = (o.t - from) as f64 / DAY as f64;
                writeln!(
                    input,
                    "{:.1},{:.1},{days:.4}",
                    o.lon * 81_000.0,
                    o.lat * 111_195.0
                )
                .unwrap();
            }
            let found = &run("spatial.knox", &[("events", &input)], &near)["knox"];
            let of = |name| found.floats(name).unwrap()[0];
            (planted, of("close_pairs") - of("expected"), of("p"))
        };
        let ((planted, beyond, p), without) = (knox(true), knox(false));
        eprintln!(
            "proof: seed {seed}, spatial.knox: {planted} repeats, {beyond:.0} close pairs too many, p {p}; without them p {}",
            without.2
        );
        assert!(
            planted > 200.0 && beyond > 0.8 * planted && p <= 0.001,
            "seed {seed}: {planted} {beyond} {p}"
        );
        assert!(without.2 > 0.01, "seed {seed}: {without:?}");
    }
}

#[test]
fn free_flow_is_that_of_the_street() {
    let (from, to) = (at("2026-01-12T00:00:00+05:00"), at("2026-01-26T00:00:00+05:00"));
    for seed in SEEDS {
        let city = city(seed);
        let mut input = String::from("segment,t,length_m,speed_kmh\n");
        for row in sent(&city, Feed::TrafficHours, Pace::History, from, to) {
            writeln!(
                input,
                "{},{},1000,{}",
                row["detector_id"], row["t"], row["speed_km_h"]
            )
            .unwrap();
        }
        let found = &run("traffic.indices", &[("readings", &input)], &[])["indices"];
        let of: BTreeMap<String, f64> = found
            .texts("segment")
            .unwrap()
            .into_iter()
            .zip(found.floats("free_flow_kmh").unwrap())
            .collect();
        let listed: Vec<(f64, f64)> = list(&city, Feed::Detectors, to)
            .iter()
            .filter_map(|row| Some((of[&row["detector_id"]], row["free_flow_kmh"].parse().ok()?)))
            .collect();
        let errors: Vec<f64> = listed.iter().map(|(found, truth)| found / truth - 1.0).collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        let worst = errors.iter().fold(0.0_f64, |worst, error| worst.max(error.abs()));
        eprintln!(
            "proof: seed {seed}, traffic.indices: free flow of {} detectors, mean error {:.2} %, largest {:.1} %",
            errors.len(),
            100.0 * mean,
            100.0 * worst
        );
        assert!(
            errors.len() > 400 && mean.abs() < 0.02 && worst < 0.05,
            "seed {seed}: {mean} {worst}"
        );
        assert!(
            found
                .floats("tti")
                .unwrap()
                .iter()
                .all(|tti| (0.9..3.0).contains(tti))
        );
    }
}
