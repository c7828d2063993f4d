//! Tests of the Method of Equal Shares.

mod slow;

use super::*;
use crate::participation::pabulib::{Ballots, Project};
use crate::random::Random;
use crate::run::{Content, Input};

/// Reads one of the elections of the data folder.
fn real(test: &str, name: &str) -> Option<Election> {
    let bytes = crate::fixture::public_bytes(test, &format!("participatory_budget/{name}.pb.gz"))?;
    Some(Election::read(&bytes).unwrap())
}

fn official(election: &Election) -> Vec<usize> {
    let selected = |project: &usize| election.projects[*project].selected == Some(true);
    (0..election.projects.len()).filter(selected).collect()
}

const ADD1: Completion = Completion::Add1 { increment: 1 };

#[test]
fn winners_are_the_official_ones() {
    // Pabulib, winners in the column `selected`; numbers of METHODS 10.
    for (name, voters, budget, raw, raw_cost, winners, cost) in [
        ("Poland_Swiecie_2023", 2553, 1_070_000, 13, 647_787, 17, 1_040_337),
        ("Netherlands_Assen_2024", 84, 100_000, 7, 60_700, 9, 76_700),
    ] {
        let Some(election) = real("winners_are_the_official_ones", name) else {
            continue;
        };
        assert_eq!(election.rule, "equalshares/add1");
        assert_eq!(
            (election.ballots.len(), election.budget),
            (voters, budget),
            "{name}"
        );
        let first = buy(&election, Utility::Cost, Completion::None).unwrap();
        assert_eq!((first.len(), election.cost_of(&first)), (raw, raw_cost), "{name}");
        assert_eq!(
            first,
            slow::buy_with(&election, Utility::Cost, election.budget),
            "{name}"
        );
        let mut bought = buy(&election, Utility::Cost, ADD1).unwrap();
        assert_eq!(
            (bought.len(), election.cost_of(&bought)),
            (winners, cost),
            "{name}"
        );
        bought.sort_unstable();
        assert_eq!(bought, official(&election), "{name}");
    }
}

/// `proof:` lines give the seconds; the limit is wide because other programs run beside the tests.
#[test]
fn the_largest_election_is_counted_in_a_second() {
    let test = "the_largest_election_is_counted_in_a_second";
    let Some(election) = real(test, "Poland_Warszawa_2023_Mokotow") else {
        return;
    };
    let began = std::time::Instant::now();
    let bought = buy(&election, Utility::Cost, ADD1).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!((bought.len(), election.cost_of(&bought)), (54, 8_636_160));
    eprintln!(
        "proof: equal shares, Add1, {} voters, {} projects: {seconds:.2} s",
        election.ballots.len(),
        election.projects.len()
    );
    assert!(seconds < 10.0, "{seconds}");
}

/// An election by chance, with many ties and, by `scale`, small or large amounts.
fn chance(random: &mut Random, by_points: bool, scale: i64) -> Election {
    let count = 1 + random.below(7);
    let voters = 1 + random.below(9);
    let mut ballots = vec![Vec::new(); voters];
    let mut votes = vec![0_u64; count];
    for ballot in &mut ballots {
        for (project, votes) in votes.iter_mut().enumerate() {
            if random.below(5) < 2 {
                let weight = if by_points { 1 + random.below(4) } else { 1 };
                ballot.push((project as u32, weight as u32));
                *votes += weight as u64;
            }
        }
    }
    let projects: Vec<Project> = votes
        .into_iter()
        .enumerate()
        .map(|(index, votes)| Project {
            id: format!("p{index}"),
            cost: random.below(7) as i64 * scale
                + random.below(2) as i64 * random.below(scale as usize) as i64,
            votes,
            selected: None,
        })
        .collect();
    let total: i64 = projects.iter().map(|project| project.cost).sum();
    Election {
        rule: String::new(),
        ballots_are: if by_points {
            Ballots::Points
        } else {
            Ballots::Approval
        },
        unit: 1,
        budget: random.below(total as usize + 2) as i64,
        projects,
        ballots,
    }
}

#[test]
fn the_outcome_is_that_of_the_definition_in_fractions() {
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let election = chance(&mut random, seed % 3 == 0, [1, 3, 1000][seed as usize % 3]);
        for utility in [Utility::Cost, Utility::Cardinality] {
            assert_eq!(
                buy(&election, utility, Completion::None).unwrap(),
                slow::buy_with(&election, utility, election.budget),
                "seed {seed}, {utility:?}: {election:?}"
            );
        }
    }
}

