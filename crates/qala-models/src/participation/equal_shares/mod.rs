//! The Method of Equal Shares (Peters, Pierczyński and Skowron 2021, <https://arxiv.org/abs/2008.13276>).
//!
//! What belongs here: the rule, its completions and its exact arithmetic. What does not: reading elections, which the subject
//! shares.

mod hall;
mod ledger;
mod round;
mod steady;

#[cfg(test)]
mod tests;

use super::greedy;
use super::pabulib::Election;
use crate::Card;
use crate::run::{Model, Refusal, Run, Table};
use crate::threads;
use hall::Hall;
use round::Outcome;

/// Buys projects so that groups of voters get their share.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "participation.equal_shares",
        purpose: "Says which projects of residents are paid for when every voter has an equal share of the money.",
        method: "Every voter has an equal share of the money. A project is bought when its supporters can pay for it together: \
                 each pays the same for a unit of utility, or all that is left. The project with the lowest such price comes \
                 first, ties by more votes, then lower cost, then the order of the file, until nothing can be paid for. With \
                 the utility cost an approved project is worth its cost, with cardinality one; points are worth what they \
                 are, whatever the setting. Completion: add1 raises each share by one unit of the currency (or increment) at a \
                 time, from budget / voters, and keeps the last outcome before the first that costs more than there is; \
                 add1_comparison takes the greedy outcome instead when more voters have more approved projects (or points) in \
                 it; greedy spends the rest by votes; none, the default, leaves it. rank is the order of purchase. All comparisons are \
                 exact: amounts are whole numbers, prices are fractions where rounded numbers could not tell.",
        assumptions: &[
            "The file is in the Pabulib format with approval, choose-1 or cumulative votes; each row of VOTES is a voter with a share, also one without a vote.",
            "A project named twice in an approval counts once; a project without a vote is never bought by shares, one that costs nothing and has a vote is bought first.",
            "Add1 does not stop when no further project fits: an official outcome of 2023 comes only with the steps after that.",
            "When everything that has a vote can be paid for, add1 buys all of it, ranked as with shares without end.",
        ],
        limits: &[
            "Ordinal and scoring votes are refused, and files whose own counts say that something is missing.",
            "Amounts and points whose sums could not be counted exactly (beyond some 10¹⁵ in the smallest unit) are refused.",
            "Add1 takes as many runs as the shares must grow: for a large election in a currency of small worth set increment to 10, 100 or 1000.",
        ],
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
    let raised = |increment| {
        let threads = if hall.is_small() { 1 } else { threads::available() };
        raised(&hall, increment, threads)
    };
    match completion {
        Completion::None => Ok(round::buy(&hall, election.budget, &Outcome::default())?.bought),
        Completion::Add1 { increment } => raised(increment),
        Completion::Add1Comparison { increment } => {
            Ok(preferred(election, raised(increment)?, greedy::buy(election)))
        }
        Completion::Greedy => {
            let shares = round::buy(&hall, election.budget, &Outcome::default())?;
            Ok(greedy::complete(election, shares.bought))
        }
    }
}

/// Runs that a thread makes before the threads wait for each other; those after the last that counts are in vain.
const RUNS: usize = 8;

/// The outcome with the highest shares before the first that costs more than there is.
fn raised(hall: &Hall, increment: i64, threads: usize) -> Result<Vec<usize>, Refusal> {
    let election = hall.election;
    let wanted: Vec<usize> = hall.wanted().collect();
    let costs = || {
        wanted
            .iter()
            .map(|&project| election.projects[project].cost)
            .filter(|cost| *cost > 0)
    };
    if costs().sum::<i64>() <= election.budget {
        return Ok(hall.unlimited());
    }
    let mut money = election.budget;
    let mut outcome = round::buy(hall, money, &Outcome::default())?;
    if costs().min().is_none_or(|least| least > election.budget) {
        return Ok(outcome.bought);
    }
    let step = increment
        .checked_mul(election.unit)
        .and_then(|step| step.checked_mul(election.ballots.len() as i64))
        .ok_or_else(too_large)?;
    let runs = if threads > 1 { threads * RUNS } else { 1 };
    let fits = |outcome: &Outcome| election.cost_of(&outcome.bought) <= election.budget;
    // Looking ahead pays when it finds long ways; after a short one it waits twice as long.
    let (mut wait, mut pause) = (16_u32, 16_u32);
    loop {
        let mut steps = 1;
        if hall.is_small() && wait == 0 {
            steps += steady::reach(hall, money, &outcome.bought) / step;
            pause = if steps > 8 { 0 } else { (2 * pause).clamp(16, 1024) };
            wait = pause;
        } else {
            wait = wait.saturating_sub(1);
        }
        let more = |run: usize| {
            step.checked_mul(steps + run as i64)
                .and_then(|more| money.checked_add(more))
                .ok_or_else(too_large)
        };
        // A run needs no other; what a similar one bought only makes it faster.
        let parts = threads::side_by_side(threads, |first| {
            let mut made: Vec<(usize, Result<Outcome, Refusal>)> = Vec::new();
            for run in (first..runs).step_by(threads) {
                let similar = made.last().and_then(|(_, last)| last.as_ref().ok());
                let next = more(run).and_then(|money| round::buy(hall, money, similar.unwrap_or(&outcome)));
                let goes_on = next.as_ref().is_ok_and(fits);
                made.push((run, next));
                if !goes_on {
                    break;
                }
            }
            made
        });
        let mut made: Vec<_> = parts.into_iter().flatten().collect();
        made.sort_by_key(|(run, _)| *run);
        for (_, next) in made {
            let next = next?;
            if !fits(&next) {
                return Ok(outcome.bought);
            }
            outcome = next;
        }
        money = more(runs - 1)?;
    }
}

fn too_large() -> Refusal {
    Refusal(
        "input `election`: the amounts are too large to be counted exactly; write them in larger units"
            .to_owned(),
    )
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
        "add1" => Completion::Add1 { increment },
        "add1_comparison" => Completion::Add1Comparison { increment },
        "greedy" => Completion::Greedy,
        _ => Completion::None,
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
            .texts_of("selected", rank.iter().map(|rank| rank.is_some().to_string()))
            .floats_of(
                "cost",
                election
                    .projects
                    .iter()
                    .map(|project| election.in_units(project.cost)),
            )
            .ints_of("rank", rank),
    ])
}
