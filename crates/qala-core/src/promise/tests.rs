use std::fmt::Write as _;

use super::*;

const HOUR: i64 = 3600 * SECOND;
/// Monday, 2026-03-02 00:00 UTC.
const MONDAY: i64 = 1_772_409_600 * SECOND;

fn weekend(day: i32) -> bool {
    (day + 3).rem_euclid(7) >= 5
}

fn listening<'a>(zone: &'a Zone, dark: &'a [(i64, i64)]) -> Listening<'a> {
    Listening {
        zone,
        dark,
        is_day_off: &weekend,
    }
}

fn hours(from: &str, to: &str, days: WorkingDays) -> Hours {
    let minute = |text: &str| DayMinute::try_from(text.to_owned()).unwrap();
    Hours {
        from: minute(from),
        to: minute(to),
        days,
    }
}

fn arrivals(promise: &Promise, on: &Listening<'_>, seconds: &[i64]) -> Arrivals {
    let mut all = Arrivals::default();
    for s in seconds {
        all.add(MONDAY + s * SECOND, Some((promise, on)));
    }
    all
}

fn told(changes: &[(Standing, i64)]) -> String {
    let each: Vec<String> = changes
        .iter()
        .map(|(s, at)| format!("{} {}", s.as_str(), (at - MONDAY) / SECOND))
        .collect();
    each.join(", ")
}

#[test]
fn a_day_minute_is_read_and_written() {
    for good in ["00:00", "06:30", "24:00"] {
        assert_eq!(DayMinute::try_from(good.to_owned()).unwrap().to_string(), good);
    }
    for bad in ["24:01", "6:30", "12:60", "noon", "", "-1:00", "99:00"] {
        DayMinute::try_from(bad.to_owned()).unwrap_err();
    }
}

#[test]
fn kept_late_stopped_and_back() {
    let zone = Zone::utc();
    let on = listening(&zone, &[]);
    let promise = Promise::new(60, Some(30), None);
    let all = arrivals(&promise, &on, &[0, 60, 120, 600, 660, 750, 1000]);
    let now = MONDAY + 1200 * SECOND;
    let changes = all.changes(&promise, &on, 0, now);
    // 750 is in time to the second; 1000 is 250 s after it: one late, one stop.
    assert_eq!(
        told(&changes),
        "kept 0, late 210, stopped 330, kept 600, late 840, stopped 960, kept 1000, late 1090"
    );
    assert_eq!(
        told(&all.changes(&promise, &on, MONDAY + 840 * SECOND, now)),
        "late 840, stopped 960, kept 1000, late 1090"
    );
    let (standing, since) = all.standing(&promise, &on, now);
    assert_eq!(told(&[(standing, since.unwrap())]), "late 1090");
    let (standing, since) = all.standing(&promise, &on, MONDAY + 1050 * SECOND);
    assert_eq!(told(&[(standing, since.unwrap())]), "kept 1000");
    assert_eq!(
        Arrivals::default().standing(&promise, &on, now),
        (Standing::Never, None)
    );
}

#[test]
fn shares_count_the_messages_that_are_missing() {
    let zone = Zone::utc();
    let on = listening(&zone, &[]);
    let promise = Promise::new(60, Some(30), None);
    let at = |s: i64| MONDAY + s * SECOND;
    let share = |all: &Arrivals, from: i64, to: i64| {
        let s = all.share(&promise, &on, at(from), at(to));
        (s.promised, s.kept)
    };
    let all = arrivals(&promise, &on, &[0, 60, 120, 360, 420]);
    // Between 120 and 360 three are missing: those of 180, 240 and 300.
    assert_eq!(share(&all, -1000, 420), (7, 4));
    assert_eq!(share(&all, 240, 420), (3, 1));
    // The running gap: at 600 those of 480 and 540 are overdue, that of 600 is within its grace.
    assert_eq!(share(&all, -1000, 600), (10, 5));
    assert_eq!(share(&all, 0, 0), (0, 0));
    assert_eq!(share(&Arrivals::default(), 0, 600), (0, 0));
    assert_eq!(Share::default().ratio(), None);
    // Jitter within the grace costs nothing.
    let all = arrivals(&promise, &on, &[0, 85, 150, 170, 250, 330]);
    assert_eq!(share(&all, 0, 330), (5, 5));
}

