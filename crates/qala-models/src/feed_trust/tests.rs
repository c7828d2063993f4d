//! Faults of known size in made-up readings: each is found as what it is, and what only looks like one is not.

use super::*;

const MINUTE: i64 = HOUR / 60;
/// Days before the window, and hours of it.
const DAYS: usize = 5;
const HOURS: usize = 48;

struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// What is there at an hour: a day that rises and falls, no two days alike, nothing at night.
fn truth(hour: f64, device: usize) -> f64 {
    let day = (hour / 24.0 * std::f64::consts::TAU).sin();
    let slow = (hour / 31.0).sin();
    (60.0 + 30.0 * day + 12.0 * slow) * (0.8 + 0.05 * device as f64)
}

/// Eight devices that send every five minutes; `value` makes of the truth what is sent.
fn window(value: impl Fn(f64, &mut Dice) -> f64) -> Window {
    let mut dice = Dice(7);
    let devices = 8;
    let usual = (0..devices)
        .map(|d| {
            (0..DAYS * 24)
                .map(|h| truth(h as f64 - (DAYS * 24) as f64 + 0.5, d))
                .collect()
        })
        .collect();
    let mut series = vec![Series::default(); devices];
    let mut received = Vec::new();
    for step in 0..HOURS * 12 {
        let t = step as i64 * 5 * MINUTE;
        received.push(t + 5 * MINUTE);
        for (device, series) in series.iter_mut().enumerate() {
            let value = value(truth(t as f64 / HOUR as f64, device), &mut dice);
            series.push(Reading {
                t,
                value: (value * 10.0).round() / 10.0,
                message: step as u32,
            });
        }
    }
    Window {
        devices: (0..devices).map(|d| format!("d{d}")).collect(),
        from: 0,
        to: HOURS as i64 * HOUR,
        received,
        channels: vec![Channel {
            quantity: "pm25".to_owned(),
            nature: Nature::Ratio,
            min: 0.0,
            max: 5000.0,
            conversions: conversions("pm25", "ug/m3"),
            series,
            usual,
        }],
    }
}

fn noisy(value: f64, dice: &mut Dice) -> f64 {
    value * (1.0 + 0.03 * dice.normal())
}

/// The findings as short words: device, kind, hours, size.
fn told(window: &Window) -> Vec<String> {
    let hour = |t: i64| (t as f64 / HOUR as f64).round();
    let words = |f: &Finding| {
        let (device, kind) = (&window.devices[f.device], f.kind.as_str());
        format!(
            "{device} {kind} {}-{} {:.1}",
            hour(f.from),
            hour(f.to),
            f.magnitude
        )
    };
    judge(window).iter().map(words).collect()
}

fn change(
    window: &mut Window,
    device: usize,
    hours: std::ops::Range<i64>,
    mut change: impl FnMut(&mut Reading),
) {
    for reading in window.channels[0].series[device].iter_mut() {
        if (hours.start * HOUR..hours.end * HOUR).contains(&reading.t) {
            change(reading);
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(told(&window(noisy)), [""; 0]);
}

#[test]
fn a_stuck_value_is_found_and_a_quiet_night_is_not() {
    let mut stuck = window(noisy);
    let held = stuck.channels[0].series[3][10 * 12].value;
    change(&mut stuck, 3, 10..14, |r| r.value = held);
    assert_eq!(told(&stuck), [format!("d3 stuck 10-14 {held:.1}")]);
    // All fall to nothing for hours, every night, some earlier than others.
    let mut quiet = window(noisy);
    for device in 0..8 {
        for night in [14, 38] {
            change(&mut quiet, device, night + device as i64 % 2..night + 8, |r| {
                r.value = 0.0;
            });
        }
    }
    assert_eq!(told(&quiet), [""; 0]);
}

#[test]
fn a_spike_is_found_and_what_all_see_is_not() {
    let mut spiky = window(noisy);
    spiky.channels[0].series[2][200].value *= 5.0;
    let size = spiky.channels[0].series[2][200].value * 0.8;
    let found = judge(&spiky);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].kind, &found[0].records),
        (Kind::Spike, &vec![200 * 5 * MINUTE])
    );
    assert!((found[0].magnitude / size - 1.0).abs() < 0.1);
    let mut shared = window(noisy);
    for device in 0..8 {
        shared.channels[0].series[device][200].value *= 5.0;
    }
    assert_eq!(told(&shared), [""; 0]);
}

