//! One run of the Method of Equal Shares with a given sum of money.
//!
//! Voters' money is kept in parts of 1 / 2^bits small units, each with a known greatest error, which decides nearly every
//! question; where it does not, the ledger answers with exact fractions. The result is that of exact fractions throughout.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use num_bigint::BigInt;

use super::hall::{Hall, with_weights};
use super::ledger::{Ledger, Price, Purses};
use crate::run::Refusal;

/// Relative error of two conversions to floating point and a division, with room.
const ROUNDING: f64 = 1e-15;

/// What a run bought.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// The projects, in the order of purchase.
    pub(super) bought: Vec<usize>,
    /// Of each that was not free: project and price for a unit of weight, in small units, rounded.
    prices: Vec<(usize, f64)>,
}

/// What is bought when the voters share `money` (small units) equally. What was bought with a similar sum makes it faster and
/// changes nothing else.
pub(super) fn buy(hall: &Hall, money: i64, similar: &Outcome) -> Result<Outcome, Refusal> {
    Round::new(hall, money)?.buy(similar)
}

/// A project that may be the next: the bounds of its price for a unit of weight, in parts.
struct Offer {
    project: usize,
    low: i64,
    high: i64,
    /// The price as rounded numbers give it, and the weight of those who can pay it.
    near: Option<(i64, i64)>,
    exact: Option<(Price, Vec<u32>)>,
}

/// What the supporters of a project are asked.
#[derive(Clone, Copy)]
enum Ask {
    /// Their price; it may be near this one, in parts.
    Near(i64),
    /// Their price, unless it is above this one for a unit of what the project is worth.
    Below(f64),
}

/// What the supporters of a project say.
enum Answer {
    /// Together they have too little.
    Nobody,
    /// Their price is above the one that was asked about.
    Above,
    /// They can pay.
    Offer(Offer),
}

/// Supporters at a price: what those have who cannot pay it, and the weight of those who can.
#[derive(Default)]
struct Split {
    poor: i64,
    rich: i64,
    total: i64,
    empty: usize,
}

impl Split {
    // Without a branch: who can pay is hard to guess.
    // All sums are at most all the money, in parts, or all the weight: they fit.
    fn add(&mut self, pays: bool, purse: i64, weight: i64) {
        let mask = -i64::from(pays);
        self.rich = self.rich.wrapping_add(weight & mask);
        self.poor = self.poor.wrapping_add(purse & !mask);
        self.total = self.total.wrapping_add(purse);
        self.empty += usize::from(purse == 0);
    }
}

/// The place of a project that is not bought: the ledger's places begin after it.
const FREE: u32 = 0;

