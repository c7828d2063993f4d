//! Prices as exact fractions, for the few questions that rounded numbers cannot decide.

use num_bigint::BigInt;

/// What was bought so far, each price exact: `prices[k] / (voters · scale)` for a unit of utility weight.
///
/// All prices share one denominator, so that sums need no common one to be looked for. The voters' share of the money is
/// `money / voters`.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    voters: i64,
    money: i64,
    scale: BigInt,
    denominator: BigInt,
    prices: Vec<BigInt>,
}

/// An exact price: `number / (the ledger's denominator · weight)`.
#[derive(Debug, Clone)]
pub(super) struct Price {
    pub(super) number: BigInt,
    pub(super) weight: u64,
}

/// Sums over voters who give all they have: how many they are, and what weight of each earlier purchase they paid for.
#[derive(Debug, Clone)]
pub(super) struct Purses {
    count: i64,
    /// By place in the ledger; the place 0 takes what was not bought, so that nobody has to ask.
    paid: Vec<i64>,
}

impl Purses {
    pub(super) fn new(ledger: &Ledger) -> Self {
        Self {
            count: 0,
            paid: vec![0; ledger.prices.len() + 1],
        }
    }

    /// Adds a voter with the purchases (place in the ledger, weight) that this voter paid for in full.
    pub(super) fn add(&mut self, paid: impl Iterator<Item = (u32, u32)>) {
        self.count += 1;
        for (purchase, weight) in paid {
            self.paid[purchase as usize] += i64::from(weight);
        }
    }
}

impl Ledger {
    pub(super) fn new(voters: i64, money: i64) -> Self {
        Self {
            voters,
            money,
            scale: BigInt::from(1),
            denominator: BigInt::from(voters),
            prices: Vec::new(),
        }
    }

    /// What these voters still have, times the denominator.
    pub(super) fn content(&self, purses: &Purses) -> BigInt {
        let mut sum = &self.scale * self.money * purses.count;
        for (price, weight) in self.prices.iter().zip(&purses.paid[1..]) {
            if *weight != 0 {
                sum -= price * *weight;
            }
        }
        sum
    }

    /// An amount of small units, times the denominator.
    pub(super) fn amount(&self, units: i64) -> BigInt {
        &self.denominator * units
    }

    /// The price of a unit of weight when `purses` give all they have and `weight` of others share the rest of the cost.
    pub(super) fn price(&self, cost: i64, purses: &Purses, weight: u64) -> Price {
        Price {
            number: self.amount(cost) - self.content(purses),
            weight,
        }
    }

    /// The price in parts of 1 / 2^`bits` small units, rounded down.
    pub(super) fn rounded(&self, price: &Price, bits: u32) -> Option<i64> {
        let parts: BigInt = (&price.number << bits) / (&self.denominator * price.weight);
        i64::try_from(parts).ok()
    }

    /// Enters a purchase and gives its place, counted from 1.
    pub(super) fn enter(&mut self, price: Price) -> u32 {
        let remainder = u64::try_from(&price.number % price.weight).unwrap_or(0);
        let common = divisor(price.weight, remainder);
        let factor = price.weight / common;
        if factor != 1 {
            for earlier in &mut self.prices {
                *earlier *= factor;
            }
            self.scale *= factor;
            self.denominator = &self.scale * self.voters;
        }
        self.prices.push(price.number / common);
        self.prices.len() as u32
    }
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}
