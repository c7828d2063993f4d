//! Faults planted in a large administration.

use super::*;
use crate::random::Random;

/// METHODS 11: 20 orphans and 20 duplicates planted in 60 units and 900 functions.
#[test]
fn planted_orphans_and_duplicates_are_found() {
    const WORKS: [&str; 15] = [
        "Licensing",
        "Inspection",
        "Repair",
        "Planning",
        "Financing",
        "Registration",
        "Cleaning",
        "Lighting",
        "Design",
        "Certification",
        "Purchase",
        "Accounting",
        "Training",
        "Monitoring",
        "Allocation",
    ];
    const THINGS: [&str; 20] = [
        "taxis",
        "hotels",
        "bridges",
        "kindergartens",
        "pipelines",
        "markets",
        "libraries",
        "stadiums",
        "cemeteries",
        "tunnels",
        "clinics",
        "archives",
        "playgrounds",
        "fountains",
        "lifts",
        "reservoirs",
        "theatres",
        "museums",
        "parkings",
        "shelters",
    ];
    const GROUPS: [&str; 3] = ["public", "private", "communal"];
    for seed in 0..10 {
        let mut random = Random::part(11, seed);
        let mut functions: Vec<Function> = Vec::new();
        for (at, work) in WORKS.into_iter().enumerate() {
            for (thing_at, thing) in THINGS.into_iter().enumerate() {
                for group in GROUPS {
                    functions.push(Function {
                        id: format!("f{}", functions.len()),
                        owner: format!("u{}", (at * 7 + thing_at) % 60),
                        programme: format!("p{at}"),
                        period: Period::default(),
                        title: format!("{work} of {group} {thing}"),
                    });
                }
            }
        }
        assert_eq!(functions.len(), 900);
        random.shuffle(&mut functions);
        let mut planted = Vec::new();
        for (at, copy) in (0..20).zip(functions.clone()) {
            let words: Vec<&str> = copy.title.split(' ').collect();
            let title = match at % 4 {
                0 => format!("{}s {}: {}", words[2], words[3], words[0]),
                1 => copy.title.to_uppercase(),
                2 => format!("{} in the city", copy.title),
                _ => copy.title.replacen('i', "y", 1),
            };
            planted.push(format!("{};d{at}", copy.id));
            functions.push(Function {
                id: format!("d{at}"),
                owner: format!("u{}", random.below(60)),
                title,
                ..copy
            });
        }
        for function in &mut functions[100..120] {
            function.owner.clear();
        }
        let orphans: Vec<String> = functions[100..120].iter().map(|each| each.id.clone()).collect();
        let register = Register {
            bodies: (0..60)
                .map(|at| Body {
                    id: format!("u{at}"),
                    ..Body::default()
                })
                .collect(),
            functions,
            ..Register::default()
        };
        let measures = Measures {
            as_of: None,
            similarity: 0.8,
            span: (0.0, 99.0),
            manager_kinds: Vec::new(),
            district_kinds: Vec::new(),
        };
        let findings = check(&register, &measures);
        let of_rule = |rule| {
            findings
                .iter()
                .filter(|each| each.rule == rule)
                .map(|each| &each.object)
                .collect::<Vec<_>>()
        };
        let found = of_rule("orphan_function");
        assert!(
            found.len() == 20 && orphans.iter().all(|id| found.contains(&id)),
            "{found:?}"
        );
        let found = of_rule("duplicate_function");
        let hits = planted.iter().filter(|pair| found.contains(pair)).count();
        assert!(hits >= 17, "recall {hits} of 20: {found:?}");
        assert!(
            hits * 10 >= found.len() * 8,
            "precision {hits} of {}: {found:?}",
            found.len()
        );
    }
}

#[test]
fn a_hundred_thousand_functions_take_seconds() {
    let functions = (0..100_000)
        .map(|at| Function {
            id: format!("f{at}"),
            owner: "u".to_owned(),
            programme: "p".to_owned(),
            title: format!(
                "Service number {at} of the department for matters of kind {}",
                at % 50
            ),
            ..Function::default()
        })
        .collect();
    let register = Register {
        bodies: vec![Body {
            id: "u".to_owned(),
            ..Body::default()
        }],
        functions,
        ..Register::default()
    };
    let measures = Measures {
        as_of: None,
        similarity: 0.8,
        span: (0.0, 99.0),
        manager_kinds: Vec::new(),
        district_kinds: Vec::new(),
    };
    let begin = std::time::Instant::now();
    let findings = check(&register, &measures);
    assert!(begin.elapsed().as_secs() < 30, "{:?}", begin.elapsed());
    assert_eq!(findings.len(), 0);
}
