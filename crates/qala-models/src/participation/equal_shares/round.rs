//! One run of the Method of Equal Shares with a given sum of money.
//!
//! Voters' money is kept in parts of 1 / 2^bits small units, each with a known greatest error, which decides nearly every
//! question; where it does not, the ledger answers with exact fractions. The result is that of exact fractions throughout.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use num_bigint::BigInt;

use super::Utility;
use super::ledger::{Ledger, Price, Purses};
use crate::participation::pabulib::{Ballots, Election};
use crate::run::Refusal;

/// Relative error of two conversions to floating point and a division, with room.
const ROUNDING: f64 = 1e-15;

/// What does not change between runs with more or less money.
pub(super) struct Hall<'a> {
    election: &'a Election,
    /// Of each project: voters and weights.
    supporters: Vec<Vec<(u32, u32)>>,
    weights: Vec<u64>,
    /// What a unit of weight of the project is worth to a voter.
    worth: Vec<i64>,
    greatest: u32,
}

impl<'a> Hall<'a> {
    pub(super) fn new(election: &'a Election, utility: Utility) -> Self {
        let mut supporters = vec![Vec::new(); election.projects.len()];
        for (voter, ballot) in election.ballots.iter().enumerate() {
            for &(project, weight) in ballot {
                supporters[project as usize].push((voter as u32, weight));
            }
        }
        let by_cost = election.ballots_are == Ballots::Approval && utility == Utility::Cost;
        Self {
            election,
            supporters,
            weights: election.projects.iter().map(|project| project.votes).collect(),
            worth: election
                .projects
                .iter()
                .map(|project| if by_cost { project.cost } else { 1 })
                .collect(),
            greatest: election
                .ballots
                .iter()
                .flatten()
                .map(|(_, weight)| *weight)
                .max()
                .unwrap_or(1),
        }
    }

    /// The projects that can be bought: each has a vote.
    pub(super) fn wanted(&self) -> impl Iterator<Item = usize> {
        (0..self.supporters.len()).filter(|&project| !self.supporters[project].is_empty())
    }

    /// What is bought when the voters share `money` (small units) equally, in the order of purchase.
    pub(super) fn buy(&self, money: i64) -> Result<Vec<usize>, Refusal> {
        Round::new(self, money)?.buy()
    }

    fn before(&self, project: usize, other: usize) -> bool {
        let key = |index: usize| {
            let project = &self.election.projects[index];
            (Reverse(project.votes), project.cost, index)
        };
        key(project) < key(other)
    }
}

/// A project that may be the next: the bounds of its price for a unit of weight, in parts.
struct Offer {
    project: usize,
    low: i64,
    high: i64,
    exact: Option<(Price, Vec<u32>)>,
}

/// The state of a run.
struct Round<'a> {
    hall: &'a Hall<'a>,
    bits: u32,
    /// What each voter has, in parts; 0 only if it is exactly nothing.
    purses: Vec<i64>,
    /// Greatest error of a purse, in parts.
    error: i64,
    /// Voters with money, by project.
    supporters: Vec<Vec<(u32, u32)>>,
    /// A lower bound of each project's price for a unit of weight, in parts.
    least: Vec<i64>,
    /// Place of each bought project in the ledger.
    bought: Vec<Option<usize>>,
    ledger: Ledger,
}

impl<'a> Round<'a> {
    fn new(hall: &'a Hall<'a>, money: i64) -> Result<Self, Refusal> {
        let voters = hall.election.ballots.len() as i64;
        let length = |number: u64| u64::BITS - number.leading_zeros();
        let used = length(money.unsigned_abs()) + length(u64::from(hall.greatest));
        let bits = 60_u32.checked_sub(used).ok_or_else(|| {
            Refusal("input `election`: the amounts are too large to be counted exactly; write them in larger units".to_owned())
        })?;
        let share = (i128::from(money) << bits) / i128::from(voters.max(1));
        Ok(Self {
            hall,
            bits,
            // Not nothing: a share of nothing is dealt with before a run.
            purses: vec![(share as i64).max(1); voters as usize],
            error: 1,
            supporters: hall.supporters.clone(),
            least: hall
                .election
                .projects
                .iter()
                .zip(&hall.weights)
                .map(|(project, weight)| ((i128::from(project.cost) << bits) / i128::from((*weight).max(1))).min(i128::from(i64::MAX)) as i64)
                .collect(),
            bought: vec![None; hall.supporters.len()],
            ledger: Ledger::new(voters, money),
        })
    }

