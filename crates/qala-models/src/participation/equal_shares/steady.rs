//! How far the money can grow before anything changes: lets Add1 step over shares that are known to buy the same.
//!
//! With the same purchases, and the same voters giving all they have, every purse and every price is a linear function of the
//! money. What follows holds as long as a few inequalities between such functions hold; they are compared as exact fractions.

use num_bigint::BigInt;

use super::hall::Hall;

/// `at + more · slope` for `more` small units of money above the sum that was looked at.
#[derive(Debug, Clone, Default)]
struct Linear {
    at: BigInt,
    slope: BigInt,
}

impl Linear {
    fn less(&self, other: &Self) -> Self {
        Self {
            at: &self.at - &other.at,
            slope: &self.slope - &other.slope,
        }
    }

    fn times(&self, factor: &BigInt) -> Self {
        Self {
            at: &self.at * factor,
            slope: &self.slope * factor,
        }
    }

    fn take(&mut self, other: &Self, times: i64) {
        if times != 0 {
            self.at -= &other.at * times;
            self.slope -= &other.slope * times;
        }
    }
}

/// The growth of money that is still known to change nothing.
struct Reach(i64);

impl Reach {
    /// The difference is not below zero now, and must not come below it.
    fn keep(&mut self, difference: &Linear) {
        if difference.slope < BigInt::default() {
            self.shorten(&(&difference.at / -&difference.slope));
        }
    }

    /// The difference must stay above zero.
    fn keep_above(&mut self, difference: &Linear) {
        if difference.at <= BigInt::default() {
            self.0 = 0;
        } else if difference.slope < BigInt::default() {
            self.shorten(&((&difference.at - 1) / -&difference.slope));
        }
    }

    fn shorten(&mut self, most: &BigInt) {
        // What does not fit is longer than any reach.
        if let Ok(most) = i64::try_from(most) {
            self.0 = self.0.min(most);
        }
    }
}

/// The state of the replay: all amounts times the common denominator `voters · scale`.
struct Replay<'a> {
    hall: &'a Hall<'a>,
    money: i64,
    scale: BigInt,
    prices: Vec<Linear>,
    /// Place of each bought project in `prices`.
    bought: Vec<Option<usize>>,
    empty: Vec<bool>,
}

/// Supporters of a project: who gives all they have, and the weight of the others.
struct Sides {
    poor_voters: Vec<u32>,
    rich_voters: Vec<(u32, i64)>,
    rich: i64,
}

/// The greatest growth of the money, in small units, up to which the same projects are bought in the same order as with
/// `money`; at least 0, and sometimes less than the truth.
pub(super) fn reach(hall: &Hall, money: i64, order: &[usize]) -> i64 {
    let mut replay = Replay {
        hall,
        money,
        scale: BigInt::from(1),
        prices: Vec::new(),
        bought: vec![None; hall.projects().len()],
        empty: vec![false; hall.voters()],
    };
    let mut open: Vec<usize> = hall
        .wanted()
        .filter(|&project| hall.projects()[project].cost > 0)
        .collect();
    let mut reach = Reach(i64::MAX);
    for &winner in order.iter().filter(|&&project| hall.projects()[project].cost > 0) {
        let Some((price, sides)) = replay.price(winner, &mut reach) else {
            return 0;
        };
        open.retain(|&project| project != winner);
        for &project in &open {
            if let Some((other, other_sides)) = replay.price(project, &mut reach) {
                let left = other.times(&(BigInt::from(sides.rich) * hall.worth(winner)));
                let right = price.times(&(BigInt::from(other_sides.rich) * hall.worth(project)));
                let difference = left.less(&right);
                if hall.before(winner, project) {
                    reach.keep(&difference);
                } else {
                    reach.keep_above(&difference);
                }
            }
        }
        replay.pay(winner, &price, &sides, &mut reach);
        if reach.0 == 0 {
            return 0;
        }
    }
    for &project in &open {
        if replay.price(project, &mut reach).is_some() {
            return 0;
        }
    }
    reach.0
}

impl Replay<'_> {
    fn purse(&self, voter: u32) -> Linear {
        let mut purse = Linear {
            at: &self.scale * self.money,
            slope: self.scale.clone(),
        };
        for (project, weight) in self.hall.ballot(voter) {
            if let Some(place) = self.bought[project as usize] {
                purse.take(&self.prices[place], i64::from(weight));
            }
        }
        purse
    }

    /// What the rich pay together for a project, and who they are; absent when it cannot be paid for, which must last.
    ///
    /// As long as the same voters are poor it is exact; it never is more than the truth.
    fn price(&self, project: usize, reach: &mut Reach) -> Option<(Linear, Sides)> {
        let cost = Linear {
            at: &self.scale * self.hall.voters() as u64 * self.hall.projects()[project].cost,
            slope: BigInt::default(),
        };
        let mut voters: Vec<(u32, i64, Linear)> = self
            .hall
            .backers(project)
            .filter(|(voter, _)| !self.empty[*voter as usize])
            .map(|(voter, weight)| (voter, i64::from(weight), self.purse(voter)))
            .collect();
        let mut missing = cost.clone();
        for (_, _, purse) in &voters {
            missing.take(purse, 1);
        }
        if missing.at > BigInt::default() {
            reach.keep_above(&missing);
            return None;
        }
        // In the order of what each can pay for a unit of weight, the poor come first.
        voters.sort_by(|(_, a, one), (_, b, other)| (&one.at * *b).cmp(&(&other.at * *a)));
        let mut sides = Sides {
            poor_voters: Vec::new(),
            rich_voters: Vec::new(),
            rich: voters.iter().map(|(_, weight, _)| *weight).sum(),
        };
        let mut rest = cost;
        for (voter, weight, purse) in voters {
            if sides.rich_voters.is_empty() && &purse.at * sides.rich < &rest.at * weight {
                rest.take(&purse, 1);
                sides.poor_voters.push(voter);
                sides.rich -= weight;
            } else {
                sides.rich_voters.push((voter, weight));
            }
        }
        Some((rest, sides))
    }

    fn pay(&mut self, project: usize, price: &Linear, sides: &Sides, reach: &mut Reach) {
        let rich = BigInt::from(sides.rich);
        for &voter in &sides.poor_voters {
            let weight = self.hall.weight(voter, project);
            let difference = price.times(&weight.into()).less(&self.purse(voter).times(&rich));
            reach.keep(&difference);
            self.empty[voter as usize] = true;
        }
        for &(voter, weight) in &sides.rich_voters {
            let difference = self.purse(voter).times(&rich).less(&price.times(&weight.into()));
            reach.keep(&difference);
        }
        for earlier in &mut self.prices {
            *earlier = earlier.times(&rich);
        }
        self.scale *= &rich;
        self.bought[project] = Some(self.prices.len());
        self.prices.push(price.clone());
    }
}