#[test]
fn a_drift_is_found_and_a_step_is_not() {
    let mut drift = window(noisy);
    change(&mut drift, 5, 12..40, |r| {
        r.value *= 1.0 + 0.5 * (r.t - 12 * HOUR) as f64 / (24 * HOUR) as f64;
    });
    let found = judge(&drift);
    assert_eq!(found.len(), 1, "{:?}", told(&drift));
    assert_eq!((found[0].kind, found[0].device), (Kind::Drift, 5));
    assert!((found[0].magnitude - 0.5).abs() < 0.1, "{}", found[0].magnitude);
    assert!((found[0].from - 12 * HOUR).abs() <= 6 * HOUR && (found[0].to - 40 * HOUR).abs() <= HOUR);
    let mut step = window(noisy);
    change(&mut step, 5, 12..40, |r| r.value *= 1.3);
    assert_eq!(told(&step), [""; 0]);
}

#[test]
fn wrong_clocks_are_found_and_what_is_late_is_not() {
    for ahead in [-60, 7, 60] {
        let mut shifted = window(noisy);
        change(&mut shifted, 1, 20..30, |r| r.t += ahead * MINUTE);
        assert_eq!(told(&shifted), [format!("d1 clock_shift 20-30 {}.0", ahead * 60)]);
    }
    // Two hours of silence, and from then on everything comes two hours late, with right times.
    let mut late = window(noisy);
    change(&mut late, 1, 20..47, |r| {
        r.message = (r.message + 24).min(47 * 12);
    });
    assert_eq!(told(&late), [""; 0]);
}

#[test]
fn what_comes_twice_and_what_never_comes_is_found() {
    let mut twice = window(noisy);
    let again: Vec<Reading> = twice.channels[0].series[6][100..160]
        .iter()
        .map(|r| Reading {
            message: r.message + 2,
            ..*r
        })
        .collect();
    twice.channels[0].series[6].extend(again);
    twice.channels[0].series[6].sort_by_key(|r| r.message);
    assert_eq!(told(&twice), ["d6 duplicate 8-13 2.0"]);
    // A block of the day before comes once more under the times of today.
    let mut block = window(noisy);
    for i in 0..40 {
        block.channels[0].series[6][400 + i].value = block.channels[0].series[6][112 + i].value;
    }
    assert_eq!(told(&block), ["d6 duplicate 33-37 2.0"]);
    let mut gap = window(noisy);
    gap.channels[0].series[0].drain(120..168);
    assert_eq!(told(&gap), ["d0 gap 10-14 48.0"]);
    // A table that is sent whole again and again is the manner of the feed.
    let mut manner = window(noisy);
    for series in &mut manner.channels[0].series {
        let again: Vec<Reading> = series
            .iter()
            .map(|r| Reading {
                message: (r.message + 1).min(575),
                ..*r
            })
            .collect();
        series.extend(again);
        series.sort_by_key(|r| r.message);
    }
    assert_eq!(told(&manner), [""; 0]);
}

#[test]
fn a_change_of_unit_is_found_also_where_nothing_is_in_range() {
    for factor in [1e-3, 1e3] {
        let mut unit = window(noisy);
        change(&mut unit, 4, 8..20, |r| {
            r.value = (r.value * factor * 10.0).round() / 10.0;
        });
        assert_eq!(told(&unit), [format!("d4 unit_change 8-20 {factor:.1}")]);
    }
}

#[test]
fn planted_faults_are_the_same_for_the_same_seed_and_are_scored() {
    let mut scores = std::collections::BTreeMap::new();
    for turn in 0..14 {
        let (mut copy, mut other) = (window(noisy), window(noisy));
        let planted = plant(&mut copy, 11 + turn as u64, turn);
        assert_eq!(planted, plant(&mut other, 11 + turn as u64, turn));
        assert_eq!(copy, other);
        assert_eq!(planted.len(), 1);
        let findings = judge(&copy);
        for kind in Kind::ALL {
            let sum: &mut Score = scores.entry(kind).or_default();
            *sum = sum.plus(score(kind, &findings, &planted));
        }
    }
    for (kind, score) in scores {
        assert!(score.planted > 0, "{kind:?}");
        assert!(
            score.recall().unwrap() >= 0.9 && score.precision().unwrap() >= 0.9,
            "{kind:?} {score:?}"
        );
    }
}