    fn buy(mut self) -> Result<Vec<usize>, Refusal> {
        // Free projects cost their voters nothing: they come first.
        let mut bought: Vec<usize> = self
            .hall
            .election
            .by_votes()
            .into_iter()
            .filter(|&project| self.cost(project) == 0 && !self.supporters[project].is_empty())
            .collect();
        let mut queue: BinaryHeap<Reverse<(u64, usize)>> = self
            .hall
            .wanted()
            .filter(|&project| self.cost(project) > 0)
            .map(|project| Reverse((self.key(project, self.least[project]), project)))
            .collect();
        while let Some(offer) = self.next(&mut queue)? {
            bought.push(offer.project);
            self.pay(offer)?;
        }
        Ok(bought)
    }

    fn cost(&self, project: usize) -> i64 {
        self.hall.election.projects[project].cost
    }

    /// Price for a unit of what the project is worth, from below; numbers above zero are ordered like their bits.
    fn key(&self, project: usize, price: i64) -> u64 {
        (self.rate(project, price) * (1.0 - ROUNDING)).to_bits()
    }

    fn rate(&self, project: usize, price: i64) -> f64 {
        price.max(0) as f64 / self.hall.worth[project] as f64
    }

    /// The project with the lowest price for a unit of what it is worth; those nobody can pay for leave the queue.
    fn next(&mut self, queue: &mut BinaryHeap<Reverse<(u64, usize)>>) -> Result<Option<Offer>, Refusal> {
        let mut best: Option<Offer> = None;
        let mut losers = Vec::new();
        while let Some(&Reverse((key, project))) = queue.peek() {
            if let Some(best) = &best
                && f64::from_bits(key) > self.above(best)
            {
                break;
            }
            queue.pop();
            let Some(mut offer) = self.offer(project)? else {
                continue;
            };
            best = Some(match best {
                None => offer,
                Some(mut best) => {
                    let wins = if self.below(&offer) > self.above(&best) {
                        false
                    } else {
                        self.bound(&mut offer)?;
                        self.wins(&mut offer, &mut best)?
                    };
                    let (winner, loser) = if wins { (offer, best) } else { (best, offer) };
                    losers.push(Reverse((self.key(loser.project, loser.low), loser.project)));
                    winner
                }
            });
            if let Some(best) = &mut best {
                self.bound(best)?;
            }
        }
        queue.extend(losers);
        Ok(best)
    }

    fn below(&self, offer: &Offer) -> f64 {
        self.rate(offer.project, offer.low) * (1.0 - ROUNDING)
    }

    fn above(&self, offer: &Offer) -> f64 {
        self.rate(offer.project, offer.high) * (1.0 + ROUNDING)
    }

