//! The rule as its definition says it, in fractions, without any shortcut: slow, and to be compared with.

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::*;
use crate::participation::pabulib::Ballots;

/// A fraction with a denominator above zero.
#[derive(Debug, Clone)]
struct Fraction(BigInt, BigInt);

impl Fraction {
    fn of(number: i64, denominator: i64) -> Self {
        Self(number.into(), denominator.into()).reduced()
    }

    fn reduced(self) -> Self {
        let zero = BigInt::default();
        let (mut a, mut b) = (self.0.clone(), self.1.clone());
        while b != zero {
            (a, b) = (b.clone(), &a % &b);
        }
        let common = if a < zero { -a } else { a };
        Self(self.0 / &common, self.1 / common)
    }

    fn plus(&self, other: &Self) -> Self {
        Self(&self.0 * &other.1 + &other.0 * &self.1, &self.1 * &other.1).reduced()
    }

    fn minus(&self, other: &Self) -> Self {
        self.plus(&Self(-&other.0, other.1.clone()))
    }

    fn times(&self, factor: i64) -> Self {
        Self(&self.0 * factor, self.1.clone()).reduced()
    }

    fn over(&self, divisor: i64) -> Self {
        Self(self.0.clone(), &self.1 * divisor).reduced()
    }

    fn cmp(&self, other: &Self) -> Ordering {
        (&self.0 * &other.1).cmp(&(&other.0 * &self.1))
    }
}

struct Best {
    rate: Fraction,
    project: usize,
    supporters: Vec<(usize, i64)>,
    price: Fraction,
}

/// What is bought with `money`, in the order of purchase.
pub(super) fn buy_with(election: &Election, utility: Utility, money: i64) -> Vec<usize> {
    let order = election.by_votes();
    let place = |project: usize| order.iter().position(|&other| other == project);
    let voters = election.ballots.len() as i64;
    let mut bought: Vec<usize> = Vec::new();
    for &project in &order {
        let has_votes = election
            .ballots
            .iter()
            .flatten()
            .any(|(marked, _)| *marked as usize == project);
        if election.projects[project].cost == 0 && has_votes {
            bought.push(project);
        }
    }
    let mut purses = vec![Fraction::of(money, voters.max(1)); election.ballots.len()];
    loop {
        let mut best: Option<Best> = None;
        for project in 0..election.projects.len() {
            let cost = election.projects[project].cost;
            if bought.contains(&project) || cost == 0 {
                continue;
            }
            let mut supporters: Vec<(usize, i64)> = Vec::new();
            for (voter, ballot) in election.ballots.iter().enumerate() {
                for &(marked, weight) in ballot {
                    if marked as usize == project {
                        supporters.push((voter, i64::from(weight)));
                    }
                }
            }
            let total = supporters
                .iter()
                .fold(Fraction::of(0, 1), |sum, (voter, _)| sum.plus(&purses[*voter]));
            if supporters.is_empty() || total.cmp(&Fraction::of(cost, 1)) == Ordering::Less {
                continue;
            }
            supporters.sort_by(|(a, x), (b, y)| purses[*a].times(*y).cmp(&purses[*b].times(*x)));
            let mut rest = Fraction::of(cost, 1);
            let mut weight: i64 = supporters.iter().map(|(_, weight)| *weight).sum();
            for (voter, own) in &supporters {
                if rest.times(*own).cmp(&purses[*voter].times(weight)) != Ordering::Greater {
                    break;
                }
                rest = rest.minus(&purses[*voter]);
                weight -= own;
            }
            let price = rest.over(weight);
            let by_cost = utility == Utility::Cost && election.ballots_are == Ballots::Approval;
            let rate = price.over(if by_cost { cost } else { 1 });
            let better = best.as_ref().is_none_or(|best| {
                rate.cmp(&best.rate)
                    .then_with(|| place(project).cmp(&place(best.project)))
                    == Ordering::Less
            });
            if better {
                best = Some(Best {
                    rate,
                    project,
                    supporters,
                    price,
                });
            }
        }
        let Some(Best {
            project,
            supporters,
            price,
            ..
        }) = best
        else {
            return bought;
        };
        for (voter, weight) in supporters {
            let owed = price.times(weight);
            purses[voter] = if owed.cmp(&purses[voter]) == Ordering::Less {
                purses[voter].minus(&owed)
            } else {
                Fraction::of(0, 1)
            };
        }
        bought.push(project);
    }
}

/// Add1, one step after the other.
pub(super) fn add1(election: &Election, utility: Utility) -> Vec<usize> {
    let step = election.unit * election.ballots.len() as i64;
    let mut money = election.budget;
    let mut bought = buy_with(election, utility, money);
    let wanted = election
        .projects
        .iter()
        .filter(|project| project.votes > 0)
        .count();
    while bought.len() < wanted {
        money += step;
        let next = buy_with(election, utility, money);
        if election.cost_of(&next) > election.budget {
            break;
        }
        bought = next;
    }
    bought
}