#[test]
fn what_came_is_counted_by_device_and_day() {
    let mut gap = window(noisy);
    gap.channels[0].series[0].drain(300..348);
    gap.channels[0].series[1][310].value = -999.0;
    let findings = judge(&gap);
    let measures = measure(&gap, &findings, 24 * HOUR, 48 * HOUR);
    assert_eq!((measures[0].due, measures[0].came), (288, 240));
    assert_eq!((measures[1].values, measures[1].possible), (288, 287));
    let all = measures.iter().copied().fold(Measures::default(), Measures::plus);
    assert_eq!(all.completeness(), Some((8.0 * 288.0 - 48.0) / (8.0 * 288.0)));
}

#[test]
fn nothing_is_said_of_nothing() {
    let empty = Window {
        devices: Vec::new(),
        from: 0,
        to: 0,
        received: Vec::new(),
        channels: Vec::new(),
    };
    assert_eq!(judge(&empty), []);
    let mut lonely = window(noisy);
    lonely.devices.truncate(1);
    lonely.channels[0].series.truncate(1);
    lonely.channels[0].usual.clear();
    assert_eq!(told(&lonely), [""; 0]);
}

#[test]
fn a_temperature_whose_gain_drifts_is_found() {
    // A gain moves the warm days up and the frosty nights down.
    let mut frost = window(|value, dice| value - 30.0 + 0.3 * dice.normal());
    frost.channels[0].nature = Nature::Interval;
    frost.channels[0].min = -60.0;
    frost.channels[0].conversions.clear();
    assert_eq!(told(&frost), [""; 0]);
    change(&mut frost, 5, 12..40, |r| {
        r.value *= 1.0 + 0.8 * (r.t - 12 * HOUR) as f64 / (24 * HOUR) as f64;
    });
    let found = judge(&frost);
    assert_eq!(found.len(), 1, "{:?}", told(&frost));
    assert_eq!((found[0].kind, found[0].device), (Kind::Drift, 5));
}

#[test]
fn what_another_device_did_is_no_spike_and_a_shower_is_none_either() {
    // Three devices: what one of them does wrong is half of what is expected of the other two.
    let mut three = window(noisy);
    three.devices.truncate(3);
    three.channels[0].series.truncate(3);
    three.channels[0].usual.truncate(3);
    three.channels[0].series[2][200].value *= 5.0;
    let found = judge(&three);
    assert!(
        found.iter().all(|f| f.device == 2 && f.kind == Kind::Spike),
        "{:?}",
        told(&three)
    );
    assert_eq!(found.len(), 1);
    // Rain rests at nothing: neither a shower nor a drop of rounding is a fault.
    let mut rain = window(|_, _| 0.0);
    for device in &mut rain.channels[0].usual {
        for (hour, mean) in device.iter_mut().enumerate() {
            *mean = if hour % 37 == 0 { 2.0 } else { 0.0 };
        }
    }
    for device in 0..8 {
        change(&mut rain, device, 20..21, |r| r.value = 4.0 + device as f64);
    }
    change(&mut rain, 3, 30..31, |r| r.value = 7.0);
    assert_eq!(told(&rain), [""; 0]);
}

#[test]
fn a_value_that_often_repeats_at_its_level_is_not_stuck() {
    // In the fog all is used up: what is left is rounded to the same number again and again, here and not elsewhere.
    let fog = |value: &mut f64, step: usize| *value = if step.is_multiple_of(9) { 4.1 } else { 4.0 };
    let mut foggy = window(noisy);
    let mut step = 0;
    change(&mut foggy, 2, 14..30, |r| {
        fog(&mut r.value, step);
        step += 1;
    });
    // The longest of its runs is as long as that of a device that stands still for three hours.
    change(&mut foggy, 2, 20..23, |r| r.value = 4.0);
    assert!(
        judge(&foggy).iter().all(|f| f.kind != Kind::Stuck),
        "{:?}",
        told(&foggy)
    );
    let mut still = window(noisy);
    change(&mut still, 2, 20..23, |r| r.value = 4.0);
    assert!(
        judge(&still).iter().any(|f| f.kind == Kind::Stuck),
        "{:?}",
        told(&still)
    );
}
