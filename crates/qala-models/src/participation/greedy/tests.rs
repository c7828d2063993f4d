//! Tests of the greedy rule.

use super::*;
use crate::run::{Content, Input};

#[test]
fn winners_are_the_official_ones() {
    // Voters, budget, number and cost of the winners: METHODS 10.
    for (name, voters, budget, winners, cost) in [
        ("Bemowo", 5180, 4_854_279, 31, 4_853_670),
        ("Bialoleka", 9173, 4_753_148, 14, 4_747_440),
        ("Bielany", 4956, 5_258_802, 19, 5_256_886),
        ("Mokotow", 11_067, 8_697_250, 24, 8_693_845),
        ("Ochota", 4392, 3_337_317, 15, 3_336_680),
        ("Praga-Polnoc", 2818, 2_629_401, 10, 2_629_246),
    ] {
        let file = format!("participatory_budget/Poland_Warszawa_2023_{name}.pb.gz");
        let Some(bytes) = crate::fixture::public_bytes("winners_are_the_official_ones", &file) else {
            continue;
        };
        let election = Election::read(&bytes).unwrap();
        assert_eq!(
            (election.rule.as_str(), election.ballots.len(), election.budget),
            ("greedy", voters, budget)
        );
        let mut bought = buy(&election);
        assert_eq!(
            (bought.len(), election.cost_of(&bought)),
            (winners, cost),
            "{name}"
        );
        bought.sort_unstable();
        let official: Vec<usize> = (0..election.projects.len())
            .filter(|&project| election.projects[project].selected == Some(true))
            .collect();
        assert_eq!(bought, official, "{name}");
    }
    // Decided by equal shares; the greedy rule would have bought so much: METHODS 10.
    for (name, winners, cost) in [
        ("Poland_Swiecie_2023", 9, 1_067_287),
        ("Netherlands_Assen_2024", 7, 99_200),
    ] {
        let file = format!("participatory_budget/{name}.pb.gz");
        if let Some(bytes) = crate::fixture::public_bytes("winners_are_the_official_ones", &file) {
            let election = Election::read(&bytes).unwrap();
            let bought = buy(&election);
            assert_eq!(
                (bought.len(), election.cost_of(&bought)),
                (winners, cost),
                "{name}"
            );
        }
    }
}

#[test]
fn ties_go_to_the_lower_cost_and_then_to_the_order_of_the_file() {
    let file = "META\nkey;value\nbudget;10.5\nvote_type;choose-1\nPROJECTS\nproject_id;cost\n\
        dear;6\nfirst;4.5\nsecond;4.5\nunwanted;1.5\n\
        VOTES\nvoter_id;vote\n1;dear\n2;first\n3;second\n";
    let input = Input {
        name: "election".to_owned(),
        content: Content::File(file.as_bytes().to_vec()),
    };
    let tables = MODEL.run(vec![input], &[], 0).unwrap();
    // The two for 4.5 come before the one for 6, which no longer fits; what is left pays for the one without votes.
    let wanted = "project,selected,cost\ndear,false,6\nfirst,true,4.5\nsecond,true,4.5\nunwanted,true,1.5\n";
    assert_eq!(tables[0].to_csv(), wanted);
}
