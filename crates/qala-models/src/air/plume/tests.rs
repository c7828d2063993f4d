//! Tests of the plume: values of METHODS 1.4, conservation of mass, reflection, directions, what stays empty.

use super::*;
use crate::fixture::{assert_close, numbers, run as run_csv, tables};

const CLASSES: [Stability; 6] = [
    Stability::A,
    Stability::B,
    Stability::C,
    Stability::D,
    Stability::E,
    Stability::F,
];

#[test]
fn values_at_1000_m_are_those_of_the_methods() {
    // Class, surface, σy, σz, ground centre line for 100 g/s, 5 m/s and 50 m.
    for (stability, surface, across, upwards, value) in [
        (Stability::D, Surface::Rural, 76.277, 37.947, 923.24),
        (Stability::D, Surface::Urban, 135.225, 122.788, 352.91),
        (Stability::F, Surface::Rural, 38.139, 12.308, 3.54),
        (Stability::E, Surface::Urban, 92.967, 50.596, 830.56),
        (Stability::F, Surface::Urban, 92.967, 50.596, 830.56),
    ] {
        let (y, z) = sigmas_m(1000.0, stability, surface);
        assert!(
            (y - across).abs() < 5e-4 && (z - upwards).abs() < 5e-4,
            "{stability:?} {y} {z}"
        );
        let found = concentration_ug_m3(100.0, 5.0, (1000.0, 0.0, 0.0), 50.0, (stability, surface), None);
        assert!((found - value).abs() < 5e-3, "{stability:?} {found}");
    }
    assert_eq!(
        sigmas_m(700.0, Stability::A, Surface::Urban),
        sigmas_m(700.0, Stability::B, Surface::Urban)
    );
}

#[test]
fn the_rise_is_that_of_the_methods() {
    let buoyancy = buoyancy_m4_s3(6.0, 20.0, 420.0, 280.0);
    assert!((buoyancy - 588.40).abs() < 5e-3, "{buoyancy}");
    assert!((rise_m(buoyancy, 5.0, 280.0, None) - 355.35).abs() < 5e-3);
    assert!((rise_m(buoyancy, 5.0, 280.0, Some(0.02)) - 143.46).abs() < 5e-3);
    // A weak plume, by hand: 21.425·10^0.75/5.
    assert!((rise_m(10.0, 5.0, 280.0, None) - 24.096_4).abs() < 5e-4);
    assert!(rise_m(0.0, 5.0, 280.0, None).abs() < 1e-12);
    assert!(buoyancy_m4_s3(6.0, 20.0, 270.0, 280.0).abs() < 1e-12);
}

/// What flows through a plane downwind, g/s: the sum over a grid of concentration and wind.
fn flux(x_m: f64, class: (Stability, Surface), height_m: f64, lid_m: Option<f64>) -> f64 {
    let ws = 3.0;
    let (across, upwards) = sigmas_m(x_m, class.0, class.1);
    let top = lid_m.unwrap_or(height_m + 9.0 * upwards);
    let (columns, rows) = (240, 1200);
    let (dy, dz) = (16.0 * across / f64::from(columns), top / f64::from(rows));
    let mut sum = 0.0;
    for column in 0..columns {
        let y = -8.0 * across + (f64::from(column) + 0.5) * dy;
        for row in 0..rows {
            let z = (f64::from(row) + 0.5) * dz;
            sum += concentration_ug_m3(100.0, ws, (x_m, y, z), height_m, class, lid_m);
        }
    }
    sum * ws * dy * dz / 1e6
}

#[test]
fn what_was_emitted_flows_through_every_plane_downwind() {
    for surface in [Surface::Rural, Surface::Urban] {
        for stability in CLASSES {
            for (x, lid) in [
                (300.0, None),
                (5000.0, None),
                (300.0, Some(200.0)),
                (5000.0, Some(200.0)),
            ] {
                let found = flux(x, (stability, surface), 60.0, lid);
                assert!(
                    (found - 100.0).abs() < 0.01,
                    "{stability:?} {surface:?} {x} {lid:?}: {found}"
                );
            }
        }
    }
}

