//! The Method of Equal Shares (Peters, Pierczyński and Skowron 2021, <https://arxiv.org/abs/2008.13276>).
//!
//! What belongs here: the rule, its completions and its exact arithmetic. What does not: reading elections, which the subject
//! shares.

mod ledger;
mod round;

#[cfg(test)]
mod tests;

use super::greedy;
use super::pabulib::Election;
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use round::{Hall, Outcome};

/// Buys projects so that groups of voters get their share.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "participation.equal_shares",
        purpose: "Says which projects of residents are paid for when every voter has an equal share of the money.",
        method: "",
        assumptions: &[""],
        limits: &[""],
    },
    run,
};

/// What an approved project is worth to a voter. Points are worth what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Utility {
    /// Its cost.
    Cost,
    /// One, whatever it costs.
    Cardinality,
}

/// How the money that the rule leaves is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// It is not.
    None,
    /// Shares grow by so many units of the currency at a time; the last outcome that the money pays for is kept.
    Add1 {
        /// Units of the currency; at least 1.
        increment: i64,
    },
    /// The same, then the greedy outcome instead of it if more voters prefer that one.
    Add1Comparison {
        /// Units of the currency; at least 1.
        increment: i64,
    },
    /// By votes, as the greedy rule would.
    Greedy,
}

/// The projects that are bought, in the order of purchase (index into the projects of the election).
///
/// # Errors
/// [`Refusal`] when the amounts are too large to be counted exactly.
pub fn buy(election: &Election, utility: Utility, completion: Completion) -> Result<Vec<usize>, Refusal> {
    let hall = Hall::new(election, utility);
    match completion {
        Completion::None => Ok(hall.buy(election.budget, &Outcome::default())?.bought),
        Completion::Add1 { increment } => raised(election, &hall, increment),
        Completion::Add1Comparison { increment } => {
            Ok(preferred(election, raised(election, &hall, increment)?, greedy::buy(election)))
        }
        Completion::Greedy => {
            let shares = hall.buy(election.budget, &Outcome::default())?;
            Ok(greedy::complete(election, shares.bought))
        }
    }
}

/// The outcome with the highest shares before the first that costs more than there is.
fn raised(election: &Election, hall: &Hall, increment: i64) -> Result<Vec<usize>, Refusal> {
    let wanted = hall.wanted().count();
    let mut money = election.budget;
    let mut outcome = hall.buy(money, &Outcome::default())?;
    while outcome.bought.len() < wanted {
        money = increment
            .checked_mul(election.unit)
            .and_then(|step| step.checked_mul(election.ballots.len() as i64))
            .and_then(|step| step.checked_add(money))
            .ok_or_else(too_large)?;
        let next = hall.buy(money, &outcome)?;
        if election.cost_of(&next.bought) > election.budget {
            break;
        }
        outcome = next;
    }
    Ok(outcome.bought)
}

fn too_large() -> Refusal {
    Refusal("input `election`: the amounts are too large to be counted exactly; write them in larger units".to_owned())
}

/// The outcome of equal shares, or the greedy one when more voters prefer it: each voter prefers the outcome with more
/// approved projects, or more points.
fn preferred(election: &Election, shares: Vec<usize>, greedy: Vec<usize>) -> Vec<usize> {
    let mut sides = vec![0_i8; election.projects.len()];
    for &project in &shares {
        sides[project] -= 1;
    }
    for &project in &greedy {
        sides[project] += 1;
    }
    let balance: i64 = election
        .ballots
        .iter()
        .map(|ballot| {
            let gain: i64 = ballot
                .iter()
                .map(|&(project, weight)| i64::from(sides[project as usize]) * i64::from(weight))
                .sum();
            gain.signum()
        })
        .sum();
    if balance > 0 { greedy } else { shares }
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let settings = run.settings();
    let increment = settings.int("increment").unwrap_or(1);
    let completion = match settings.text("completion") {
        "none" => Completion::None,
        "greedy" => Completion::Greedy,
        "add1_comparison" => Completion::Add1Comparison { increment },
        _ => Completion::Add1 { increment },
    };
    let utility = match settings.text("utility") {
        "cardinality" => Utility::Cardinality,
        _ => Utility::Cost,
    };
    let election = Election::read(run.file("election")?)?;
    let mut rank = vec![None; election.projects.len()];
    for (place, project) in buy(&election, utility, completion)?.into_iter().enumerate() {
        rank[project] = Some(place as i64 + 1);
    }
    Ok(vec![
        Table::new("projects")
            .texts_of("project", election.projects.iter().map(|project| &project.id))
            .ints_of("selected", rank.iter().map(|rank| i64::from(rank.is_some())))
            .floats_of(
                "cost",
                election.projects.iter().map(|project| election.in_units(project.cost)),
            )
            .ints_of("rank", rank),
    ])
}
