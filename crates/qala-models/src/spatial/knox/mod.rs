//! Knox: do events near in space come near in time more often than by chance?

use super::places::Places;
use crate::Card;
use crate::random::Random;
use crate::run::{Model, Refusal, Run, Table};
use crate::stats::inclusive;
use crate::threads;

#[cfg(test)]
mod tests;

/// The model.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: CARD,
    run,
};

const CARD: Card = Card {
    id: "spatial.knox",
    purpose: "Whether events near in space come near in time more often than by chance (repeats nearby): Knox's test.",
    method: "close_pairs: pairs of events within distance_m and within time_days, both bounds included. expected: pairs close in \
             space · pairs close in time / all pairs (Knox 1964). ratio: close_pairs by expected. p = (1 + #≥)/(P + 1) over P \
             orders of the times.",
    assumptions: &[
        "Coordinates are projected metres; two events at one place at one time are a close pair.",
        "Places and times are each as they are; by chance means that any event could have had any of the times.",
        "An event without a place or a time is left out.",
    ],
    limits: &[
        "Where the pattern of places shifts with time (a new district, a season), the test shows that too.",
        "The bounds must be chosen before looking: trying many and showing the best is no test.",
        "It is refused above 200 million pairs that are close in space and as many close in time; choose smaller bounds.",
    ],
};

/// More pairs than this are not kept in memory.
const MOST_PAIRS: u64 = 200_000_000;

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let events = run.table("events")?;
    let columns = ["x_m", "y_m", "t_days"].map(|column| events.maybe_floats(column));
    let [x, y, t] = columns;
    let (x, y, t) = (x?, y?, t?);
    let mut kept = [Vec::new(), Vec::new(), Vec::new()];
    for ((x, y), t) in x.into_iter().zip(y).zip(t) {
        if let (Some(x), Some(y), Some(t)) = (x, y, t) {
            for (column, value) in kept.iter_mut().zip([x, y, t]) {
                column.push(value);
            }
        }
    }
    let [x, y, t] = kept;
    let bound = |name: &str| {
        run.settings()
            .float(name)
            .ok_or_else(|| Refusal(format!("the setting `{name}` is missing: how near is near?")))
    };
    let bounds = Bounds {
        distance_m: inclusive(bound("distance_m")?),
        time_days: inclusive(bound("time_days")?),
    };
    let permutations = run.settings().int("permutations").unwrap_or(0) as u32;
    let knox = knox(&x, &y, &t, bounds, permutations, run.seed(), threads::available()).ok_or_else(|| {
        Refusal(format!(
            "more than {MOST_PAIRS} pairs of events are close in space, and as many in time; choose a smaller distance_m or time_days"
        ))
    })?;
    Ok(vec![
        Table::new("knox")
            .ints_of("close_pairs", [knox.close_pairs as i64])
            .floats_of("expected", [knox.expected()])
            .floats_of("ratio", [knox.ratio()])
            .floats_of("p", [knox.p]),
    ])
}

/// How near is near; both bounds belong to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Metres, or the unit of the coordinates.
    pub distance_m: f64,
    /// Days, or the unit of the times.
    pub time_days: f64,
}

/// Counts of pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knox {
    /// All pairs.
    pub pairs: u64,
    /// Pairs close in space.
    pub close_in_space: u64,
    /// Pairs close in time.
    pub close_in_time: u64,
    /// Pairs close in both.
    pub close_pairs: u64,
    /// (1 + permutations with as many or more)/(P + 1); absent without permutations or pairs.
    pub p: Option<f64>,
}

impl Knox {
    /// Close pairs to be expected if times did not depend on places; absent without pairs.
    pub fn expected(&self) -> Option<f64> {
        (self.pairs > 0).then(|| self.close_in_space as f64 * self.close_in_time as f64 / self.pairs as f64)
    }

    /// Close pairs by those to be expected; absent when none are.
    pub fn ratio(&self) -> Option<f64> {
        let expected = self.expected().filter(|expected| *expected > 0.0)?;
        Some(self.close_pairs as f64 / expected)
    }
}