#[test]
fn images_and_waves_are_the_same_sum_and_a_far_lid_is_none() {
    for (z, height) in [(0.0, 0.0), (0.0, 80.0), (35.0, 80.0), (100.0, 100.0)] {
        let images: f64 = (-60..=60)
            .map(|order| {
                let shift = 200.0 * f64::from(order);
                [z - height + shift, z + height + shift]
                    .map(|distance: f64| (-distance.powi(2) / (2.0 * 100.0_f64.powi(2))).exp())
                    .iter()
                    .sum::<f64>()
            })
            .sum::<f64>()
            / (100.0 * std::f64::consts::TAU.sqrt());
        for sigma in [99.999_999_999_9, 100.0] {
            let found = upright_1_m(z, height, sigma, Some(100.0));
            assert!(
                (found - images).abs() < 1e-11 * images,
                "{z} {height} {sigma}: {found} {images}"
            );
        }
        assert_close(
            upright_1_m(z, height, 20.0, Some(5000.0)),
            upright_1_m(z, height, 20.0, None),
            1e-15,
        );
        // A plume that has filled the layer is even.
        assert!((upright_1_m(z, height, 900.0, Some(100.0)) - 0.01).abs() < 1e-12);
    }
    // What rose above the lid stays there.
    assert_close(upright_1_m(10.0, 150.0, 90.0, Some(100.0)), 0.0, 0.0);
    assert_close(upright_1_m(110.0, 50.0, 90.0, Some(100.0)), 0.0, 0.0);
    assert_close(
        upright_1_m(130.0, 150.0, 20.0, Some(100.0)),
        upright_1_m(30.0, 50.0, 20.0, None),
        1e-15,
    );
}

const SOURCES: &str = "source,x_m,y_m,height_m,rate_g_s,diameter_m,velocity_m_s,temperature_k\n";
const RECEPTORS: &str = "receptor,x_m,y_m,z_m\n";
const WEATHER: &str = "t,ws_m_s,wd_deg,stability,surface,temperature_k,mixing_height_m\n";

fn values(sources: &str, receptors: &str, weather: &str, rise: &str) -> Result<Vec<Option<f64>>, String> {
    let inputs = [
        ("sources", format!("{SOURCES}{sources}")),
        ("receptors", format!("{RECEPTORS}{receptors}")),
        ("weather", format!("{WEATHER}{weather}")),
    ];
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, csv)| (*name, csv.as_str())).collect();
    let table = tables("air.plume", &inputs, &[("rise", rise)])?.remove(0);
    Ok(numbers(&table, "value_ug_m3"))
}

#[test]
fn the_wind_carries_to_the_other_side_from_where_it_comes() {
    let receptors = "n,100,1200,0\ne,1100,200,0\ns,100,-800,0\nw,-900,200,0\n";
    for (wd, hit) in [(0, 2), (90, 3), (180, 0), (270, 1), (360, 2)] {
        let weather = format!("h,5,{wd},D,rural,,\n");
        let found = values("a,100,200,50,100,,,\n", receptors, &weather, "none").expect("a run");
        for (receptor, value) in found.iter().enumerate() {
            let expected = if receptor == hit { 923.24 } else { 0.0 };
            assert!(
                (value.expect("a value") - expected).abs() < 5e-3,
                "{wd} {receptor}: {value:?}"
            );
        }
    }
}

#[test]
fn rows_are_ordered_by_weather_receptors_and_sources() {
    let inputs = [
        ("sources", format!("{SOURCES}b,0,0,0,1,,,\na,0,0,0,0,,,\n")),
        ("receptors", format!("{RECEPTORS}r2,9,0,0\nr1,-9,0,0\n")),
        (
            "weather",
            format!("{WEATHER}2026-01-01T01:00Z,0.4,270,D,urban,,\n2026-01-01T00:00Z,1,90,D,urban,,\n"),
        ),
    ];
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(name, csv)| (*name, csv.as_str())).collect();
    let out = run_csv("air.plume", &inputs, &[]).expect("a run").remove(0);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[..8],
        [
            "t,receptor,source,value_ug_m3",
            "2026-01-01T01:00Z,r2,b,",
            "2026-01-01T01:00Z,r2,a,",
            "2026-01-01T01:00Z,r1,b,",
            "2026-01-01T01:00Z,r1,a,",
            "2026-01-01T00:00Z,r2,b,0",
            "2026-01-01T00:00Z,r2,a,0",
            lines[7],
        ]
    );
    assert!(lines[7].starts_with("2026-01-01T00:00Z,r1,b,") && lines[8] == "2026-01-01T00:00Z,r1,a,0");
    assert_eq!(lines.len(), 9);
}

