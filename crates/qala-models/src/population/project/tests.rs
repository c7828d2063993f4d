//! Tests of the projection.

mod real;

use std::fmt::Write;

use super::*;
use crate::fixture::{assert_close, numbers, run, tables};
use crate::random::Random;

const SETTINGS: &[(&str, &str)] = &[
    ("steps", "3"),
    ("age_width", "20"),
    ("start_year", "2020"),
    ("sex_ratio_at_birth", "1.06"),
];

/// A small city: population, fertility, survival and migration of three steps with the same rates.
fn small() -> [String; 4] {
    let mut population = String::from("area,sex,age,count\n");
    let mut fertility = String::from("area,year,age,rate\n");
    let mut survival = String::from("area,year,sex,age,sx\n");
    let mut migration = String::from("area,year,sex,age,count\n");
    let people = [[500, 620, 410, 150], [480, 600, 450, 230]];
    let alive = [[0.97, 0.99, 0.97, 0.80, 0.30], [0.98, 0.995, 0.98, 0.88, 0.42]];
    let moved = [[4, 36, -6, 0], [2, 44, -8, 1]];
    for (sex, name) in ["male", "female"].iter().enumerate() {
        for (group, count) in people[sex].iter().enumerate() {
            writeln!(population, "c,{name},{},{count}", group * 20).unwrap();
        }
        for year in [2020, 2040, 2060] {
            for (place, sx) in alive[sex].iter().enumerate() {
                let age = if place == 0 { -1 } else { 20 * (place as i64 - 1) };
                writeln!(survival, "c,{year},{name},{age},{sx}").unwrap();
            }
            for (group, count) in moved[sex].iter().enumerate() {
                writeln!(migration, "c,{year},{name},{},{count}", group * 20).unwrap();
            }
        }
    }
    for year in [2020, 2040, 2060] {
        writeln!(fertility, "c,{year},20,0.04\nc,{year},40,0.005").unwrap();
    }
    [population, fertility, survival, migration]
}

fn project(csv: &[String; 4], settings: &[(&str, &str)]) -> Result<Vec<Table>, String> {
    let names = ["population", "fertility", "survival", "migration"];
    let inputs: Vec<(&str, &str)> = names.into_iter().zip(csv.iter().map(String::as_str)).collect();
    tables("population.project", &inputs, settings)
}

