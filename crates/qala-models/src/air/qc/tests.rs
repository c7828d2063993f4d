//! Tests of the checks: planted faults are found, clean series stay clean, the values stay as they are.

use std::fmt::Write;

use super::*;
use crate::fixture;
use crate::random::Random;

const HOUR: i64 = 3_600_000_000;

/// A CSV of hourly readings of one station; an absent value is an empty cell.
fn hourly(pollutant: &str, values: &[Option<f64>]) -> String {
    let mut csv = String::from("station,t,pollutant,value_ug_m3\n");
    for (hour, value) in values.iter().enumerate() {
        let cell = value.map_or(String::new(), |value| value.to_string());
        let (day, hour) = (hour / 24 + 1, hour % 24);
        writeln!(csv, "A,2026-01-{day:02}T{hour:02}:00:00+05:00,{pollutant},{cell}").expect("a text");
    }
    csv
}

fn flags(csv: &str, settings: &[(&str, &str)]) -> Vec<String> {
    let tables = fixture::tables("air.qc", &[("readings", csv)], settings).expect("a run");
    tables[0].texts("flags").expect("flags")
}

fn some(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().copied().map(Some).collect()
}

#[test]
fn a_reading_at_the_bound_of_spikes_is_none() {
    // Median 9.9, MAD 0.1: six of them are 0.6, though not in the last digit.
    for last in [10.5, 9.3] {
        let flags = flags(
            &hourly("PM2.5", &some(&[9.8, 9.6, last, 9.9, 10.0])),
            &[("spike_mads", "6")],
        );
        assert!(!flags[2].contains("spike"), "{last}: {flags:?}");
    }
    let flags = flags(
        &hourly("PM2.5", &some(&[9.8, 9.6, 10.51, 9.9, 10.0])),
        &[("spike_mads", "6")],
    );
    assert!(flags[2].contains("spike"), "{flags:?}");
}

#[test]
fn each_planted_fault_has_its_flag_and_no_other_reading_has_one() {
    let clean = [
        20.0, 22.0, 21.0, 23.0, 25.0, 24.0, 26.0, 25.0, 23.0, 22.0, 24.0, 26.0,
    ];
    assert!(
        flags(&hourly("PM2.5", &some(&clean)), &[])
            .iter()
            .all(String::is_empty)
    );

    let planted = |at: usize, value: f64| {
        let mut values = clean;
        values[at] = value;
        let flags = flags(&hourly("PM2.5", &some(&values)), &[]);
        let others = flags
            .iter()
            .enumerate()
            .filter(|(row, flag)| *row != at && !flag.is_empty());
        assert_eq!(others.count(), 0, "{value}: {flags:?}");
        flags[at].clone()
    };
    assert_eq!(planted(5, 90.0), "spike");
    assert_eq!(planted(5, 400.0), "spike;rate");
    assert_eq!(planted(0, 90.0), "spike");
    assert_eq!(planted(11, 90.0), "spike");
    assert_eq!(planted(5, -1.0), "range;spike");
    assert_eq!(planted(5, 2000.0), "range;spike;rate");

    // A step to a new level is a change, not a spike, and only its first reading is marked.
    let mut step = clean;
    for value in &mut step[6..] {
        *value += 300.0;
    }
    let found = flags(&hourly("pm25", &some(&step)), &[]);
    assert_eq!(found.iter().position(|flag| flag == "rate"), Some(6));
    assert_eq!(found.iter().filter(|flag| !flag.is_empty()).count(), 1);
}

#[test]
fn a_flat_line_is_n_hours_whatever_the_interval_and_a_missing_value_does_not_end_it() {
    let mut values = some(&[
        20.0, 22.0, 21.0, 30.0, 30.0, 30.0, 30.0, 30.0, 30.0, 21.0, 24.0, 23.0,
    ]);
    let marked = |values: &[Option<f64>], hours: &str| {
        let found = flags(&hourly("o3", values), &[("flat_hours", hours)]);
        (0..found.len())
            .filter(|row| found[*row] == "flat")
            .collect::<Vec<_>>()
    };
    assert_eq!(marked(&values, "6"), (3..9).collect::<Vec<_>>());
    assert_eq!(marked(&values, "7"), Vec::<usize>::new());
    values[5] = None;
    assert_eq!(marked(&values, "5"), vec![3, 4, 6, 7, 8]);
    assert_eq!(marked(&values, "6"), Vec::<usize>::new());

    // Every 20 minutes: six hours are eighteen readings; every day: six readings.
    let flat = |count: usize, step: i64| {
        let micros: Vec<i64> = (0..count as i64).map(|at| at * step).collect();
        Series::new(&micros, &vec![7.0; count])
            .flat(6)
            .iter()
            .filter(|mark| **mark)
            .count()
    };
    assert_eq!((flat(17, HOUR / 3), flat(18, HOUR / 3)), (0, 18));
    assert_eq!((flat(5, 24 * HOUR), flat(6, 24 * HOUR)), (0, 6));
}

