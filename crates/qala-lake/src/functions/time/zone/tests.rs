//! Golden days of real zones, properties in all kinds of zones, and agreement with qala-core.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use qala_core::Grain;

use super::super::text;
use super::{DAY, HOUR, Zone};

fn micros(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_microsecond()
}

fn utc(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap().to_string()
}

fn micros_of(found: Result<Timestamp, jiff::Error>) -> i64 {
    found.unwrap().as_microsecond()
}

/// Checks golden rows: zone, grain, an instant, start and end of the period that holds it; `#` comments.
fn check(rows: &str) {
    for row in rows
        .lines()
        .map(str::trim)
        .filter(|row| !row.is_empty() && !row.starts_with('#'))
    {
        let mut cells = row.split_whitespace();
        let mut next = || cells.next().unwrap();
        let mut zone = Zone::named(next()).unwrap();
        let grain = Grain::parse(next()).unwrap();
        let (start, end) = zone.period(grain, micros(next())).unwrap();
        assert_eq!(
            (utc(start).as_str(), utc(end).as_str()),
            (next(), next()),
            "{row}"
        );
    }
}

#[test]
fn almaty_had_a_day_of_25_hours() {
    check(
        "
        # Clocks went from 24:00 back to 23:00 on 29 February 2024, UTC+6 to UTC+5.
        Asia/Almaty day 2024-02-28T18:00:00Z 2024-02-28T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty day 2024-02-29T17:59:59.999999Z 2024-02-28T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty day 2024-02-29T18:00:00Z 2024-02-28T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty day 2024-02-29T18:59:59Z 2024-02-28T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty day 2024-02-28T17:59:59Z 2024-02-27T18:00:00Z 2024-02-28T18:00:00Z
        Asia/Almaty day 2024-02-29T19:00:00Z 2024-02-29T19:00:00Z 2024-03-01T19:00:00Z
        # The local hour 23 came twice, and is two hours.
        Asia/Almaty hour 2024-02-29T17:30:00Z 2024-02-29T17:00:00Z 2024-02-29T18:00:00Z
        Asia/Almaty hour 2024-02-29T18:30:00Z 2024-02-29T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty week 2024-03-01T00:00:00Z 2024-02-25T18:00:00Z 2024-03-03T19:00:00Z
        Asia/Almaty month 2024-02-29T18:30:00Z 2024-01-31T18:00:00Z 2024-02-29T19:00:00Z
        Asia/Almaty month 2024-02-29T19:00:00Z 2024-02-29T19:00:00Z 2024-03-31T19:00:00Z
        Asia/Almaty quarter 2024-03-31T18:59:59Z 2023-12-31T18:00:00Z 2024-03-31T19:00:00Z
        Asia/Almaty year 2024-12-31T18:59:59Z 2023-12-31T18:00:00Z 2024-12-31T19:00:00Z
        ",
    );
}

#[test]
fn days_of_other_zones() {
    check(
        "
        # Summer time in Berlin: 23 and 25 hours.
        Europe/Berlin day 2021-03-28T12:00:00Z 2021-03-27T23:00:00Z 2021-03-28T22:00:00Z
        Europe/Berlin day 2021-10-31T12:00:00Z 2021-10-30T22:00:00Z 2021-10-31T23:00:00Z
        # Clocks skipped midnight in São Paulo: the day began at 01:00.
        America/Sao_Paulo day 2018-11-04T12:00:00Z 2018-11-04T03:00:00Z 2018-11-05T02:00:00Z
        # They skipped from 23:30 to 00:30 in Toronto: the day began at 00:30.
        America/Toronto day 1919-03-31T12:00:00Z 1919-03-31T04:30:00Z 1919-04-01T04:00:00Z
        # They went back from 00:01 to 23:01 in St John's: the day that had begun keeps those minutes.
        America/St_Johns day 2010-11-07T02:45:00Z 2010-11-07T02:30:00Z 2010-11-08T03:30:00Z
        # Samoa had no 30 December 2011.
        Pacific/Apia day 2011-12-30T09:59:59Z 2011-12-29T10:00:00Z 2011-12-30T10:00:00Z
        Pacific/Apia day 2011-12-30T10:00:00Z 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z
        ",
    );
}