#[test]
fn add1_steps_over_nothing_that_changes() {
    let mut long = 0;
    for seed in 0..300 {
        let mut random = Random::new(seed + 1_000_000);
        let election = chance(&mut random, seed % 3 == 0, [5, 40, 150][seed as usize % 3]);
        for utility in [Utility::Cost, Utility::Cardinality] {
            let add1 = buy(&election, utility, Completion::Add1 { increment: 1 }).unwrap();
            let wanted = slow::add1(&election, utility);
            let total: i64 = election
                .projects
                .iter()
                .filter(|p| p.votes > 0)
                .map(|p| p.cost)
                .sum();
            if total > election.budget {
                assert_eq!(add1, wanted, "seed {seed}, {utility:?}: {election:?}");
                let side_by_side = raised(&Hall::new(&election, utility), 1, 3).unwrap();
                assert_eq!(side_by_side, wanted, "seed {seed}, {utility:?}: {election:?}");
                long += 1;
            } else {
                // Everything is paid for: the order is that of shares without end.
                let end = slow::buy_with(&election, utility, (total + 1) * election.ballots.len() as i64);
                assert_eq!(add1, end, "seed {seed}, {utility:?}: {election:?}");
            }
        }
    }
    assert!(long > 100, "{long}");
}

#[test]
fn the_reach_of_an_outcome_is_not_too_long() {
    for seed in 0..200 {
        let mut random = Random::new(seed + 2_000_000);
        let election = chance(&mut random, seed % 3 == 0, 60);
        let hall = Hall::new(&election, Utility::Cost);
        let money = election.budget + 1;
        let outcome = round::buy(&hall, money, &Outcome::default()).unwrap().bought;
        let reach = steady::reach(&hall, money, &outcome);
        for more in [1, reach / 3, reach / 2, reach - 1, reach] {
            if (1..1_000_000).contains(&more) && more <= reach {
                let later = slow::buy_with(&election, Utility::Cost, money + more);
                assert_eq!(later, outcome, "seed {seed}, {more} of {reach}: {election:?}");
            }
        }
    }
}

#[test]
fn shares_that_must_grow_long_are_not_tried_one_by_one() {
    // A project that only one voter wants is paid for by that voter alone: 900 million units of the currency.
    let file = "META\nkey;value\nbudget;1000000000\nvote_type;approval\nPROJECTS\nproject_id;cost\nlarge;900000000\nsmall;90000000\nother;950000000\n\
                VOTES\nvoter_id;vote\n1;large\n2;small\n3;other\n4;small\n";
    let election = Election::read(file.as_bytes()).unwrap();
    let began = std::time::Instant::now();
    let bought = buy(&election, Utility::Cost, Completion::Add1 { increment: 1 }).unwrap();
    assert_eq!(bought, [1, 0]);
    assert!(began.elapsed().as_secs() < 5);
}

const FILE: &str = "META\nkey;value\nbudget;100\nvote_type;approval\nrule;equalshares\nPROJECTS\nproject_id;cost;votes\n\
    a;50;3\nb;30,5;2\nc;20;2\nd;60;1\nVOTES\nvoter_id;vote\n1;a,b\n2;a\n3;a,b\n4;c,d\n5;c\n";

fn run_model(file: &str, settings: &[(&str, &str)]) -> Result<String, String> {
    let input = Input {
        name: "election".to_owned(),
        content: Content::File(file.as_bytes().to_vec()),
    };
    let settings: Vec<(String, String)> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    MODEL
        .run(vec![input], &settings, 0)
        .map(|tables| tables[0].to_csv())
        .map_err(|refusal| refusal.to_string())
}

#[test]
fn each_completion_spends_the_rest_in_its_way() {
    // Shares of 20: a for 16.67 each, c for 10 each; what is left buys nothing.
    let none = "project,selected,cost,rank\na,true,50,1\nb,false,30.5,\nc,true,20,2\nd,false,60,\n";
    assert_eq!(run_model(FILE, &[("completion", "none")]), Ok(none.to_owned()));
    // From shares of 32 the voters 1 and 3 have 15.33 left for b; the whole costs 100.5, which is too much.
    assert_eq!(run_model(FILE, &[("completion", "add1")]), Ok(none.to_owned()));
    assert_eq!(run_model(FILE, &[]), Ok(none.to_owned()));
    let cheaper = FILE.replace("30,5", "30");
    let all = "project,selected,cost,rank\na,true,50,1\nb,true,30,3\nc,true,20,2\nd,false,60,\n";
    for completion in ["add1", "greedy", "add1_comparison"] {
        assert_eq!(
            run_model(&cheaper, &[("completion", completion)]),
            Ok(all.to_owned()),
            "{completion}"
        );
    }
}

