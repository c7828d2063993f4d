//! Tests of the passes: an example by hand, an independent computation on networks by chance, rings.

use super::*;
use crate::fixture::{run as run_csv, tables};
use crate::random::Random;

fn schedule(activities: &str, links: &str) -> Result<String, String> {
    let activities = format!("activity,duration_days\n{activities}");
    let links = format!("from,to,kind,lag_days\n{links}");
    let inputs = [("activities", activities.as_str()), ("links", links.as_str())];
    run_csv("projects.critical_path", &inputs, &[]).map(|mut out| out.remove(0))
}

const HEADER: &str = "activity,es,ef,ls,lf,float,critical\n";

#[test]
fn an_example_by_hand_with_every_kind_of_link() {
    // Design 4, permit 6 starts 2 after the design starts, works 10 after both, trees 3 end 1 after the works end,
    // guards 5 may not end before 12 after the permit starts, opening follows the works with 2 days of overlap.
    let found = schedule(
        "design,4\npermit,6\nworks,10\ntrees,3\nguards,5\nopening,1\n",
        "design,permit,SS,2\ndesign,works,FS,\npermit,works,,0\nworks,trees,FF,1\npermit,guards,SF,12\nworks,opening,fs,-2\n",
    );
    assert_eq!(
        found.expect("a run"),
        format!(
            "{HEADER}design,0,4,0,4,0,true\npermit,2,8,2,8,0,true\nworks,8,18,8,18,0,true\ntrees,16,19,16,19,0,true\n\
             guards,9,14,14,19,5,false\nopening,16,17,18,19,2,false\n"
        )
    );
}

#[test]
fn nothing_starts_before_day_0_and_nothing_is_needed_to_start() {
    assert_eq!(
        schedule("a,5\nb,2\n", "a,b,SS,-9\n").expect("a run"),
        format!("{HEADER}a,0,5,0,5,0,true\nb,0,2,3,5,3,false\n")
    );
    assert_eq!(schedule("", "").expect("a run"), HEADER);
    assert_eq!(
        schedule("m,0\n", "").expect("a run"),
        format!("{HEADER}m,0,0,0,0,0,true\n")
    );
    let alone = [("activities", "activity,duration_days\na,1.5\nb,1\n")];
    let out = run_csv("projects.critical_path", &alone, &[]).expect("a run");
    assert_eq!(
        out[0],
        format!("{HEADER}a,0,1.5,0,1.5,0,true\nb,0,1,0.5,1.5,0.5,false\n")
    );
}

/// Differences between starts that must hold, relaxed until none changes (Bellman and Ford), forwards from day 0 and
/// backwards from the end: another way to the same dates, written from the meaning of the links alone.
fn relaxed(durations: &[f64], links: &[Link]) -> (Vec<f64>, Vec<f64>) {
    let holds = |link: &Link, start: &[f64]| {
        let (from, to) = (start[link.from], start[link.to]);
        let (from_end, to_end) = (from + durations[link.from], to + durations[link.to]);
        match link.kind {
            Kind::FinishStart => to - from_end - link.lag_days,
            Kind::StartStart => to - from - link.lag_days,
            Kind::FinishFinish => to_end - from_end - link.lag_days,
            Kind::StartFinish => to_end - from - link.lag_days,
        }
    };
    let mut early = vec![0.0; durations.len()];
    while let Some(link) = links.iter().find(|link| holds(link, &early) < 0.0) {
        early[link.to] -= holds(link, &early);
    }
    let end = early
        .iter()
        .zip(durations)
        .map(|(start, length)| start + length)
        .fold(0.0, f64::max);
    let mut late: Vec<f64> = durations.iter().map(|length| end - length).collect();
    while let Some(link) = links.iter().find(|link| holds(link, &late) < 0.0) {
        late[link.from] += holds(link, &late);
    }
    (early, late)
}