#[test]
fn a_spike_is_six_mads_from_the_median_of_five_to_the_letter() {
    // Around it 11, 12, 13, 14: with a high one the median is 13, with a low one 12, and the MAD 1.
    for (value, wanted) in [(19.0, ""), (19.1, "spike"), (6.0, ""), (5.9, "spike")] {
        let values = some(&[9.0, 10.0, 11.0, 12.0, value, 13.0, 14.0, 15.0, 16.0]);
        let found = flags(&hourly("o3", &values), &[]);
        assert_eq!(found[4], wanted, "{value}");
        let floored = flags(&hourly("o3", &values), &[("spike_floor_ug_m3", "2")]);
        assert_eq!(floored[4], "", "{value}");
    }
    // Where three of five are the same, the MAD is 0 and whatever differs is a spike.
    let values = some(&[5.0, 5.0, 5.0, 5.1, 5.0, 5.0, 5.0]);
    assert_eq!(flags(&hourly("o3", &values), &[])[3], "spike");
}

#[test]
fn nothing_is_compared_across_a_gap() {
    let micros: Vec<i64> = [0, 1, 2, 3, 100, 101, 102, 103].map(|hour| hour * HOUR).to_vec();
    let values = [5.0, 6.0, 5.0, 5.0, 500.0, 505.0, 500.0, 500.0];
    let series = Series::new(&micros, &values);
    assert!(!series.fast(10.0, &[false; 8]).contains(&true));
    let rule = Spike {
        mads: 6.0,
        share: 0.05,
        floor_ug_m3: 0.5,
    };
    assert!(!series.spikes(rule).contains(&true));
    assert!(!Series::new(&micros, &[5.0; 8]).flat(6).contains(&true));
}

#[test]
fn fine_above_coarse_is_marked_on_both_readings_of_that_time_alone() {
    let csv = "station,t,pollutant,value_ug_m3\n\
               A,2026-01-01T01:00:00+05:00,PM10,30\n\
               A,2026-01-01T00:00:00+05:00,PM2_5,41\n\
               A,2026-01-01T00:00:00+05:00,PM10,40\n\
               A,2026-01-01T01:00:00+05:00,PM2_5,30\n\
               B,2025-12-31T19:00:00Z,PM10,20\n\
               B,2026-01-01T01:00:00+05:00,NO2,900\n\
               A,2026-01-01T02:00:00+05:00,PM2_5,\n";
    let pm = "pm25_above_pm10";
    assert_eq!(flags(csv, &[]), ["", pm, pm, "", "", "", ""]);
    assert_eq!(flags(csv, &[("pm_tolerance_ug_m3", "1")]), [""; 7]);
}