#[test]
fn a_hot_plume_rises_by_the_class_of_the_air_and_may_break_through_the_lid() {
    let stack = "a,0,0,50,100,6,20,420\n";
    let receptor = "r,4000,0,0\n";
    let rise = |weather: &str| values(stack, receptor, weather, "briggs").expect("a run")[0];
    let at = |height: f64, stability: Stability, lid: Option<f64>| {
        concentration_ug_m3(
            100.0,
            5.0,
            (4000.0, 0.0, 0.0),
            height,
            (stability, Surface::Rural),
            lid,
        )
    };
    let close = |found: Option<f64>, expected: f64| {
        assert!(
            (found.expect("a value") - expected).abs() <= 1e-9 * expected,
            "{found:?} {expected}"
        );
    };
    let buoyancy = buoyancy_m4_s3(6.0, 20.0, 420.0, 280.0);
    let neutral = 50.0 + rise_m(buoyancy, 5.0, 280.0, None);
    close(rise("h,5,270,D,rural,280,\n"), at(neutral, Stability::D, None));
    close(
        rise("h,5,270,D,rural,280,600\n"),
        at(neutral, Stability::D, Some(600.0)),
    );
    close(
        rise("h,5,270,E,rural,280,\n"),
        at(
            50.0 + rise_m(buoyancy, 5.0, 280.0, Some(0.020)),
            Stability::E,
            None,
        ),
    );
    close(
        rise("h,5,270,F,rural,280,\n"),
        at(
            50.0 + rise_m(buoyancy, 5.0, 280.0, Some(0.035)),
            Stability::F,
            None,
        ),
    );
    assert_eq!(rise("h,5,270,D,rural,280,300\n"), Some(0.0));
}

#[test]
fn what_is_not_known_stays_empty() {
    let receptor = "r,1000,0,0\n";
    let good = "h,5,270,D,rural,280,\n";
    let one =
        |source: &str, weather: &str, rise: &str| values(source, receptor, weather, rise).expect("a run")[0];
    for weather in [
        "h,,270,D,rural,,\n",
        "h,5,,D,rural,,\n",
        "h,5,270,,rural,,\n",
        "h,5,270,D,,,\n",
        "h,0.49,270,D,rural,,\n",
    ] {
        assert_eq!(one("a,0,0,50,100,,,\n", weather, "none"), None, "{weather}");
    }
    assert!(one("a,0,0,50,100,,,\n", "h,0.5,270,D,rural,,\n", "none").is_some());
    assert_eq!(one("a,0,0,50,,,,\n", good, "none"), None);
    assert_eq!(one("a,0,0,50,100,6,,420\n", good, "briggs"), None);
    assert_eq!(
        one("a,0,0,50,100,6,20,420\n", "h,5,270,D,rural,,\n", "briggs"),
        None
    );
    // Where nothing flows, and where the gas is cold, nothing rises.
    let plain = one("a,0,0,50,100,,,\n", good, "none");
    assert_eq!(one("a,0,0,50,100,0,,\n", good, "briggs"), plain);
    assert_eq!(one("a,0,0,50,100,6,20,270\n", good, "briggs"), plain);
    assert_eq!(values("", receptor, good, "none"), Ok(Vec::new()));
    assert_eq!(values("a,0,0,50,100,,,\n", "", good, "none"), Ok(Vec::new()));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let (source, receptor, hour) = ("a,0,0,50,100,,,\n", "r,1,0,0\n", "h,5,270,D,rural,,\n");
    for (sources, receptors, weather, message) in [
        (
            "a,0,0,50,-1,,,\n",
            receptor,
            hour,
            "`sources`, row 1, column `rate_g_s`: `-1` is below 0",
        ),
        (
            "a,0,0,,1,,,\n",
            receptor,
            hour,
            "`sources`, row 1, column `height_m`: `` is empty",
        ),
        (
            "a,0,0,1,1,1,1,120\nb,0,0,1,1,1,1,90\n",
            receptor,
            hour,
            "`sources`, row 2, column `temperature_k`: `90` is no",
        ),
        (
            "a,0,0,1,1,,,\na,0,0,1,1,,,\n",
            receptor,
            hour,
            "`sources`, row 2, column `source`: `a` is there twice",
        ),
        (
            source,
            "r,1,0,0\nr,2,0,0\n",
            hour,
            "`receptors`, row 2, column `receptor`: `r` is there twice",
        ),
        (
            source,
            receptor,
            "h,5,270,G,rural,,\n",
            "column `stability`: `G` is none of A, B, C, D, E, F",
        ),
        (
            source,
            receptor,
            "h,5,270,D,sea,,\n",
            "column `surface`: `sea` is neither rural nor urban",
        ),
        (
            source,
            receptor,
            "h,5,361,D,rural,,\n",
            "column `wd_deg`: `361` is not between 0 and 360",
        ),
        (
            source,
            receptor,
            "h,-5,1,D,rural,,\n",
            "column `ws_m_s`: `-5` is below 0",
        ),
        (
            source,
            receptor,
            "h,5,1,D,rural,,0\n",
            "column `mixing_height_m`: `0` is not above 0",
        ),
    ] {
        let found = values(sources, receptors, weather, "none").expect_err("a refusal");
        assert!(found.contains(message), "{found}");
    }
}