/// Knox's test of events at `x`, `y`, `t`, slices of one length without missing numbers. Absent when there are too many
/// close pairs to keep. The result is the same for any number of threads.
pub fn knox(
    x: &[f64],
    y: &[f64],
    t: &[f64],
    bounds: Bounds,
    permutations: u32,
    seed: u64,
    threads: usize,
) -> Option<Knox> {
    let events = t.len() as u64;
    let places = Places::new(x, y);
    let later = |event: usize, found: &mut dyn FnMut(u32)| {
        places.within(x[event], y[event], bounds.distance_m, &mut |other| {
            if other as usize > event {
                found(other);
            }
        });
    };
    let close_in_space: u64 = (0..t.len())
        .map(|event| {
            let mut count = 0;
            later(event, &mut |_| count += 1);
            count
        })
        .sum();
    let near_in_time = close_in_time(t, bounds.time_days);
    let fewer = close_in_space.min(near_in_time);
    if fewer > MOST_PAIRS {
        return None;
    }
    let is_close_in_time = |a: f64, b: f64| (a - b).abs() <= bounds.time_days;
    // Shuffling times over places is shuffling places over times: whichever has fewer close pairs stays as it is.
    let (close_pairs, p) = if close_in_space <= near_in_time {
        let pairs = Pairs::new(t.len(), fewer, later);
        let at_least = |a: &f64, b: &f64| is_close_in_time(*a, *b);
        (
            pairs.count(t, at_least),
            pairs.test(t, at_least, permutations, seed, threads),
        )
    } else {
        let mut order: Vec<u32> = (0..t.len() as u32).collect();
        order.sort_by(|a, b| t[*a as usize].total_cmp(&t[*b as usize]));
        let times: Vec<f64> = order.iter().map(|event| t[*event as usize]).collect();
        let spots: Vec<[f64; 2]> = order.iter().map(|e| [x[*e as usize], y[*e as usize]]).collect();
        let pairs = Pairs::new(t.len(), fewer, |event, found| {
            let near = times[event + 1..]
                .iter()
                .take_while(|time| is_close_in_time(**time, times[event]));
            for (other, _) in (event + 1..).zip(near) {
                found(other as u32);
            }
        });
        let at_least = |a: &[f64; 2], b: &[f64; 2]| super::places::between(*a, *b) <= bounds.distance_m;
        (
            pairs.count(&spots, at_least),
            pairs.test(&spots, at_least, permutations, seed, threads),
        )
    };
    Some(Knox {
        pairs: events * events.saturating_sub(1) / 2,
        close_in_space,
        close_in_time: near_in_time,
        close_pairs,
        p,
    })
}

/// Pairs of times at most so far apart.
fn close_in_time(t: &[f64], time_days: f64) -> u64 {
    let mut sorted = t.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut first = 0;
    let mut count = 0;
    for (place, time) in sorted.iter().enumerate() {
        while (time - sorted[first]).abs() > time_days {
            first += 1;
        }
        count += (place - first) as u64;
    }
    count
}

/// Pairs of events that are close in one respect: for each event the later ones.
struct Pairs {
    ends: Vec<usize>,
    others: Vec<u32>,
}

impl Pairs {
    fn new(events: usize, count: u64, later: impl Fn(usize, &mut dyn FnMut(u32))) -> Self {
        let mut pairs = Self {
            ends: Vec::with_capacity(events),
            others: Vec::with_capacity(count as usize),
        };
        for event in 0..events {
            later(event, &mut |other| pairs.others.push(other));
            pairs.ends.push(pairs.others.len());
        }
        pairs
    }

    /// How many of the pairs are close in the other respect as well.
    fn count<T>(&self, marks: &[T], is_close: impl Fn(&T, &T) -> bool) -> u64 {
        let mut start = 0;
        let mut count = 0;
        for (mark, end) in marks.iter().zip(&self.ends) {
            for other in &self.others[start..*end] {
                count += u64::from(is_close(mark, &marks[*other as usize]));
            }
            start = *end;
        }
        count
    }

    /// Share of the orders of the marks, the observed one among them, with as many close pairs or more.
    fn test<T: Copy + Sync>(
        &self,
        marks: &[T],
        is_close: impl Fn(&T, &T) -> bool + Copy + Sync,
        permutations: u32,
        seed: u64,
        threads: usize,
    ) -> Option<f64> {
        if permutations == 0 || marks.len() < 2 {
            return None;
        }
        let observed = self.count(marks, is_close);
        let as_many = |first: usize| {
            let mut order = marks.to_vec();
            let mut count = 0;
            for permutation in (first as u32..permutations).step_by(threads.max(1)) {
                order.copy_from_slice(marks);
                Random::part(seed, u64::from(permutation)).shuffle(&mut order);
                count += u32::from(self.count(&order, is_close) >= observed);
            }
            count
        };
        let sum: u32 = threads::side_by_side(threads, as_many).into_iter().sum();
        Some(f64::from(sum + 1) / f64::from(permutations + 1))
    }
}