/// scripts/reference_population.py (numpy 2.4.6).
#[test]
fn a_small_city_is_as_numpy_computes_it() {
    let found = project(&small(), SETTINGS).unwrap();
    let expected = [
        [500.0, 620.0, 410.0, 150.0, 480.0, 600.0, 450.0, 230.0],
        [
            248.077_209_320_388_33,
            514.98,
            615.86,
            370.6,
            235.541_592_233_009_74,
            500.595,
            605.56,
            489.79,
        ],
        [
            181.119_781_502_099_16,
            265.576_437_227_184_44,
            513.990_6,
            601.468,
            171.722_997_346_875_27,
            257.358_884_271_844_66,
            508.143_1,
            735.794_6,
        ],
        [
            111.499_829_566_509_82,
            199.288_583_687_078_16,
            272.069_144_110_368_9,
            589.232_88,
            105.366_692_253_627_33,
            193.859_382_360_140_9,
            269.771_706_586_407_8,
            753.389_66,
        ],
    ];
    for (found, expected) in numbers(&found[0], "count").into_iter().zip(expected.concat()) {
        assert_close(found.unwrap(), expected, 1e-12);
    }
    let csv = found[0].to_csv();
    assert!(
        csv.starts_with("area,year,sex,age,count\nc,2020,male,0,500\nc,2020,male,20,620\n"),
        "{csv}"
    );
    assert!(csv.contains("\nc,2040,female,20,500.59499"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 4 * 8);
    assert_eq!(found[1].ints("year").unwrap(), [2020, 2040, 2060]);
    for (column, expected) in [
        ("births", [493.016, 358.866_708_708_737_86, 219.383_046_982_114_6]),
        (
            "deaths",
            [
                425.012_198_446_602_04,
                777.696_109_914_132_3,
                1_033.079_568_765_985_2,
            ],
        ),
        ("migrants", [73.0; 3]),
    ] {
        for (found, expected) in numbers(&found[1], column).into_iter().zip(expected) {
            assert_close(found.unwrap(), expected, 1e-12);
        }
    }
}

/// A closed population of women is a Leslie matrix: with S = 1/2, 3/4, 0 and daughters by hand.
#[test]
fn women_alone_are_a_matrix_that_can_be_checked_by_hand() {
    let csv = [
        "area,sex,age,count\nz,female,0,64\nz,female,1,32\nz,female,2,16\n".to_owned(),
        "area,year,age,rate\nz,0,1,1\nz,0,2,2\n".to_owned(),
        "area,year,sex,age,sx\nz,0,female,-1,0.5\nz,0,female,0,0.5\nz,0,female,1,0.75\nz,0,female,2,0\n"
            .to_owned(),
        "area,year,sex,age,count\n".to_owned(),
    ];
    let settings = [("age_width", "1"), ("sex_ratio_at_birth", "0")];
    let found = project(&csv, &settings).unwrap();
    // N' = (births/2, 32, 24); births = (32 + 32)/2 + 2·(16 + 24)/2 = 72.
    assert_eq!(
        found[0].to_csv(),
        "area,year,sex,age,count\nz,0,female,0,64\nz,0,female,1,32\nz,0,female,2,16\nz,1,female,0,36\nz,1,female,1,32\n\
         z,1,female,2,24\n"
    );
    assert_eq!(
        found[1].to_csv(),
        "area,year,births,deaths,migrants\nz,0,72,92,0\n"
    );
}

/// With a rate at age 0 the births of a step depend on themselves.
#[test]
fn births_at_age_0_solve_their_own_equation() {
    let rates = Rates {
        width: 25.0,
        fertility: vec![0.02, 0.03],
        survival_of_born: [0.9, 0.95],
        survival: [vec![0.9, 0.2], vec![0.95, 0.3]],
        migrants: [vec![1.0, 0.0], vec![3.0, -2.0]],
        sex_ratio_at_birth: 1.05,
    };
    let now = [vec![100.0, 80.0], vec![95.0, 85.0]];
    let (next, events) = step(&now, &rates).unwrap();
    let mean = |group: usize| f64::midpoint(now[1][group], next[1][group]);
    assert_close(events.births, 25.0 * (0.02 * mean(0) + 0.03 * mean(1)), 1e-12);
    assert_close(next[1][0], events.births / 2.05 * 0.95 + 1.5, 1e-12);
}

/// Births − deaths + migrants is the change, for any rates.
#[test]
fn nobody_is_lost_and_nobody_is_made() {
    let mut random = Random::new(12);
    for groups in 1..30 {
        let mut draw = |low: f64, high: f64, count: usize| {
            (0..count)
                .map(|_| low + (high - low) * random.unit())
                .collect::<Vec<f64>>()
        };
        let now = [draw(100.0, 5e5, groups), draw(100.0, 5e5, groups)];
        let rates = Rates {
            width: 5.0,
            fertility: draw(0.0, 0.2, groups),
            survival_of_born: [draw(0.5, 1.0, 1)[0], draw(0.5, 1.0, 1)[0]],
            survival: [draw(0.0, 1.0, groups), draw(0.0, 1.0, groups)],
            migrants: [draw(-90.0, 300.0, groups), draw(-90.0, 300.0, groups)],
            sex_ratio_at_birth: 1.05,
        };
        let (next, events) = step(&now, &rates).unwrap();
        let total = |people: &Cohorts| people.iter().flatten().sum::<f64>();
        assert_close(
            total(&next),
            total(&now) + events.births - events.deaths + events.migrants,
            1e-12,
        );
    }
}

#[test]
fn areas_are_apart_and_the_input_migration_may_be_absent() {
    let one = small();
    let twice = one.clone().map(|csv| {
        let rows = csv.lines().skip(1).fold(String::new(), |mut rows, line| {
            writeln!(rows, "d{}", &line[1..]).unwrap();
            rows
        });
        format!(
            "{}\n{rows}{}",
            csv.lines().next().unwrap(),
            csv.split_once('\n').unwrap().1
        )
    });
    let alone = project(&one, SETTINGS).unwrap();
    let both = project(&twice, SETTINGS).unwrap();
    let counts = numbers(&both[0], "count");
    assert_eq!(counts[..32], counts[32..]);
    assert_eq!(counts[32..], numbers(&alone[0], "count")[..]);
    assert_eq!(both[0].texts("area").unwrap()[0], "d");

    let closed = [
        one[0].clone(),
        one[1].clone(),
        one[2].clone(),
        "area,year,sex,age,count\n".to_owned(),
    ];
    let with_empty: Vec<String> = project(&closed, SETTINGS)
        .unwrap()
        .iter()
        .map(Table::to_csv)
        .collect();
    let inputs = [
        ("population", one[0].as_str()),
        ("fertility", one[1].as_str()),
        ("survival", one[2].as_str()),
    ];
    assert_eq!(run("population.project", &inputs, SETTINGS).unwrap(), with_empty);
}

#[test]
fn no_step_gives_the_start_and_an_empty_population_nothing() {
    let found = project(&small(), &[("steps", "0"), ("age_width", "20")]).unwrap();
    assert_eq!((found[0].rows(), found[1].rows()), (8, 0));
    // The first year is the earliest of `survival`.
    assert_eq!(found[0].ints("year").unwrap()[0], 2020);
    let empty = small().map(|csv| format!("{}\n", csv.lines().next().unwrap()));
    let found = project(&empty, &[]).unwrap();
    assert_eq!((found[0].rows(), found[1].rows()), (0, 0));
}

#[test]
fn contradictions_are_refused() {
    let change = |table: usize, from: &str, to: &str| {
        let mut csv = small();
        assert!(csv[table].contains(from), "{from}");
        csv[table] = csv[table].replacen(from, to, 1);
        project(&csv, SETTINGS).map(|tables| tables.len())
    };
    for (table, from, to, message) in [
        (
            0,
            "c,male,20,620\n",
            "",
            "input `population`: area `c` has no row for male and age 20; give every age from 0 to the last in steps of 20, 0 \
             where nobody lives",
        ),
        (
            0,
            "c,male,20,620",
            "c,male,25,620",
            "input `population`, row 2, column `age`: `25` is no age group of `population`: those begin at 0 and every 20 years \
             up to 60",
        ),
        (
            0,
            "c,male,20,620",
            "c,male,0,620",
            "input `population`, row 2, column `age`: `0` is there twice for the same area, sex and year; give each once",
        ),
        (
            0,
            "c,male,20,620",
            "c,man,20,620",
            "input `population`, row 2, column `sex`: `man` must be male or female",
        ),
        (
            0,
            "c,male,20,620",
            "c,male,20,-1",
            "input `population`, row 2, column `count`: `-1` is below 0",
        ),
        (
            1,
            "c,2040,20,0.04\nc,2040,40,0.005\n",
            "",
            "input `fertility`: there are no rates for area `c` and year 2040; give them for the start of every step, 0 where \
             nobody is born",
        ),
        (
            1,
            "c,2040,20",
            "d,2040,20",
            "input `fertility`, row 3, column `area`: `d` is not in `population`; add it there or leave the row out",
        ),
        (
            2,
            "c,2060,female,-1,0.98\n",
            "",
            "input `survival`: there is no row for area `c`, year 2060, female and age -1; give one for every age from -1 (birth) \
             to the last at the start of every step",
        ),
        (
            2,
            "c,2020,male,20,0.97",
            "c,2020,male,20,1.2",
            "input `survival`, row 3, column `sx`: `1.2` is no share between 0 and 1",
        ),
        (
            3,
            "c,2020,male,40,-6",
            "c,2020,male,40,-900",
            "input `migration`: in area `c`, in the step from 2020, more people leave than there are (male, age 40); lower what \
             leaves there",
        ),
        (
            3,
            "c,2020,male,40,-6",
            "c,2020,male,-1,-6",
            "input `migration`, row 3, column `age`: `-1` is no age group of `population`: those begin at 0 and every 20 years \
             up to 60",
        ),
        (
            1,
            "c,2020,20,0.04",
            "c,2020,0,0.4",
            "input `fertility`: in area `c`, in the step from 2020, the rate at age 0 is too high to be; give births per woman and \
             year",
        ),
    ] {
        assert_eq!(change(table, from, to), Err(message.to_owned()));
    }
}
