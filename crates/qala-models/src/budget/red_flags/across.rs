//! Indicators that hold a process or an organisation against all others.

use std::collections::{HashMap, HashSet};

use super::fence::{Fences, quantile};
use super::process::Process;
use super::settings::Options;
use super::{Flags, Group};

/// Counts of something by organisation, in the order of first appearance.
#[derive(Debug)]
struct Counts<'a, T> {
    places: HashMap<&'a str, usize>,
    list: Vec<(&'a str, T)>,
}

impl<'a, T: Default> Counts<'a, T> {
    fn new() -> Self {
        Self {
            places: HashMap::new(),
            list: Vec::new(),
        }
    }

    fn of(&mut self, id: &'a str) -> &mut T {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.list.push((id, T::default()));
            self.list.len() - 1
        });
        &mut self.list[place].1
    }
}

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    of: u64,
    part: u64,
}

impl Part {
    fn add(&mut self, part: u64, of: u64) {
        self.part += part;
        self.of += of;
    }

    fn ratio(self) -> f64 {
        self.part as f64 / self.of as f64
    }
}

/// R024 and R058: the winning bid and the lowest of the others are close, or far apart.
pub(super) fn price_gap(
    processes: &[&Process],
    options: &Options,
    currency: &str,
    codes: [bool; 2],
    flags: &mut Flags,
) {
    let gaps: Vec<(&str, [&str; 2], f64)> = processes
        .iter()
        .filter(|process| options.compares_prices(process))
        .filter_map(|process| {
            let ([winner, other], gap) = gap(process, currency)?;
            Some((process.ocid.as_str(), [winner, other], gap))
        })
        .collect();
    let fences = Fences::of(gaps.iter().map(|gap| gap.2));
    if codes[0] {
        // With no gap in a quarter of the processes, the fence would flag them all.
        let fence = options.close.or(fences
            .filter(|fences| fences.first_quartile > 0.0)
            .map(|fences| fences.lower));
        if let Some(fence) = fence.filter(|fence| *fence > 0.0) {
            for (ocid, sides, gap) in gaps.iter().filter(|gap| gap.2 <= fence) {
                flags.process(ocid, "R024", *gap);
                for tenderer in sides {
                    flags.organisation(Group::Tenderer, tenderer, "R024", 0.0);
                }
            }
        }
    }
    if codes[1] {
        let fence = options.discounted.or(fences.map(|fences| fences.upper));
        if let Some(fence) = fence.filter(|fence| *fence > 0.0) {
            for (ocid, [winner, _], gap) in gaps.iter().filter(|gap| gap.2 >= fence) {
                flags.process(ocid, "R058", *gap);
                flags.organisation(Group::Tenderer, winner, "R058", 0.0);
            }
        }
    }
}

