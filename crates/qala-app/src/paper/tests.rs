use std::cmp::Reverse;

use qala_core::spec::{IndicatorSpec, QueryParts};
use qala_core::{Grain, Lang, Zone};
use qala_paper::Mark;
use serde_json::json;

use super::view::{Known, View, grain_of, limits, usual_start};
use super::words;

fn spec(better: &str, targets: &str) -> IndicatorSpec {
    let words = |name: &str| format!("-- {name}.kk = \"a\"\n-- {name}.ru = \"a\"\n-- {name}.en = \"a\"\n");
    let text = format!(
        "-- id = \"air.x\"\n-- version = 1\n{}{}{}-- unit = \"ug/m3\"\n-- better = \"{better}\"\n-- grains = [\"hour\", \"day\", \"month\"]\n\
         -- owner_function = \"air-quality\"\n{targets}SELECT :from, :to, :grain, :zone\n",
        words("title"),
        words("question"),
        words("decision")
    );
    IndicatorSpec::from_sql("x", &text, &QueryParts::new()).unwrap()
}

const TARGETS: &str = "-- targets = { target = 15.0, limit = 35.0, hysteresis = 0.0 }\n";

/// A value of a local day of March 2026.
fn known(place: &str, day: u32, value: Option<f64>, status: &str) -> Known {
    let row = json!({
        "place": place, "value": value, "status": status, "simulated": false,
        "period_start": format!("2026-03-{day:02}T00:00:00+05:00"),
        "period_end": format!("2026-03-{:02}T00:00:00+05:00", day + 1),
        "reason": value.is_none().then_some("suppressed"),
    });
    Known::of(row.as_object().unwrap()).unwrap()
}

fn at(text: &str) -> i64 {
    qala_core::parse_instant(text, None).unwrap()
}

#[test]
fn the_newest_value_is_shown_with_its_change_and_its_districts() {
    let spec = spec("lower", TARGETS);
    let values = vec![
        known("city", 1, Some(20.0), "watch"),
        known("city", 2, Some(40.0), "off_target"),
        known("city", 3, Some(50.0), "off_target"),
        // Not yet.
        known("city", 5, Some(1.0), "on_target"),
        known("b", 3, Some(60.0), "off_target"),
        known("a", 3, Some(10.0), "on_target"),
        known("c", 3, None, "unknown"),
        known("d", 3, Some(70.0), "off_target"),
    ];
    let view = View::new(&spec, Grain::Day, values, "city", at("2026-03-04T12:00:00+05:00"));
    assert_eq!(view.shown().unwrap().value, Some(50.0));
    assert_eq!(view.mark(), Mark::Off);
    assert_eq!(view.change(), Some((40.0, 50.0, 0.25)));
    assert_eq!(view.since(), Some((at("2026-03-02T00:00:00+05:00"), false)));
    // Twice the limit, in a district.
    assert_eq!(view.trouble(), (Mark::Off, 0, Reverse(2)));
    let places: Vec<&str> = view.districts.iter().map(|d| d.place.as_str()).collect();
    assert_eq!(places, ["d", "b", "a", "c"]);
    assert_eq!(view.off().count(), 2);
    assert_eq!(view.districts[3].standing(&spec, Lang::En), "suppressed");
}

#[test]
fn a_running_period_is_no_match_for_a_whole_one() {
    let spec = spec("lower", TARGETS);
    let values = vec![
        known("city", 3, Some(50.0), "off_target"),
        known("city", 4, Some(5.0), "on_target"),
    ];
    let view = View::new(
        &spec,
        Grain::Day,
        values.clone(),
        "city",
        at("2026-03-04T12:00:00+05:00"),
    );
    assert!(view.is_running());
    assert_eq!(view.change(), None);
    // Without a value of its own it does not hide the one before.
    let values = vec![values[0].clone(), known("city", 4, None, "unknown")];
    let view = View::new(&spec, Grain::Day, values, "city", at("2026-03-04T12:00:00+05:00"));
    assert_eq!(view.shown().unwrap().value, Some(50.0));
}

#[test]
fn a_calm_mean_with_a_district_off_target_is_worth_a_look() {
    let spec = spec("lower", TARGETS);
    let values = vec![
        known("city", 3, Some(10.0), "on_target"),
        known("a", 3, Some(36.0), "off_target"),
    ];
    let view = View::new(&spec, Grain::Day, values, "city", at("2026-03-04T12:00:00+05:00"));
    assert_eq!(view.trouble(), (Mark::Watch, 0, Reverse(1)));
}

#[test]
fn a_value_without_a_target_is_not_unknown() {
    let spec = spec("neither", "");
    let value = known("city", 1, Some(1.0), "unknown");
    assert_eq!(value.mark(&spec), Mark::Aimless);
    assert_eq!(value.standing(&spec, Lang::Ru), "цель не задана");
    assert_eq!(known("city", 1, None, "unknown").mark(&spec), Mark::Unknown);
    assert_eq!(grain_of(&spec, None), Grain::Day);
    assert_eq!(grain_of(&spec, Some(Grain::Hour)), Grain::Hour);
    assert_eq!(grain_of(&spec, Some(Grain::Year)), Grain::Day);
}

#[test]
fn limits_are_those_of_moving_ranges() {
    // Mean 5, mean moving range 2: 5 ± 3 · 2 / 1.128.
    let found = limits(&[4.0, 6.0, 4.0, 6.0, 4.0, 6.0, 4.0, 6.0]).unwrap();
    assert!((found.centre - 5.0).abs() < 1e-12);
    assert!((found.upper - (5.0 + 6.0 / 1.128)).abs() < 1e-12);
    assert_eq!(limits(&[1.0; 8]), None);
    assert_eq!(limits(&[1.0, 2.0]), None);
    let zone = Zone::new("Asia/Almaty").unwrap();
    let now = at("2026-03-31T12:00:00+05:00");
    assert_eq!(
        usual_start(Grain::Day, now, &zone),
        Some(at("2026-03-01T00:00:00+05:00"))
    );
    assert_eq!(usual_start(Grain::Year, now, &zone), None);
}

#[test]
fn the_first_sentence_is_right_in_three_languages() {
    let say = |lang, n, off, districts, watch, on| words::headline(lang, n, off, districts, watch, on);
    assert_eq!(say(Lang::Ru, 21, 1, 0, 0, 0), "1 из 21 показателя не в норме");
    assert_eq!(say(Lang::Ru, 60, 12, 0, 0, 0), "12 из 60 показателей не в норме");
    assert_eq!(say(Lang::En, 60, 1, 0, 0, 0), "1 of 60 indicators is off target");
    assert_eq!(
        say(Lang::Kk, 60, 12, 0, 0, 0),
        "60 көрсеткіштің ішінде 12 көрсеткіш қалыптан тыс"
    );
    assert_eq!(
        say(Lang::Ru, 5, 0, 1, 0, 0),
        "По городу вне нормы ничего нет; не в норме — в 1 районе"
    );
    assert_eq!(
        say(Lang::En, 5, 0, 0, 2, 3),
        "Nothing is off target; 2 of 5 to watch"
    );
    assert_eq!(
        say(Lang::En, 5, 0, 0, 0, 3),
        "Nothing is off target: 3 of 5 indicators on target"
    );
}