    /// Says whether the first is bought before the second.
    fn wins(&self, offer: &mut Offer, best: &mut Offer) -> Result<bool, Refusal> {
        if self.above(offer) < self.below(best) {
            return Ok(true);
        }
        if self.below(offer) > self.above(best) {
            return Ok(false);
        }
        self.settle(offer)?;
        self.settle(best)?;
        let (Some((a, _)), Some((b, _))) = (&offer.exact, &best.exact) else {
            return Ok(false);
        };
        let worth = |offer: &Offer| BigInt::from(self.hall.worth[offer.project]);
        let left = &a.number * b.weight * worth(best);
        let right = &b.number * a.weight * worth(offer);
        Ok(match left.cmp(&right) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.hall.before(offer.project, best.project),
        })
    }

    /// The price of a project from below; absent when its supporters cannot pay for it. The upper bound is still open.
    fn offer(&mut self, project: usize) -> Result<Option<Offer>, Refusal> {
        let purses = &self.purses;
        let list = &mut self.supporters[project];
        list.retain(|(voter, _)| purses[*voter as usize] != 0);
        let total: i64 = list.iter().map(|(voter, _)| purses[*voter as usize]).sum();
        let doubt = (list.len() as i64).saturating_mul(self.error);
        let cost = self.cost(project);
        let parts = i128::from(cost) << self.bits;
        if i128::from(total) + i128::from(doubt) < parts {
            return Ok(None);
        }
        if i128::from(total) - i128::from(doubt) < parts {
            let mut all = Purses::new(&self.ledger);
            for &(voter, _) in &self.supporters[project] {
                all.add(self.paid(voter));
            }
            if self.ledger.content(&all) < self.ledger.amount(cost) {
                return Ok(None);
            }
        }
        // What can be paid is not more than all the money: it fits.
        let parts = parts as i64;
        let mut price = self.least[project];
        let mut last = (-1, 0);
        let mut settled = None;
        // Each turn raises the price or ends; the limit is for rounding that swings.
        for _ in 0..200 {
            let (mut poor, mut rich) = (0_i64, 0_i64);
            for &(voter, weight) in &self.supporters[project] {
                let purse = self.purses[voter as usize];
                if purse < price * i64::from(weight) {
                    poor += purse;
                } else {
                    rich += i64::from(weight);
                }
            }
            if (poor, rich) == last {
                settled = Some(rich);
            }
            if rich == 0 || settled.is_some() {
                break;
            }
            last = (poor, rich);
            price = (parts - poor) / rich;
        }
        let mut offer = Offer {
            project,
            low: self.least[project],
            high: i64::MAX,
            exact: None,
        };
        if let Some(rich) = settled {
            let slack = doubt / rich + 2;
            offer.low = offer.low.max(price - slack);
            let high = price.saturating_add(slack.saturating_mul(2));
            let sure: i64 = self.supporters[project]
                .iter()
                .filter(|(voter, weight)| self.purses[*voter as usize] - self.error >= high.saturating_mul(i64::from(*weight)))
                .map(|(_, weight)| i64::from(*weight))
                .sum();
            if 2 * sure >= rich {
                offer.high = high;
            }
        }
        self.least[project] = offer.low;
        Ok(Some(offer))
    }

    /// Sees to it that the offer has an upper bound.
    fn bound(&self, offer: &mut Offer) -> Result<(), Refusal> {
        if offer.high == i64::MAX {
            self.settle(offer)?;
        }
        Ok(())
    }

    /// What a voter who has money left has paid for.
    fn paid(&self, voter: u32) -> impl Iterator<Item = (usize, u32)> {
        self.hall.election.ballots[voter as usize]
            .iter()
            .filter_map(|&(project, weight)| Some((self.bought[project as usize]?, weight)))
    }

    /// The exact price of an offer, and who gives all they have for it.
    fn settle(&self, offer: &mut Offer) -> Result<(), Refusal> {
        if offer.exact.is_some() {
            return Ok(());
        }
        let cost = self.cost(offer.project);
        let mut purses = Purses::new(&self.ledger);
        let mut poor = Vec::new();
        let mut open = Vec::new();
        let mut rich = 0_u64;
        for &(voter, weight) in &self.supporters[offer.project] {
            let purse = i128::from(self.purses[voter as usize]);
            let times = i128::from(weight);
            if purse + i128::from(self.error) < i128::from(offer.low) * times {
                purses.add(self.paid(voter));
                poor.push(voter);
            } else {
                rich += u64::from(weight);
                if purse - i128::from(self.error) <= i128::from(offer.high) * times {
                    open.push((voter, weight));
                }
            }
        }
        // From too few poor voters the price only rises, so that each turn finds more of them, until there are no more.
        loop {
            let price = self.ledger.price(cost, &purses, rich);
            let before = open.len();
            open.retain(|&(voter, weight)| {
                let mut own = Purses::new(&self.ledger);
                own.add(self.paid(voter));
                let is_poor = self.ledger.content(&own) * price.weight < &price.number * weight;
                if is_poor {
                    purses.add(self.paid(voter));
                    poor.push(voter);
                    rich -= u64::from(weight);
                }
                !is_poor
            });
            if open.len() == before {
                let parts = self.ledger.rounded(&price, self.bits).ok_or_else(|| {
                    Refusal("input `election`: a price is too large to be counted exactly".to_owned())
                })?;
                offer.low = parts;
                offer.high = parts + 1;
                offer.exact = Some((price, poor));
                return Ok(());
            }
        }
    }

    /// Takes the cost of a project from its supporters.
    fn pay(&mut self, mut offer: Offer) -> Result<(), Refusal> {
        self.settle(&mut offer)?;
        let Some((price, poor)) = offer.exact else {
            return Ok(());
        };
        for voter in poor {
            self.purses[voter as usize] = 0;
        }
        for &(voter, weight) in &self.supporters[offer.project] {
            let purse = &mut self.purses[voter as usize];
            if *purse != 0 {
                *purse = (*purse - offer.low * i64::from(weight)).max(1);
            }
        }
        self.error += i64::from(self.hall.greatest);
        self.bought[offer.project] = Some(self.ledger.enter(price));
        Ok(())
    }
}