#[test]
fn the_input_comes_back_row_by_row_as_it_was() {
    let csv = "station,t,pollutant,value_ug_m3\n\
               B,2026-01-01T01:00:00+05:00,CO,1.50\n\
               A,2026-01-01 00:00Z,krypton,-7\n\
               B,2026-01-01T01:00:00+05:00,CO,1.5\n\
               B,2026-01-01T02:00:00+05:00,CO,\n";
    let out = fixture::run("air.qc", &[("readings", csv)], &[]).expect("a run");
    assert_eq!(
        out[0],
        "station,t,pollutant,value_ug_m3,flags\n\
         B,2026-01-01T01:00:00+05:00,CO,1.5,\n\
         A,2026-01-01 00:00Z,krypton,-7,\n\
         B,2026-01-01T01:00:00+05:00,CO,1.5,\n\
         B,2026-01-01T02:00:00+05:00,CO,,\n"
    );
    let empty = fixture::run(
        "air.qc",
        &[("readings", "station,t,pollutant,value_ug_m3\n")],
        &[],
    );
    assert_eq!(
        empty.expect("a run")[0],
        "station,t,pollutant,value_ug_m3,flags\n"
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    let twice = "station,t,pollutant,value_ug_m3\n\
                 A,2026-01-01T00:00:00+05:00,PM10,40\n\
                 A,2025-12-31T19:00:00Z,pm10,41\n";
    assert_eq!(
        fixture::run("air.qc", &[("readings", twice)], &[]),
        Err("input `readings`, row 2, column `value_ug_m3`: `41` is another value of the same station, time and \
             pollutant; keep one of them"
            .to_owned())
    );
    let empty = "station,t,pollutant,value_ug_m3\n";
    for (setting, value, message) in [
        (
            "range_ug_m3",
            "pm10:5",
            "`pm10:5` is not a pollutant and 2 numbers, joined by `:`",
        ),
        (
            "range_ug_m3",
            "pm10:5:1",
            "the range of `pm10` ends below its begin",
        ),
        (
            "rate_ug_m3_h",
            "pm10:x",
            "`pm10:x` is not a pollutant and 1 numbers, joined by `:`",
        ),
        ("rate_ug_m3_h", "pm10:1,PM10:2", "`PM10:2` is there twice"),
    ] {
        assert_eq!(
            fixture::run("air.qc", &[("readings", empty)], &[(setting, value)]),
            Err(format!("setting `{setting}`: {message}"))
        );
    }
}

/// Daily course, weather that persists and rounded instruments: good readings. Faults are planted at known places.
#[test]
fn planted_faults_are_found_and_few_good_readings_are_marked() {
    let mut random = Random::new(20_260_301);
    let (mut found, mut planted, mut wrong, mut good) = (0, 0, 0, 0);
    for _ in 0..20 {
        let count = 24 * 30;
        let micros: Vec<i64> = (0..i64::from(count)).map(|hour| hour * HOUR).collect();
        let mut weather = 0.0;
        let mut values: Vec<f64> = (0..count)
            .map(|hour| {
                weather = 0.95 * weather + 0.1 * random.normal();
                let daily = (f64::from(hour % 24) / 24.0 * std::f64::consts::TAU).sin();
                (40.0 * (weather + 0.4 * daily).exp() * 10.0).round() / 10.0
            })
            .collect();
        let mut faulty = vec![false; values.len()];
        for day in (1..29).step_by(3) {
            let at = day * 24 + random.below(20);
            values[at] *= 4.0;
            faulty[at] = true;
        }
        let marks = Series::new(&micros, &values).spikes(Spike {
            mads: 6.0,
            share: 0.05,
            floor_ug_m3: 0.5,
        });
        for (mark, fault) in marks.iter().zip(&faulty) {
            planted += usize::from(*fault);
            good += usize::from(!fault);
            found += usize::from(*fault && *mark);
            wrong += usize::from(!fault && *mark);
        }
    }
    assert!(found * 100 >= planted * 98, "{found} of {planted}");
    assert!(wrong * 100 <= good, "{wrong} of {good}");
}

#[test]
fn the_real_hours_of_a_road_go_through_in_seconds() {
    let Some(text) = fixture::public_file(
        "the_real_hours_of_a_road_go_through_in_seconds",
        "air/london_marylebone_hourly.csv.gz",
    ) else {
        return;
    };
    // date,ws,wd,nox,no2,o3,pm10,so2,co,pm25
    let mut csv = String::from("station,t,pollutant,value_ug_m3\n");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        for (name, column) in [("pm10", 6), ("pm25", 9)] {
            writeln!(csv, "road,{}Z,{name},{}", cells[0], cells[column]).expect("a text");
        }
    }
    let found = flags(&csv, &[("spike_share", "0.05"), ("spike_floor_ug_m3", "0.5")]);
    assert_eq!(found.len(), 2 * 43_824);
    let count = |word: &str| found.iter().filter(|flags| flags.contains(word)).count();
    let share = |word: &str| count(word) as f64 / found.len() as f64;
    // A reference station: few spikes and flat lines. PM2.5 is above PM10 in 568 hours (counted by a script).
    assert!((0.001..0.01).contains(&share("spike")), "{}", share("spike"));
    // By the rule to the letter, rounded values of quiet hours are spikes too.
    let letter = flags(&csv, &[]);
    let spikes = letter.iter().filter(|flags| flags.contains("spike")).count();
    assert!(
        (0.02..0.04).contains(&(spikes as f64 / letter.len() as f64)),
        "{spikes}"
    );
    assert!(share("flat") < 0.02, "{}", share("flat"));
    assert_eq!(count("pm25_above_pm10"), 2 * 568);
    assert_eq!(count("range"), 0);
}