/// Winner and lowest other tenderer, and how far the latter's bid lies above the former's, as a part of it.
fn gap<'a>(process: &'a Process, currency: &str) -> Option<([&'a str; 2], f64)> {
    let (winner, bids) = process.won()?;
    let mut won: Option<f64> = None;
    let mut lowest: Option<(f64, &str)> = None;
    for bid in bids.iter().filter(|bid| bid.is_valid()) {
        let (Some((amount, own)), Some(tenderer)) = (bid.price(), bid.tenderers.single()) else {
            continue;
        };
        if own != currency {
            continue;
        }
        if tenderer == winner {
            won = Some(won.map_or(amount, |other| other.min(amount)));
        } else if lowest.is_none_or(|(other, _)| amount < other) {
            lowest = Some((amount, tenderer));
        }
    }
    let (won, (other, tenderer)) = (won?, lowest?);
    // A lower bid that lost: price was not all that counted. A bid of nothing has no relative distance to any other.
    (other >= won && won > 0.0).then(|| ([winner, tenderer], (other - won) / won))
}

/// R025: a tenderer with many bids wins few of them.
pub(super) fn unsuccessful(processes: &[&Process], options: &Options, flags: &mut Flags) {
    let mut counts: Counts<Part> = Counts::new();
    for process in processes {
        let Some((winner, bids)) = process.won() else {
            continue;
        };
        let mut seen = HashSet::new();
        for bid in bids.iter().filter(|bid| bid.is_valid()) {
            if let Some(tenderer) = bid.tenderers.single()
                && seen.insert(tenderer)
            {
                counts.of(tenderer).add(u64::from(tenderer == winner), 1);
            }
        }
    }
    let mut bids: Vec<f64> = counts.list.iter().map(|(_, part)| part.of as f64).collect();
    bids.sort_by(f64::total_cmp);
    let fences = Fences::of(counts.list.iter().map(|(_, part)| part.ratio()));
    let fence = options.unsuccessful.or(fences
        .filter(|fences| fences.first_quartile > 0.0)
        .map(|fences| fences.lower));
    let (Some(large), Some(fence)) = (
        quantile(&bids, options.large_percentile),
        fence.filter(|fence| *fence > 0.0),
    ) else {
        return;
    };
    for (tenderer, part) in &counts.list {
        if part.of as f64 >= large && part.ratio() <= fence {
            flags.organisation(Group::Tenderer, tenderer, "R025", part.ratio());
        }
    }
}

/// R038: many of the bids to a buyer or a procuring entity, or of a tenderer, are disqualified.
pub(super) fn excessive(processes: &[&Process], options: &Options, flags: &mut Flags) {
    let mut buyers: Counts<Part> = Counts::new();
    let mut entities: Counts<Part> = Counts::new();
    let mut tenderers: Counts<Part> = Counts::new();
    for process in processes {
        let (mut submitted, mut disqualified) = (0, 0);
        for bid in process.submitted() {
            let part = u64::from(bid.is_disqualified());
            submitted += 1;
            disqualified += part;
            for tenderer in &bid.tenderers.ids {
                tenderers.of(tenderer).add(part, 1);
            }
        }
        if submitted > 0 {
            if let Some(buyer) = &process.buyer {
                buyers.of(buyer).add(disqualified, submitted);
            }
            if let Some(entity) = &process.procuring_entity {
                entities.of(entity).add(disqualified, submitted);
            }
        }
    }
    for (group, counts, least) in [
        (Group::Buyer, &buyers, options.least_at_buyer),
        (Group::ProcuringEntity, &entities, options.least_at_buyer),
        (Group::Tenderer, &tenderers, options.least_bids),
    ] {
        let enough: Vec<&(&str, Part)> = counts.list.iter().filter(|(_, part)| part.of >= least).collect();
        let fence = options
            .excessive
            .or(Fences::of(enough.iter().map(|(_, part)| part.ratio())).map(|fences| fences.upper));
        if let Some(fence) = fence.filter(|fence| *fence > 0.0) {
            for (id, part) in enough.iter().filter(|(_, part)| part.ratio() >= fence) {
                flags.organisation(group, id, "R038", part.ratio());
            }
        }
    }
}

/// R048: a supplier supplies many kinds of things.
pub(super) fn heterogeneous(processes: &[&Process], options: &Options, flags: &mut Flags) {
    let mut counts: Counts<(u64, HashSet<String>)> = Counts::new();
    for process in processes {
        let mut seen = HashSet::new();
        for award in process.awards.iter().flatten().filter(|award| award.is_active()) {
            let Some(supplier) = award.suppliers.single() else {
                continue;
            };
            for class in &award.classes {
                let (awarded, classes) = counts.of(supplier);
                *awarded += u64::from(seen.insert(supplier));
                classes.insert(class.chars().take(options.digits).collect());
            }
        }
    }
    let enough: Vec<(&str, f64)> = counts
        .list
        .iter()
        .filter(|(_, (awarded, _))| *awarded >= options.least_processes)
        .map(|(supplier, (_, classes))| (*supplier, classes.len() as f64))
        .collect();
    let fence = options
        .varied
        .or(Fences::of(enough.iter().map(|(_, classes)| *classes)).map(|fences| fences.upper));
    if let Some(fence) = fence {
        for (supplier, classes) in enough.iter().filter(|(_, classes)| *classes >= fence) {
            flags.organisation(Group::Tenderer, supplier, "R048", *classes);
        }
    }
}