#[test]
fn hours_of_half_hour_zones() {
    check(
        "
        Asia/Kolkata hour 2024-05-01T12:00:00Z 2024-05-01T11:30:00Z 2024-05-01T12:30:00Z
        Asia/Kathmandu hour 2024-05-01T12:00:00Z 2024-05-01T11:15:00Z 2024-05-01T12:15:00Z
        Asia/Kathmandu minute15 2024-05-01T12:14:59Z 2024-05-01T12:00:00Z 2024-05-01T12:15:00Z
        # Lord Howe goes back half an hour, from 02:00 to 01:30: the hour after the change lasts until its
        # clock shows 02:00.
        Australia/Lord_Howe hour 2024-04-06T14:45:00Z 2024-04-06T14:00:00Z 2024-04-06T15:00:00Z
        Australia/Lord_Howe hour 2024-04-06T15:15:00Z 2024-04-06T15:00:00Z 2024-04-06T15:30:00Z
        ",
    );
}

#[test]
fn dates_before_1970() {
    check(
        "
        Asia/Almaty day 1969-12-31T20:00:00Z 1969-12-31T18:00:00Z 1970-01-01T18:00:00Z
        Asia/Almaty week 1969-12-31T12:00:00Z 1969-12-28T18:00:00Z 1970-01-04T18:00:00Z
        Europe/Berlin year 1945-07-01T00:00:00Z 1944-12-31T23:00:00Z 1945-12-31T23:00:00Z
        # Local mean time of Almaty, 5:07:48.
        Asia/Almaty day 1900-01-01T12:00:00Z 1899-12-31T18:52:12Z 1900-01-01T18:52:12Z
        ",
    );
}

const ZONES: [&str; 14] = [
    "Asia/Almaty",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Toronto",
    "America/St_Johns",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Juneau",
    "Asia/Manila",
    "Europe/Dublin",
    "Africa/Monrovia",
    "UTC",
];