#[test]
fn networks_by_chance_have_the_dates_of_an_independent_computation() {
    const KINDS: [Kind; 4] = [
        Kind::FinishStart,
        Kind::StartStart,
        Kind::FinishFinish,
        Kind::StartFinish,
    ];
    for network in 0..1000 {
        let mut random = Random::part(8, network);
        let count = 1 + random.below(14);
        let durations: Vec<f64> = (0..count).map(|_| random.below(12) as f64).collect();
        // Links lead along an order by chance, so that the order of the input means nothing.
        let mut order: Vec<usize> = (0..count).collect();
        random.shuffle(&mut order);
        let mut links = Vec::new();
        for later in 1..count {
            for earlier in 0..later {
                if random.unit() < 0.3 {
                    links.push(Link {
                        from: order[earlier],
                        to: order[later],
                        kind: KINDS[random.below(4)],
                        lag_days: random.below(13) as f64 - 6.0,
                    });
                }
            }
        }
        random.shuffle(&mut links);
        let found = dates(&durations, &links).expect("no ring");
        let (early, late) = relaxed(&durations, &links);
        for (at, each) in found.iter().enumerate() {
            assert_eq!((each.es, each.ls), (early[at], late[at]), "{network} {at}");
            assert_eq!(
                (each.ef, each.lf),
                (each.es + durations[at], each.ls + durations[at])
            );
            assert!(each.float_days() >= 0.0);
        }
        assert!(found.iter().any(|each| each.float_days() == 0.0), "{network}");
    }
}

#[test]
fn tenths_of_days_are_critical_in_spite_of_rounding() {
    let activities = (0..30)
        .map(|at| format!("a{at},0.1\n"))
        .collect::<Vec<_>>()
        .concat();
    let links = (1..30)
        .map(|at| format!("a{},a{at},FS,0.2\n", at - 1))
        .collect::<Vec<_>>()
        .concat();
    let found = schedule(&activities, &links).expect("a run");
    assert_eq!(found.matches(",0,true").count(), 30, "{found}");
}

#[test]
fn a_long_chain_and_many_links_take_no_time() {
    let count = 100_000;
    let links: Vec<Link> = (1..count)
        .flat_map(|to| [1, 7, 50].map(|back| (to, back)))
        .filter(|(to, back)| to >= back)
        .map(|(to, back)| Link {
            from: to - back,
            to,
            kind: Kind::FinishStart,
            lag_days: 0.0,
        })
        .collect();
    let found = dates(&vec![1.0; count], &links).expect("no ring");
    assert_eq!(found.last().map(|each| each.ef), Some(100_000.0));
}

#[test]
fn a_ring_is_refused_and_named() {
    let found = schedule(
        "x,1\na,1\nb,1\nc,1\ny,1\n",
        "x,a,FS,\na,b,SS,\nb,c,FS,-5\nc,a,FF,\nc,y,FS,\n",
    )
    .expect_err("a refusal");
    let ring = found
        .strip_prefix("input `links`: the links lead back to where they began: ")
        .and_then(|rest| rest.strip_suffix("; remove one of them"))
        .expect("the ring");
    assert!(
        ["a → b → c → a", "b → c → a → b", "c → a → b → c"].contains(&ring),
        "{found}"
    );
    let own = schedule("a,1\n", "a,a,FS,1\n").expect_err("a refusal");
    assert!(own.contains(": a → a;"), "{own}");
    // Whatever hangs on a ring, only the ring is named.
    for network in 0..300 {
        let mut random = Random::part(9, network);
        let count = 3 + random.below(10);
        let link = |from: usize, to: usize| Link {
            from,
            to,
            kind: Kind::FinishStart,
            lag_days: 0.0,
        };
        let links: Vec<Link> = (0..count * 2)
            .map(|_| link(random.below(count), random.below(count)))
            .collect();
        if let Err(Cycle(ring)) = dates(&vec![1.0; count], &links) {
            for (at, from) in ring.iter().enumerate() {
                let to = ring[(at + 1) % ring.len()];
                assert!(
                    links.iter().any(|link| link.from == *from && link.to == to),
                    "{network}: {ring:?}"
                );
            }
        }
    }
}

#[test]
fn what_cannot_be_used_is_named() {
    for (activities, links, message) in [
        (
            "a,1\nb,\n",
            "",
            "`activities`, row 2, column `duration_days`: `` is empty",
        ),
        (
            "a,-1\n",
            "",
            "`activities`, row 1, column `duration_days`: `-1` is below 0",
        ),
        (
            "a,1\na,1\n",
            "",
            "`activities`, row 2, column `activity`: `a` is there twice",
        ),
        (
            "a,1\n",
            "a,z,FS,0\n",
            "`links`, row 1, column `to`: `z` is no activity of the input `activities`",
        ),
        (
            "a,1\nb,1\n",
            "a,b,XX,0\n",
            "`links`, row 1, column `kind`: `XX` is none of FS, SS, FF, SF",
        ),
    ] {
        let found = schedule(activities, links).expect_err("a refusal");
        assert!(found.contains(message), "{found}");
    }
    let table = tables(
        "projects.critical_path",
        &[("activities", "activity,duration_days\n")],
        &[],
    )
    .expect("a run");
    assert_eq!(table[0].rows(), 0);
}
