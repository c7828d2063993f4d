//! Tests of access to places.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::fixture::{assert_close, numbers, run, tables};

fn both(
    demand: &str,
    supply: &str,
    costs: &str,
    settings: &[(&str, &str)],
) -> Result<(String, String), String> {
    run(
        "schools.access",
        &[
            ("demand", &format!("area,population\n{demand}")),
            ("supply", &format!("site,places\n{supply}")),
            ("costs", &format!("area,site,cost_min\n{costs}")),
        ],
        settings,
    )
    .map(|mut all| {
        let sites = all.remove(1);
        (all.remove(0), sites)
    })
}

/// scripts/reference_schools.py (access 1.1.10.post3).
#[test]
fn values_are_those_of_the_reference_package() {
    let demand = "area,population\n0,120\n1,300.5\n2,80\n3,0\n4,950\n5,40\n6,410\n";
    let supply = "site,places\n0,100\n1,250\n2,60\n3,75\n";
    let mut costs = String::from("area,site,cost_min\n");
    for area in 0..7 {
        for site in (0..4).filter(|site| (area + site) % 5 != 4) {
            writeln!(costs, "{area},{site},{}", (area * 13 + site * 17) % 37).unwrap();
        }
    }
    let inputs = [("demand", demand), ("supply", supply), ("costs", costs.as_str())];
    let table = tables("schools.access", &inputs, &[]).unwrap().remove(0);
    let expected = [
        0.730_639_174_561_237,
        0.287_002_952_268_989_2,
        0.910_078_355_702_642_8,
        0.255_659_431_050_298_54,
        0.070_068_637_061_615_81,
        0.919_746_560_492_798_8,
        0.329_067_258_076_492_4,
    ];
    for (found, expected) in numbers(&table, "value").into_iter().zip(expected) {
        assert_close(found.unwrap(), expected, 1e-8);
    }
}

#[test]
fn a_band_holds_its_bound_and_an_absent_pair_is_unreachable() {
    // a at the bound of the first band, b just beyond it, c at the last bound, d beyond it.
    let (access, sites) = both(
        "a,100\nb,100\nc,100\nd,100\ne,100\n",
        "s,95\n",
        "a,s,10\nb,s,10.000001\nc,s,30\nd,s,30.1\ne,s,\n",
        &[],
    )
    .unwrap();
    assert_eq!(sites, "site,ratio\ns,0.5\n");
    assert_eq!(access, "area,value\na,0.5\nb,0.34\nc,0.11\nd,0\ne,0\n");
    let settings = [("bands_min", "5, 30.1"), ("weights", "1, 0.5")];
    let (access, sites) = both("a,100\nd,100\n", "s,50\n", "a,s,5\nd,s,30.1\n", &settings).unwrap();
    assert!(sites.starts_with("site,ratio\ns,0.3333333333"), "{sites}");
    assert!(access.ends_with("d,0.16666666666666666\n"), "{access}");
}

#[test]
fn what_cannot_be_computed_is_empty() {
    let (access, sites) = both(
        "nobody,0\nunknown,\nsome,10\nother,10\n",
        "far,5\nlonely,5\nshared,5\nuncounted,\nnear,5\n",
        "nobody,lonely,1\nunknown,shared,1\nsome,shared,1\nother,uncounted,1\nother,near,1\n",
        &[],
    )
    .unwrap();
    assert_eq!(
        sites,
        "site,ratio\nfar,\nlonely,\nshared,\nuncounted,\nnear,0.5\n"
    );
    assert_eq!(access, "area,value\nnobody,\nunknown,\nsome,\nother,\n");
    assert_eq!(
        both("", "", "", &[]).unwrap(),
        ("area,value\n".to_owned(), "site,ratio\n".to_owned())
    );
}

#[test]
fn contradictions_are_refused() {
    let ok = ("a,1\n", "s,1\n", "a,s,1\n");
    for (demand, supply, costs, settings, message) in [
        (
            "a,1\na,1\n",
            ok.1,
            ok.2,
            vec![],
            "input `demand`, row 2, column `area`: `a` is there twice; give it one row",
        ),
        (
            "a,-1\n",
            ok.1,
            ok.2,
            vec![],
            "input `demand`, row 1, column `population`: `-1` is below 0",
        ),
        (
            ok.0,
            ok.1,
            "a,t,1\n",
            vec![],
            "input `costs`, row 1, column `site`: `t` is not in `supply`; add it there or leave the pair out",
        ),
        (
            ok.0,
            ok.1,
            "a,s,1\na,s,2\n",
            vec![],
            "input `costs`, row 2, column `site`: `s` with the area `a` is already in row 1; give each pair once",
        ),
        (
            ok.0,
            ok.1,
            "a,s,-1\n",
            vec![],
            "input `costs`, row 1, column `cost_min`: `-1` is below 0",
        ),
        (
            ok.0,
            ok.1,
            ok.2,
            vec![("weights", "1,2")],
            "settings `bands_min` and `weights`: 3 bounds and 2 weights; give each band one weight",
        ),
        (
            ok.0,
            ok.1,
            ok.2,
            vec![("bands_min", "10,10,30")],
            "setting `bands_min`: the bounds must rise, from 0 or more",
        ),
        (
            ok.0,
            ok.1,
            ok.2,
            vec![("weights", "1,-1,0")],
            "setting `weights`: a weight is below 0",
        ),
        (
            ok.0,
            ok.1,
            ok.2,
            vec![("weights", "1,x,0")],
            "setting `weights`: `x` is not a number",
        ),
    ] {
        assert_eq!(both(demand, supply, costs, &settings), Err(message.to_owned()));
    }
}

proptest! {
    /// Every place of a site that somebody reaches is handed out, and no other: Σ P·A = Σ S.
    #[test]
    fn places_are_neither_lost_nor_made(
        population in prop::collection::vec(0.0_f64..5_000.0, 1..25),
        places in prop::collection::vec(0.0_f64..2_000.0, 1..15),
        costs in prop::collection::vec(0.0_f64..45.0, 375),
    ) {
        let bands = [(10.0, 1.0), (20.0, 0.68), (30.0, 0.22)];
        let mut reach = Vec::new();
        for area in 0..population.len() {
            for site in 0..places.len() {
                let weight = weight(costs[area * 15 + site], &bands);
                if weight > 0.0 {
                    reach.push((area, site, weight));
                }
            }
        }
        let some = |numbers: &[f64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
        let found = access(&some(&population), &some(&places), &reach);
        let handed_out: f64 = population.iter().zip(&found.areas).map(|(p, a)| p * a.unwrap_or(0.0)).sum();
        let served: f64 = places.iter().zip(&found.sites).filter(|(_, ratio)| ratio.is_some()).map(|(s, _)| s).sum();
        prop_assert!((handed_out - served).abs() <= 1e-9 * served.max(1.0));
    }
}