#[test]
fn the_greedy_outcome_is_taken_when_more_voters_prefer_it() {
    // Equal shares buy small things for two groups; most voters want the large one more often.
    let election = |ballots: Vec<Vec<(u32, u32)>>| Election {
        rule: String::new(),
        ballots_are: Ballots::Approval,
        unit: 1,
        budget: 10,
        projects: [10, 5, 5]
            .into_iter()
            .enumerate()
            .map(|(index, cost)| Project {
                id: index.to_string(),
                cost,
                votes: ballots
                    .iter()
                    .flatten()
                    .filter(|(project, _)| *project as usize == index)
                    .count() as u64,
                selected: None,
            })
            .collect(),
        ballots,
    };
    let with = election(vec![
        vec![(0, 1)],
        vec![(0, 1)],
        vec![(0, 1)],
        vec![(1, 1)],
        vec![(1, 1)],
    ]);
    let shares = vec![1];
    assert_eq!(preferred(&with, shares.clone(), greedy::buy(&with)), [0]);
    let even = election(vec![
        vec![(0, 1)],
        vec![(0, 1)],
        vec![(0, 1), (1, 1)],
        vec![(1, 1)],
        vec![(1, 1)],
    ]);
    assert_eq!(preferred(&even, shares.clone(), greedy::buy(&even)), shares);
}

#[test]
fn points_are_worth_what_they_are() {
    let file = "META\nkey;value\nbudget;10\nvote_type;cumulative\nPROJECTS\nproject_id;cost\na;5\nb;5\n\
        VOTES\nvoter_id;vote;points\n1;a,b;1,4\n2;b;3\n3;a;2.5\n";
    // Shares of 3.33: a unit of b costs 5/7, of a 5/3.5; then the third voter has not enough for a alone.
    let wanted = "project,selected,cost,rank\na,false,5,\nb,true,5,1\n";
    for utility in ["cost", "cardinality"] {
        let found = run_model(file, &[("completion", "none"), ("utility", utility)]);
        assert_eq!(found, Ok(wanted.to_owned()), "{utility}");
    }
}

#[test]
fn elections_without_voters_money_or_projects_buy_nothing() {
    let head = "META\nkey;value\nbudget;0\nvote_type;approval\nPROJECTS\nproject_id;cost\n";
    for completion in ["none", "add1", "add1_comparison", "greedy"] {
        let none = run_model(
            &format!("{head}VOTES\nvoter_id;vote\n"),
            &[("completion", completion)],
        );
        assert_eq!(none, Ok("project,selected,cost,rank\n".to_owned()));
        let found = run_model(
            &format!("{head}a;5\nb;0\nVOTES\nvoter_id;vote\n1;a\n2;b,a\n3;\n"),
            &[("completion", completion)],
        );
        assert_eq!(
            found,
            Ok("project,selected,cost,rank\na,false,5,\nb,true,0,1\n".to_owned()),
            "{completion}"
        );
        let found = run_model(
            &format!("{head}a;5\nVOTES\nvoter_id;vote\n"),
            &[("completion", completion)],
        );
        assert_eq!(
            found,
            Ok("project,selected,cost,rank\na,false,5,\n".to_owned()),
            "{completion}"
        );
    }
}

#[test]
fn amounts_that_do_not_fit_are_refused() {
    let file = FILE
        .replace("budget;100", "budget;30000000000000000")
        .replace("d;60", "d;36000000000000000");
    let refusal = run_model(&file, &[]).unwrap_err();
    assert!(refusal.contains("too large"), "{refusal}");
    let file = FILE
        .replace("budget;100", "budget;3000000000000000")
        .replace("d;60", "d;3600000000000000");
    assert!(run_model(&file, &[("completion", "none")]).is_ok());
}

#[test]
fn purchases_are_those_of_pabutools() {
    // scripts/reference_participation.py, pabutools 1.2.3.
    let mut elections = 0;
    for line in include_str!("tests/pabutools.txt").lines() {
        let parts: Vec<&str> = line.split('|').collect();
        let numbers = |text: &str| -> Vec<usize> {
            text.split_whitespace()
                .map(|word| word.parse().unwrap())
                .collect()
        };
        let ballots: Vec<Vec<(u32, u32)>> = parts[3]
            .split_whitespace()
            .map(|ballot| {
                ballot
                    .split(',')
                    .map(|mark| mark.split_once(':').unwrap())
                    .map(|(project, weight)| (project.parse().unwrap(), weight.parse().unwrap()))
                    .collect()
            })
            .collect();
        let mut election = Election {
            rule: String::new(),
            ballots_are: if parts[0] == "points" {
                Ballots::Points
            } else {
                Ballots::Approval
            },
            unit: 1,
            budget: parts[1].parse().unwrap(),
            projects: numbers(parts[2])
                .into_iter()
                .map(|cost| Project {
                    id: String::new(),
                    cost: cost as i64,
                    votes: 0,
                    selected: None,
                })
                .collect(),
            ballots,
        };
        for (project, weight) in election.ballots.iter().flatten() {
            election.projects[*project as usize].votes += u64::from(*weight);
        }
        for (utility, wanted) in [Utility::Cost, Utility::Cardinality].into_iter().zip(&parts[4..]) {
            let bought = buy(&election, utility, Completion::None).unwrap();
            assert_eq!(bought, numbers(wanted), "{utility:?}: {line}");
        }
        elections += 1;
    }
    assert_eq!(elections, 150);
}
