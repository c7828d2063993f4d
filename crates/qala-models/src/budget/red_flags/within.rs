//! Indicators that one process answers alone.

use std::collections::{BTreeSet, HashMap};

use super::process::Process;
use super::settings::Options;
use super::{Flags, Group};

const DAY_MICROS: i64 = 86_400_000_000;

/// R003: the submission period is short.
pub(super) fn short_period(process: &Process, options: &Options, flags: &mut Flags) {
    let (Some(opens), Some(closes)) = (process.opens, process.closes) else {
        return;
    };
    if !options.short_methods.is_empty()
        && !process
            .method
            .as_ref()
            .is_some_and(|method| options.short_methods.contains(method))
    {
        return;
    }
    let own = process
        .details
        .as_ref()
        .and_then(|details| options.short_days_of.get(details));
    let days = (closes.micros - opens.micros) / DAY_MICROS;
    if days < own.copied().unwrap_or(options.short_days) {
        flags.process(&process.ocid, "R003", 1.0);
    }
}

/// R018: a competitive process has one tenderer.
pub(super) fn single_bid(process: &Process, options: &Options, flags: &mut Flags) {
    let competitive = options.competitive.is_empty()
        || process
            .method
            .as_ref()
            .is_some_and(|method| options.competitive.contains(method));
    if competitive && process.tenderers == Some(1.0) {
        flags.process(&process.ocid, "R018", 1.0);
    }
}

/// R028: different tenderers ask the same price.
pub(super) fn identical_prices(process: &Process, options: &Options, flags: &mut Flags) {
    if !options.compares_prices(process) {
        return;
    }
    let mut prices: HashMap<(u64, &str), Vec<BTreeSet<&str>>> = HashMap::new();
    let mut order = Vec::new();
    for bid in process.submitted() {
        let tenderers: BTreeSet<&str> = bid.tenderers.ids.iter().map(String::as_str).collect();
        let Some((amount, currency)) = bid.price().filter(|_| !tenderers.is_empty()) else {
            continue;
        };
        // Adding zero makes one zero of two.
        let price = ((amount + 0.0).to_bits(), currency);
        let groups = prices.entry(price).or_default();
        if groups.is_empty() {
            order.push(price);
        }
        groups.push(tenderers);
    }
    for price in order {
        let groups = &prices[&price];
        if groups.iter().any(|group| *group != groups[0]) {
            flags.process(&process.ocid, "R028", 1.0);
            for tenderer in groups.iter().flatten() {
                flags.organisation(Group::Tenderer, tenderer, "R028", 1.0);
            }
        }
    }
}

/// R030: a bid that came after the deadline won.
pub(super) fn late_bid(process: &Process, flags: &mut Flags) {
    let (Some(closes), Some(_), Some(bids)) = (process.closes, &process.awards, &process.bids) else {
        return;
    };
    let suppliers = process.suppliers();
    for bid in bids {
        if bid.is_valid() && bid.date.is_some_and(|date| date.micros > closes.micros) {
            for tenderer in bid
                .tenderers
                .ids
                .iter()
                .filter(|id| suppliers.contains(id.as_str()))
            {
                flags.process(&process.ocid, "R030", 1.0);
                flags.organisation(Group::Tenderer, tenderer, "R030", 1.0);
            }
        }
    }
}

/// R035: everybody but the winner is disqualified.
pub(super) fn all_disqualified(process: &Process, options: &Options, flags: &mut Flags) {
    let Some((awards, bids)) = process.decided() else {
        return;
    };
    let suppliers: BTreeSet<&str> = awards
        .iter()
        .flat_map(|award| award.suppliers.ids.iter().map(String::as_str))
        .collect();
    let of = |wanted: fn(&super::process::Bid) -> bool| -> BTreeSet<&str> {
        bids.iter()
            .filter(|bid| wanted(bid))
            .flat_map(|bid| bid.tenderers.ids.iter().map(String::as_str))
            .collect()
    };
    let valid = of(super::process::Bid::is_valid);
    let disqualified = of(super::process::Bid::is_disqualified)
        .difference(&valid)
        .count();
    if valid.len() == 1 && valid == suppliers && disqualified >= options.disqualified.max(1) {
        flags.process(&process.ocid, "R035", disqualified as f64);
        for winner in valid {
            flags.organisation(Group::Tenderer, winner, "R035", 0.0);
        }
    }
}

/// R036: the lowest bid is disqualified.
pub(super) fn lowest_disqualified(process: &Process, options: &Options, currency: &str, flags: &mut Flags) {
    let awarded = process
        .awards
        .iter()
        .flatten()
        .any(super::process::Award::is_active);
    if !awarded || !options.compares_prices(process) {
        return;
    }
    let mut lowest: Option<(f64, bool)> = None;
    let mut has_valid = false;
    for bid in process.submitted() {
        let Some((amount, _)) = bid.price().filter(|(_, own)| *own == currency) else {
            continue;
        };
        has_valid |= bid.is_valid();
        if lowest.is_none_or(|(other, _)| amount < other) {
            lowest = Some((amount, bid.is_disqualified()));
        }
    }
    if has_valid && lowest.is_some_and(|(_, disqualified)| disqualified) {
        flags.process(&process.ocid, "R036", 1.0);
    }
}