/// The state of a run.
struct Round<'a> {
    hall: &'a Hall<'a>,
    money: i64,
    bits: u32,
    /// What each voter has, in parts; 0 only if it is exactly nothing.
    purses: Vec<i64>,
    /// Greatest error of a purse, in parts.
    error: i64,
    /// By project, its voters; those who have nothing left need not be there.
    supporters: Vec<Vec<u32>>,
    /// The weights of their votes; empty when each is 1.
    weights: Vec<Vec<u32>>,
    /// A lower bound of each project's price for a unit of weight, in parts.
    least: Vec<i64>,
    /// Place of each project in the ledger; [`FREE`] when it is not bought.
    bought: Vec<u32>,
    /// A lower bound of each project's price for a unit of what it is worth, and the project. Bought ones may still be there.
    queue: BinaryHeap<Reverse<(u64, usize)>>,
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
            money,
            bits,
            // Not nothing: a share of nothing is dealt with before a run.
            purses: vec![(share as i64).max(1); voters as usize],
            error: 1,
            supporters: hall.supporters.clone(),
            weights: hall.weights.clone(),
            least: hall
                .election
                .projects
                .iter()
                .map(|project| {
                    ((i128::from(project.cost) << bits) / i128::from(project.votes.max(1)))
                        .min(i128::from(i64::MAX)) as i64
                })
                .collect(),
            bought: vec![FREE; hall.supporters.len()],
            queue: BinaryHeap::new(),
            ledger: Ledger::new(voters, money),
        })
    }

    fn buy(mut self, similar: &Outcome) -> Result<Outcome, Refusal> {
        // Free projects cost their voters nothing: they come first.
        let mut outcome = Outcome {
            bought: self
                .hall
                .election
                .by_votes()
                .into_iter()
                .filter(|&project| self.cost(project) == 0 && !self.supporters[project].is_empty())
                .collect(),
            prices: Vec::new(),
        };
        self.queue = self
            .hall
            .wanted()
            .filter(|&project| self.cost(project) > 0)
            .map(|project| Reverse((self.key(project, self.least[project]), project)))
            .collect();
        let scale = f64::from(self.bits).exp2();
        while let Some(offer) = self.next(
            similar
                .prices
                .get(outcome.prices.len())
                .map(|&(project, price)| (project, (price * scale) as i64)),
        )? {
            outcome.bought.push(offer.project);
            outcome.prices.push((offer.project, offer.low as f64 / scale));
            self.pay(offer)?;
        }
        Ok(outcome)
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
    ///
    /// `guess` is a project that may be it, and its price in parts: the sooner the right one is asked, the less the others
    /// have to say.
    fn next(&mut self, guess: Option<(usize, i64)>) -> Result<Option<Offer>, Refusal> {
        let mut best: Option<Offer> = None;
        let mut asked = Vec::new();
        if let Some((project, price)) = guess
            && self.bought[project] == FREE
            && let Answer::Offer(mut offer) = self.offer(project, Ask::Near(price))
        {
            self.bound(&mut offer)?;
            best = Some(offer);
        }
        let guessed = best.as_ref().map(|offer| offer.project);
        while let Some(&Reverse((key, project))) = self.queue.peek() {
            let ceiling = best.as_ref().map(|best| self.above(best));
            if ceiling.is_some_and(|ceiling| f64::from_bits(key) > ceiling) {
                break;
            }
            self.queue.pop();
            if self.bought[project] != FREE {
                continue;
            }
            if Some(project) == guessed {
                asked.push(project);
                continue;
            }
            let ask = ceiling.map_or(Ask::Near(0), Ask::Below);
            match self.offer(project, ask) {
                Answer::Nobody => {}
                Answer::Above => asked.push(project),
                Answer::Offer(mut offer) => {
                    asked.push(project);
                    self.bound(&mut offer)?;
                    best = Some(match best {
                        Some(best) => self.cheaper(offer, best)?,
                        None => offer,
                    });
                }
            }
        }
        for project in asked {
            self.queue
                .push(Reverse((self.key(project, self.least[project]), project)));
        }
        Ok(best)
    }

    fn below(&self, offer: &Offer) -> f64 {
        self.rate(offer.project, offer.low) * (1.0 - ROUNDING)
    }

    fn above(&self, offer: &Offer) -> f64 {
        self.rate(offer.project, offer.high) * (1.0 + ROUNDING)
    }

    /// Which of two offers is bought first.
    fn cheaper(&self, mut one: Offer, mut other: Offer) -> Result<Offer, Refusal> {
        if self.above(&one) < self.below(&other) {
            return Ok(one);
        }
        if self.below(&one) > self.above(&other) {
            return Ok(other);
        }
        self.settle(&mut one)?;
        self.settle(&mut other)?;
        let (Some((a, _)), Some((b, _))) = (&one.exact, &other.exact) else {
            return Ok(one);
        };
        let worth = |offer: &Offer| BigInt::from(self.hall.worth[offer.project]);
        let left = &a.number * b.weight * worth(&other);
        let right = &b.number * a.weight * worth(&one);
        let first = match left.cmp(&right) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.hall.before(one.project, other.project),
        };
        Ok(if first { one } else { other })
    }

    /// The price of a project from below; absent when its supporters cannot pay for it. The upper bound is still open, and the
    /// lower one need not be near when it is above `ceiling` already.
    fn offer(&mut self, project: usize, ask: Ask) -> Answer {
        let cost = self.cost(project);
        if cost > self.money {
            return Answer::Nobody;
        }
        let doubt = self.doubt(project);
        let parts = i128::from(cost) << self.bits;
        let least = self.least[project];
        let worth = self.hall.worth[project] as f64;
        let mut offer = Offer {
            project,
            low: least,
            high: i64::MAX,
            exact: None,
            near: None,
        };
        // Asked at the ceiling, most of those that are above it answer soon.
        let (first, ceiling) = match ask {
            Ask::Near(price) => (price, f64::INFINITY),
            Ask::Below(rate) => ((rate * worth) as i64 + 1, rate),
        };
        let mut price = i128::from(first.max(least).max(1)).min(parts) as i64;
        let mut split = self.split(project, price);
        if i128::from(split.total) + i128::from(doubt) < parts {
            return Answer::Nobody;
        }
        if i128::from(split.total) - i128::from(doubt) < parts {
            let mut all = Purses::new(&self.ledger);
            for &voter in self.supporters[project]
                .iter()
                .filter(|voter| self.purses[**voter as usize] != 0)
            {
                self.add_purse(&mut all, voter);
            }
            if self.ledger.content(&all) < self.ledger.amount(cost) {
                return Answer::Nobody;
            }
        }
        // What can be paid is not more than all the money: it fits.
        let parts = parts as i64;
        if 4 * split.empty > self.supporters[project].len() {
            self.forget_empty(project);
        }
        if split.rich == 0 {
            price = least.max(1);
            split = self.split(project, price);
        }
        // What a price collects is a concave function of it. Newton's method comes to the right price from below, whatever
        // it begins with. The limit is for rounding that swings.
        for turn in 0..200 {
            if split.rich == 0 {
                break;
            }
            let next = (parts - split.poor) / split.rich;
            offer.low = offer.low.max(next - doubt / split.rich - 2);
            if next == price || (turn > 0 && next < price) {
                offer.near = Some((price, split.rich));
                break;
            }
            if self.below(&offer) > ceiling {
                self.least[project] = offer.low;
                return Answer::Above;
            }
            price = next.max(1);
            split = self.split(project, price);
        }
        self.least[project] = offer.low;
        Answer::Offer(offer)
    }

    /// Who of the supporters cannot pay a price.
    fn split(&self, project: usize, price: i64) -> Split {
        let weights = &self.weights[project];
        let mut split = Split::default();
        if weights.is_empty() {
            for &voter in &self.supporters[project] {
                let purse = self.purses[voter as usize];
                split.add(purse >= price, purse, 1);
            }
        } else {
            for (&voter, &weight) in self.supporters[project].iter().zip(weights) {
                let purse = self.purses[voter as usize];
                let weight = i64::from(weight);
                split.add(purse >= price.wrapping_mul(weight), purse, weight);
            }
        }
        split
    }

    /// The supporters who are still in the list, and their weights.
    fn backers(&self, project: usize) -> impl Iterator<Item = (u32, u32)> {
        with_weights(&self.supporters[project], &self.weights[project])
    }

    /// Takes those who have nothing left from the list of supporters.
    fn forget_empty(&mut self, project: usize) {
        let voters = &mut self.supporters[project];
        let weights = &mut self.weights[project];
        let mut kept = 0;
        // Without a branch, as above.
        for at in 0..voters.len() {
            let voter = voters[at];
            voters[kept] = voter;
            if let Some(weight) = weights.get(at).copied() {
                weights[kept] = weight;
            }
            kept += usize::from(self.purses[voter as usize] != 0);
        }
        voters.truncate(kept);
        weights.truncate(kept);
    }

    /// Greatest error of what the supporters have together, in parts.
    fn doubt(&self, project: usize) -> i64 {
        (self.supporters[project].len() as i64).saturating_mul(self.error)
    }

    /// Sees to it that the offer has an upper bound.
    fn bound(&self, offer: &mut Offer) -> Result<(), Refusal> {
        if offer.high < i64::MAX {
            return Ok(());
        }
        if let Some((price, rich)) = offer.near {
            let slack = self.doubt(offer.project) / rich + 2;
            let high = price.saturating_add(slack.saturating_mul(2));
            let asked = high.saturating_add(self.error);
            let fits = asked.checked_mul(i64::from(self.hall.greatest)).is_some();
            // With half of the payers left at that price it collects more than any error takes.
            if fits && 2 * self.split(offer.project, asked).rich >= rich {
                offer.high = high;
                return Ok(());
            }
        }
        self.settle(offer)
    }

    /// Adds a voter who has money left, with what this voter paid for, to a sum of purses.
    fn add_purse(&self, purses: &mut Purses, voter: u32) {
        purses.add(
            self.hall
                .ballot(voter)
                .map(|(project, weight)| (self.bought[project as usize], weight)),
        );
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
        for (voter, weight) in self.backers(offer.project) {
            let purse = self.purses[voter as usize];
            if purse == 0 {
                continue;
            }
            let times = i64::from(weight);
            if purse + self.error < offer.low * times {
                self.add_purse(&mut purses, voter);
                poor.push(voter);
            } else {
                rich += u64::from(weight);
                if purse - self.error <= offer.high.saturating_mul(times) {
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
                self.add_purse(&mut own, voter);
                let is_poor = self.ledger.content(&own) * price.weight < &price.number * weight;
                if is_poor {
                    self.add_purse(&mut purses, voter);
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
        let weights = &self.weights[offer.project];
        for (at, voter) in self.supporters[offer.project].iter().enumerate() {
            let purse = &mut self.purses[*voter as usize];
            if *purse != 0 {
                let weight = weights.get(at).copied().unwrap_or(1);
                *purse = (*purse - offer.low * i64::from(weight)).max(1);
            }
        }
        self.error += i64::from(self.hall.greatest);
        self.bought[offer.project] = self.ledger.enter(price);
        Ok(())
    }
}