#[test]
fn nothing_is_promised_outside_of_working_hours_and_while_the_centre_is_dark() {
    let zone = Zone::utc();
    let on = listening(&zone, &[]);
    let office = Promise::new(3600, Some(0), Some(hours("09:00", "18:00", WorkingDays::Working)));
    // Friday 17:00 to Monday 10:00: one hour of Friday, one of Monday.
    let friday = MONDAY + 4 * DAY + 17 * HOUR;
    let monday = MONDAY + 7 * DAY + 10 * HOUR;
    assert_eq!(office.time(&on, friday, monday), 2 * HOUR);
    assert_eq!(office.after(&on, friday, 2 * HOUR), Some(monday));
    let night = Promise::new(60, Some(0), Some(hours("22:00", "02:00", WorkingDays::Daily)));
    assert_eq!(
        night.time(&on, MONDAY + HOUR, MONDAY + DAY),
        3 * HOUR,
        "an hour until 02:00, two from 22:00"
    );
    let dark = [(MONDAY + HOUR, MONDAY + 5 * HOUR)];
    let off = listening(&zone, &dark);
    let always = Promise::new(3600, Some(0), None);
    assert_eq!(always.time(&off, MONDAY, MONDAY + 6 * HOUR), 2 * HOUR);
    let all = arrivals(&always, &off, &[0, 3600, 6 * 3600]);
    assert_eq!(
        all.share(&always, &off, MONDAY, MONDAY + 6 * HOUR),
        Share { promised: 2, kept: 2 }
    );
    assert_eq!(
        all.standing(&always, &off, MONDAY + 6 * HOUR),
        (Standing::Kept, Some(MONDAY))
    );
    // Hours that never come.
    let never = Listening {
        zone: &zone,
        dark: &[],
        is_day_off: &|_| true,
    };
    assert_eq!(office.after(&never, MONDAY, HOUR), None);
}

#[test]
fn the_hour_that_comes_twice_is_promised_twice() {
    // On 29 February 2024 the second of these clocks went back by an hour at midnight, the first did not.
    let zone = Zone::new("Asia/Qyzylorda").unwrap();
    let other = Zone::new("Asia/Almaty").unwrap();
    let day = crate::parse_date("2024-02-29").unwrap();
    let promise = Promise::new(3600, Some(0), Some(hours("00:00", "24:00", WorkingDays::Daily)));
    for (zone, length) in [(zone, 24), (other, 25)] {
        let on = listening(&zone, &[]);
        let (from, to) = (zone.day_start(day), zone.day_start(day + 1));
        assert_eq!(promise.time(&on, from, to), length * HOUR, "{}", zone.name());
    }
}

#[test]
fn states_and_shares_agree_with_a_naive_count() {
    let mut seed = 20_260_302_u64;
    println!("seed {seed}");
    let mut next = |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let zone = Zone::utc();
    let on = listening(&zone, &[]);
    let promise = Promise::new(60, Some(20), None);
    for _ in 0..200 {
        let mut times = vec![0_i64];
        for _ in 0..40 {
            let step = if next(4) == 0 { next(500) } else { 50 + next(20) };
            times.push(times.last().unwrap() + 1 + step as i64);
        }
        let now = times.last().unwrap() + next(400) as i64;
        let all = arrivals(&promise, &on, &times);
        // A naive observer looks every half second.
        let mut seen = String::new();
        let mut before = "";
        for half in 0..=2 * now {
            let last = times.iter().rfind(|t| **t * 2 <= half).unwrap();
            let word = match half - last * 2 {
                0..=160 => "kept",
                161..=400 => "late",
                _ => "stopped",
            };
            if word != before {
                write!(seen, "{word} ").unwrap();
                before = word;
            }
        }
        let told: Vec<&str> = all
            .changes(&promise, &on, 0, MONDAY + now * SECOND)
            .iter()
            .map(|(s, _)| s.as_str())
            .collect();
        assert_eq!(seen.trim_end(), told.join(" "), "{times:?} at {now}");
        let missed: i64 = times
            .windows(2)
            .map(|w| (1..).take_while(|i| (i * 60) + 20 < w[1] - w[0]).count() as i64)
            .sum::<i64>()
            + (1..)
                .take_while(|i| i * 60 + 20 < now - times.last().unwrap())
                .count() as i64;
        let share = all.share(&promise, &on, MONDAY, MONDAY + now * SECOND);
        assert_eq!(share.promised, now / 60);
        assert_eq!(share.kept, (now / 60 - missed).max(0), "{times:?} at {now}");
    }
}