/// A zone and an instant in µs, half of the time within two days of a change of the clock.
fn zone_and_instant() -> impl Strategy<Value = (&'static str, i64)> {
    let spread = (
        -5_000_000_000_i64..5_000_000_000,
        -172_800_i64..172_800,
        any::<bool>(),
        0_i64..1_000_000,
    );
    (prop::sample::select(&ZONES), spread).prop_map(|(zone, (second, near, at_change, fraction))| {
        let at = Timestamp::from_second(second).unwrap();
        let change = TimeZone::get(zone)
            .unwrap()
            .following(at)
            .next()
            .map(|change| change.timestamp());
        let second = change
            .filter(|_| at_change)
            .map_or(second, |change| change.as_second() + near);
        (zone, second * 1_000_000 + fraction)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn periods_cover_time_without_gap_or_overlap(
        (zone, at) in zone_and_instant(), grain in prop::sample::select(&Grain::ALL),
    ) {
        let mut zone = Zone::named(zone).unwrap();
        let (start, end) = zone.period(grain, at).unwrap();
        prop_assert!(start <= at && at < end);
        prop_assert_eq!(zone.period(grain, start), Some((start, end)));
        prop_assert_eq!(zone.period(grain, end - 1), Some((start, end)));
        prop_assert_eq!(zone.period(grain, end).unwrap().0, end);
        prop_assert_eq!(zone.period(grain, start - 1).unwrap().1, start);
    }

    #[test]
    fn answers_do_not_depend_on_what_was_asked_before(
        (zone, around) in zone_and_instant(),
        asked in prop::collection::vec((prop::sample::select(&Grain::ALL), -400_i64..400), 30),
    ) {
        let mut used = Zone::named(zone).unwrap();
        for (grain, days) in asked {
            let at = around + days * days.abs() * HOUR;
            prop_assert_eq!(used.period(grain, at), Zone::named(zone).unwrap().period(grain, at));
            let midnight = at.div_euclid(DAY) * DAY;
            prop_assert_eq!(used.first_shown(midnight), Zone::named(zone).unwrap().first_shown(midnight));
        }
    }

    #[test]
    fn a_reading_is_first_shown_where_jiff_finds_it((zone, local) in zone_and_instant()) {
        let local = local.div_euclid(1_000_000) * 1_000_000;
        let found = Zone::named(zone).unwrap().first_shown(local).unwrap();
        let civil = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(local).unwrap());
        let jiff = TimeZone::get(zone).unwrap().to_ambiguous_timestamp(civil);
        if jiff.is_ambiguous() && matches!(jiff.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
            prop_assert!(micros_of(jiff.earlier()) < found && found <= micros_of(jiff.later()));
        } else {
            prop_assert_eq!(found, micros_of(jiff.earlier()));
        }
    }

    #[test]
    fn the_local_clock_and_its_text_agree_with_jiff(
        name in prop::sample::select(&ZONES),
        seconds in -60_000_000_000_i64..200_000_000_000,
        fraction in 0_i64..1_000_000,
    ) {
        let at = Timestamp::from_microsecond(seconds * 1_000_000 + fraction).unwrap();
        let zone = TimeZone::get(name).unwrap();
        let offset = zone.to_offset(at);
        let local = Zone::named(name).unwrap().local(at.as_microsecond()).unwrap();
        prop_assert_eq!(local - at.as_microsecond(), i64::from(offset.seconds()) * 1_000_000);
        if offset.seconds() % 60 == 0 {
            let mut written = String::new();
            text::write(&mut written, at.as_microsecond(), i64::from(offset.seconds()) * 1_000_000);
            prop_assert_eq!(written, at.display_with_offset(offset).to_string());
        }
    }

    #[test]
    fn sql_and_qala_core_mean_the_same_periods(
        name in prop::sample::select(&["Asia/Almaty", "Asia/Qyzylorda", "Europe/Berlin", "Asia/Kolkata"]),
        grain in prop::sample::select(&Grain::ALL), seconds in -600_000_000_i64..4_000_000_000,
    ) {
        let at = seconds * 1_000_000;
        let core = qala_core::Zone::new(name).unwrap();
        let ours = Zone::named(name).unwrap().period(grain, at).unwrap();
        prop_assert_eq!(ours, (grain.start(at, &core), grain.end(at, &core)));
    }
}

#[test]
fn texts_of_unusual_instants() {
    let written = |instant: &str, offset: i64| {
        let mut out = String::new();
        text::write(&mut out, micros(instant), offset * 1_000_000);
        out
    };
    assert_eq!(
        written("1900-01-01T00:00:00Z", 18_468),
        "1900-01-01T05:07:48+05:07:48"
    );
    assert_eq!(
        written("2024-02-29T17:30:00.250Z", 21_600),
        "2024-02-29T23:30:00.25+06:00"
    );
    assert_eq!(
        written("2024-01-01T00:00:00Z", -12_600),
        "2023-12-31T20:30:00-03:30"
    );
    assert_eq!(
        written("-000044-03-15T12:00:00Z", 0),
        "-000044-03-15T12:00:00+00:00"
    );
}

#[test]
fn what_lies_outside_the_calendar_has_no_local_time() {
    let mut zone = Zone::named("Asia/Almaty").unwrap();
    for instant in [i64::MIN, i64::MAX, 9_000_000 * DAY] {
        assert_eq!(zone.local(instant), None);
        assert_eq!(zone.period(Grain::Year, instant), None);
    }
    assert!(Zone::named("Almaty").is_err() && Zone::named("+05:00").is_err() && Zone::named("").is_err());
}

/// Run with `--ignored --nocapture`: a million sorted and a million scattered times per grain.
#[test]
#[ignore = "a measurement"]
fn speed_of_a_million_times() {
    const ROWS: i64 = 1_000_000;
    for (order, step) in [
        ("sorted", 60 * 1_000_000),
        ("scattered", 7_919 * HOUR + 37_000_003),
    ] {
        for grain in Grain::ALL {
            let mut zone = Zone::named("Europe/Berlin").unwrap();
            let began = std::time::Instant::now();
            let mut sum = 0_i64;
            for row in 0..ROWS {
                let at = row.wrapping_mul(step).rem_euclid(20 * 365 * DAY) + 12_000 * DAY;
                sum = sum.wrapping_add(zone.period(grain, at).unwrap().0);
            }
            println!("{order:10} {grain:9} {:?} ({sum})", began.elapsed());
        }
    }
}
