//! Tests of speeds against usual: worked numbers, edges, refusals.

use super::{MODEL, against};
use crate::run::{Content, Input, Table};

fn run(now: &str, before: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    let input = |name: &str, text: &str| Input {
        name: name.to_owned(),
        content: Content::Table(Table::from_csv(name, text.as_bytes()).unwrap()),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    MODEL
        .run(vec![input("now", now), input("before", before)], &settings, 1)
        .map(|tables| tables[0].to_csv())
        .map_err(|refusal| refusal.to_string())
}

#[test]
fn a_segment_is_held_against_the_median_of_its_weeks() {
    let now = "segment,speed_kmh\na,20\nb,50\nc,30\nd,\n";
    let before = "segment,week,speed_kmh\na,1,38\na,2,42\na,3,30\na,4,44\nb,1,40\nb,2,60\nc,1,30\nd,1,25\nd,2,25\nd,3,0\ne,1,10\ne,2,12\n";
    // a: median of 30, 38, 42, 44 is 40; a kilometre takes 180 s and not 90.
    assert_eq!(
        run(now, before, &[]).unwrap(),
        "segment,speed_kmh,usual_kmh,ratio,lost_s_km,slowest_kmh,n\n\
         a,20,40,0.5,90,30,4\n\
         b,50,50,1,0,40,2\n\
         c,30,,,,,1\n\
         d,,25,,,25,2\n\
         e,,11,,,10,2\n"
    );
    assert!(
        run(now, before, &[("least", "1")])
            .unwrap()
            .contains("c,30,30,1,0,30,1")
    );
}

#[test]
fn the_ratio_has_no_unit_and_no_week_is_more_than_another() {
    let weeks = [31.0, 47.0, 29.0, 52.0, 40.0];
    let found = against(Some(35.0), &weeks, 2);
    for factor in [0.1, 3.6] {
        let scaled = against(Some(35.0 * factor), &weeks.map(|w| w * factor), 2);
        assert!((scaled.ratio.unwrap() - found.ratio.unwrap()).abs() < 1e-12);
    }
    let mut turned = weeks;
    turned.reverse();
    assert_eq!(against(Some(35.0), &turned, 2), found);
    assert_eq!(against(Some(35.0), &[], 1).usual_kmh, None);
}

#[test]
fn what_is_there_twice_is_refused() {
    let twice = run("segment,speed_kmh\na,1\na,2\n", "segment,week,speed_kmh\n", &[]).unwrap_err();
    assert!(twice.contains("input `now`, row 2, column `segment`"), "{twice}");
    let twice = run(
        "segment,speed_kmh\n",
        "segment,week,speed_kmh\na,1,5\na,1,6\n",
        &[],
    )
    .unwrap_err();
    assert!(twice.contains("input `before`, row 2, column `week`"), "{twice}");
}
