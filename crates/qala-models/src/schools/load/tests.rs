//! Tests of the load of schools.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::fixture::{assert_close, numbers, public_file, run, tables};

const HEAD: &str = "school,district,places,shifts,pupils\n";

fn both(rows: &str) -> Result<(String, String), String> {
    run("schools.load", &[("schools", &format!("{HEAD}{rows}"))], &[]).map(|mut all| {
        let districts = all.remove(1);
        (all.remove(0), districts)
    })
}

#[test]
fn missing_and_free_places_are_never_netted() {
    let (load, districts) = both("a,north,1000,2,1500\nb,south,800,1,800\nc,north,600,1,300\n").unwrap();
    assert_eq!(
        load,
        "school,load,shift_load,missing,free\na,1.5,0.75,500,0\nb,1,1,0,0\nc,0.5,0.5,0,300\n"
    );
    assert_eq!(
        districts,
        "district,places,pupils,missing,free\nnorth,1600,1800,500,300\nsouth,800,800,0,0\n"
    );
}

#[test]
fn what_cannot_be_computed_is_empty_in_the_school_and_in_its_district() {
    let (load, districts) = both(
        "no_places,a,,1,10\nzero_places,b,0,1,10\nno_pupils,c,10,1,\nno_shifts,d,10,,5\nzero_shifts,d,10,0,5\n\
         no_district,,10,1,5\nempty,e,0,1,0\n",
    )
    .unwrap();
    assert_eq!(
        load,
        "school,load,shift_load,missing,free\nno_places,,,,\nzero_places,,,10,0\nno_pupils,,,,\nno_shifts,0.5,,0,5\n\
         zero_shifts,0.5,,0,5\nno_district,0.5,0.5,0,5\nempty,,,0,0\n"
    );
    assert_eq!(
        districts,
        "district,places,pupils,missing,free\na,,10,,\nb,0,10,10,0\nc,10,,,\nd,20,10,0,10\n,10,5,0,5\ne,0,0,0,0\n"
    );
    let (load, districts) = both("").unwrap();
    assert_eq!((load.lines().count(), districts.lines().count()), (1, 1));
}

#[test]
fn contradictions_are_refused() {
    for (rows, message) in [
        (
            "a,n,10,1,5\na,n,10,1,5\n",
            "input `schools`, row 2, column `school`: `a` is there twice; give each school one row",
        ),
        (
            "a,n,-10,1,5\n",
            "input `schools`, row 1, column `places`: `-10` is below 0",
        ),
        (
            "a,n,10,1,-5\n",
            "input `schools`, row 1, column `pupils`: `-5` is below 0",
        ),
        (
            ",n,10,1,5\n",
            "input `schools`, row 1, column `school`: `` is empty",
        ),
        (
            "a,n,ten,1,5\n",
            "input `schools`, row 1, column `places`: `ten` is not a number",
        ),
    ] {
        assert_eq!(both(rows), Err(message.to_owned()));
    }
}

/// scripts/reference_schools.py (pandas 3.1.1): 112 schools, two without a capacity, three without an enrolment.
#[test]
fn real_schools_are_as_pandas_computes_them() {
    let Some(text) = public_file(
        "real_schools_are_as_pandas_computes_them",
        "schools/dc_schools.csv",
    ) else {
        return;
    };
    let file = Table::from_csv("file", text.as_bytes()).unwrap();
    let column = |name| file.texts(name).unwrap();
    let (codes, wards) = (column("school_code"), column("ward"));
    let (places, pupils) = (column("building_capacity"), column("sy12_enrollment"));
    let mut csv = HEAD.to_owned();
    for row in 0..codes.len() {
        writeln!(
            csv,
            "{},{},{},1,{}",
            codes[row], wards[row], places[row], pupils[row]
        )
        .unwrap();
    }
    let tables = tables("schools.load", &[("schools", &csv)], &[]).unwrap();
    let load: Vec<f64> = numbers(&tables[0], "load").into_iter().flatten().collect();
    assert_close(load.iter().sum(), 83.044_406_397_603_52, 1e-12);
    assert_eq!(load.iter().filter(|load| **load > 1.0).count(), 23);
    let total = |column| numbers(&tables[0], column).into_iter().flatten().sum::<f64>();
    assert_close(total("missing"), 1_285.0, 1e-12);
    assert_close(total("free"), 18_300.0, 1e-12);
    assert_eq!(
        tables[1].to_csv(),
        "district,places,pupils,missing,free\nWard 8,,,,\nWard 7,7264,4866,0,2398\nWard 6,,,,\nWard 5,9062,,,\n\
         Ward 4,8494,6391,274,2377\nWard 1,6213,4943,6,1276\nWard 3,5822,6478,792,136\nWard 2,3156,2721,145,580\n"
    );
}

proptest! {
    /// What is missing less what is free is pupils less places, of a school and of a district; one of both is 0 in a school.
    #[test]
    fn the_gap_of_a_district_is_that_of_its_schools(
        schools in prop::collection::vec((0_u32..2_000, 0_u32..3_000, 0_usize..3), 1..40),
    ) {
        let mut rows = HEAD.to_owned();
        for (id, (places, pupils, district)) in schools.iter().enumerate() {
            writeln!(rows, "s{id},d{district},{places},1,{pupils}").unwrap();
        }
        let tables = tables("schools.load", &[("schools", &rows)], &[]).unwrap();
        let column = |table: usize, name: &str| -> Vec<f64> {
            numbers(&tables[table], name).into_iter().map(Option::unwrap).collect()
        };
        let (missing, free) = (column(0, "missing"), column(0, "free"));
        for (row, (places, pupils, _)) in schools.iter().enumerate() {
            prop_assert!((missing[row] - free[row] - (f64::from(*pupils) - f64::from(*places))).abs() < 1e-9);
            prop_assert!(missing[row].min(free[row]) == 0.0);
        }
        let districts = tables[1].texts("district").unwrap();
        for (row, name) in districts.iter().enumerate() {
            let own = |cells: &[f64]| -> f64 {
                cells.iter().zip(&schools).filter(|(_, school)| format!("d{}", school.2) == *name).map(|(n, _)| n).sum()
            };
            prop_assert!((column(1, "missing")[row] - own(&missing)).abs() < 1e-9);
            prop_assert!((column(1, "free")[row] - own(&free)).abs() < 1e-9);
        }
    }
}
