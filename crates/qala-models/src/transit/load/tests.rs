//! Tests of loads.

use proptest::prelude::*;

use super::*;
use crate::fixture::run;

const HEAD: &str = "trip,seq,stop,boardings,alightings\n";

fn one(rows: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    run("transit.load", &[("counts", &format!("{HEAD}{rows}"))], settings).map(|mut all| all.remove(0))
}

#[test]
fn load_is_after_the_stop_and_may_be_negative() {
    let rows = "late,30,c,0,6\nlate,10,a,4,0\nlate,20,b,2,3\nother,1,a,1,0\nother,2,b,0,1\n";
    assert_eq!(
        one(rows, &[]).unwrap(),
        "trip,seq,stop,load\nlate,10,a,4\nlate,20,b,3\nlate,30,c,-3\nother,1,a,1\nother,2,b,0\n"
    );
}

#[test]
fn balance_empties_the_vehicle_at_the_end() {
    // 6 boarded, 8 alighted: each alighting counts for 3/4.
    let rows = "a,1,x,6,0\na,2,y,0,4\na,3,z,0,4\n";
    assert_eq!(
        one(rows, &[("balance", "proportional")]).unwrap(),
        "trip,seq,stop,load\na,1,x,6\na,2,y,3\na,3,z,0\n"
    );
    assert_eq!(
        one(rows, &[("balance", "half")]),
        Err("setting `balance`: `half` is none of none, proportional".to_owned())
    );
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let gap = "a,1,x,6,0\na,2,y,,4\na,3,z,0,2\n";
    assert_eq!(
        one(gap, &[]).unwrap(),
        "trip,seq,stop,load\na,1,x,6\na,2,y,\na,3,z,\n"
    );
    let proportional = [("balance", "proportional")];
    assert_eq!(
        one(gap, &proportional).unwrap(),
        "trip,seq,stop,load\na,1,x,\na,2,y,\na,3,z,\n"
    );
    // Nobody alighted: no factor; nobody at all: nothing to balance; nobody boarded: nobody can have alighted.
    let rows = "a,1,x,6,0\nb,1,x,0,0\nc,1,x,0,2\n";
    assert_eq!(
        one(rows, &proportional).unwrap(),
        "trip,seq,stop,load\na,1,x,\nb,1,x,0\nc,1,x,0\n"
    );
    assert_eq!(one("", &[]).unwrap(), "trip,seq,stop,load\n");
}

#[test]
fn contradictions_are_refused() {
    for (rows, message) in [
        (
            "a,1,x,6,0\na,1,x,6,0\n",
            "input `counts`, row 2, column `seq`: `1` is already in row 1 for trip `a`; give each stop of a trip once",
        ),
        (
            "a,1,x,6,-1\n",
            "input `counts`, row 1, column `alightings`: `-1` is below 0; a count cannot be",
        ),
        (
            "a,1.5,x,6,1\n",
            "input `counts`, row 1, column `seq`: `1.5` is not a whole number",
        ),
        ("a,,x,6,1\n", "input `counts`, row 1, column `seq`: `` is empty"),
    ] {
        assert_eq!(one(rows, &[]), Err(message.to_owned()));
    }
}

proptest! {
    /// The truth is known: who boarded and where each left. A counter that misses a share of alightings is mended.
    #[test]
    fn balance_undoes_a_counter_that_misses_a_share(
        rides in prop::collection::vec((0_usize..12, 1_usize..12), 1..80),
        share in 0.5_f64..1.5,
    ) {
        let mut counts = vec![(Some(0.0), Some(0.0)); 24];
        for (from, length) in rides {
            counts[from].0 = counts[from].0.map(|n| n + 1.0);
            counts[from + length].1 = counts[from + length].1.map(|n| n + 1.0);
        }
        let truth = loads(&counts, Balance::None);
        let counted: Vec<_> = counts.iter().map(|(b, a)| (*b, a.map(|a| a * share))).collect();
        for (found, truth) in loads(&counted, Balance::Proportional).into_iter().zip(truth) {
            prop_assert!((found.unwrap() - truth.unwrap()).abs() < 1e-9);
        }
    }
}
