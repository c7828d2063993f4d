//! The greedy rule: projects in the order of their votes, as long as the money lasts.
//!
//! What belongs here: this rule. What does not: reading elections, which the subject shares.

#[cfg(test)]
mod tests;

use super::pabulib::Election;
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};

/// Buys projects by votes.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "participation.greedy",
        purpose: "Says which projects of residents are paid for when those with the most votes come first.",
        method: "Projects in the order of their votes (approvals, or the sum of points), ties by lower cost, then by the \
                 order of the file; each is bought if the money that is left pays for it, else it is skipped and the next \
                 is tried. Amounts are whole numbers of the smallest unit that the file writes: every comparison is exact.",
        assumptions: &[
            "The file is in the Pabulib format with approval, choose-1 or cumulative votes.",
            "A project without a vote is bought too when money for it is left at the end.",
        ],
        limits: &[
            "Only the plain rule: no threshold of votes, no projects that exclude each other, no stop at the first that does not fit.",
            "Ordinal and scoring votes are refused.",
            "It favours the largest group of voters; compare with participation.equal_shares.",
        ],
    },
    run,
};

/// The projects that the greedy rule buys, in the order of purchase (index into the projects of the election).
pub fn buy(election: &Election) -> Vec<usize> {
    complete(election, Vec::new())
}

/// What was bought already, and what the greedy rule buys with the rest of the money.
pub fn complete(election: &Election, bought: Vec<usize>) -> Vec<usize> {
    let mut left = election.budget - election.cost_of(&bought);
    let mut taken = vec![false; election.projects.len()];
    for &project in &bought {
        taken[project] = true;
    }
    let mut bought = bought;
    for project in election.by_votes() {
        let cost = election.projects[project].cost;
        if !taken[project] && cost <= left {
            left -= cost;
            bought.push(project);
        }
    }
    bought
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let election = Election::read(run.file("election")?)?;
    let mut selected = vec!["false"; election.projects.len()];
    for project in buy(&election) {
        selected[project] = "true";
    }
    Ok(vec![
        Table::new("projects")
            .texts_of("project", election.projects.iter().map(|project| &project.id))
            .texts_of("selected", selected)
            .floats_of(
                "cost",
                election
                    .projects
                    .iter()
                    .map(|project| election.in_units(project.cost)),
            ),
    ])
}
