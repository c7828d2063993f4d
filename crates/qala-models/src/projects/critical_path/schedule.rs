//! The forward and the backward pass over a network of activities.

/// What a link ties to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The follower starts after the end.
    FinishStart,
    /// The follower starts after the start.
    StartStart,
    /// The follower ends after the end.
    FinishFinish,
    /// The follower ends after the start.
    StartFinish,
}

impl Kind {
    /// `FS`, `SS`, `FF`, `SF`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "FS" => Self::FinishStart,
            "SS" => Self::StartStart,
            "FF" => Self::FinishFinish,
            "SF" => Self::StartFinish,
            _ => return None,
        })
    }
}

/// A link between two activities, by their places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// The activity that leads.
    pub from: usize,
    /// The activity that follows.
    pub to: usize,
    /// What is tied to what.
    pub kind: Kind,
    /// Days that must pass, or, below 0, days by which the follower may be ahead.
    pub lag_days: f64,
}

impl Link {
    /// Days from the start of the one to the earliest start of the other.
    fn between_starts(&self, durations: &[f64]) -> f64 {
        let (lead, follow) = (durations[self.from], durations[self.to]);
        match self.kind {
            Kind::FinishStart => lead + self.lag_days,
            Kind::StartStart => self.lag_days,
            Kind::FinishFinish => lead + self.lag_days - follow,
            Kind::StartFinish => self.lag_days - follow,
        }
    }
}

/// Dates of an activity, days from the start of the project.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dates {
    /// Earliest start.
    pub es: f64,
    /// Earliest finish.
    pub ef: f64,
    /// Latest start that does not move the end of the project.
    pub ls: f64,
    /// Latest finish that does not move it.
    pub lf: f64,
}

impl Dates {
    /// Total float, days: a rounding error counts as none.
    pub fn float_days(&self) -> f64 {
        let float = self.ls - self.es;
        if float.abs() <= 1e-9 * self.lf.abs().max(1.0) {
            0.0
        } else {
            float
        }
    }
}

/// Activities that wait for one another in a ring, each for the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

/// The dates of activities of `durations` days (0 or more) that are tied by `links`; nothing starts before day 0.
///
/// # Errors
/// [`Cycle`] when links lead back to where they began.
pub fn dates(durations: &[f64], links: &[Link]) -> Result<Vec<Dates>, Cycle> {
    let order = in_order(durations.len(), links)?;
    let mut followers = vec![Vec::new(); durations.len()];
    for link in links {
        followers[link.from].push(*link);
    }
    let mut dates = vec![Dates::default(); durations.len()];
    for at in &order {
        dates[*at].ef = dates[*at].es + durations[*at];
        for link in &followers[*at] {
            let earliest = dates[*at].es + link.between_starts(durations);
            dates[link.to].es = dates[link.to].es.max(earliest);
        }
    }
    let end = dates.iter().map(|each| each.ef).fold(0.0, f64::max);
    for at in order.iter().rev() {
        let latest = followers[*at]
            .iter()
            .map(|link| dates[link.to].ls - link.between_starts(durations))
            .fold(end - durations[*at], f64::min);
        dates[*at].ls = latest;
        dates[*at].lf = latest + durations[*at];
    }
    Ok(dates)
}

/// Activities so that each comes after those that lead to it (Kahn 1962).
fn in_order(count: usize, links: &[Link]) -> Result<Vec<usize>, Cycle> {
    let mut waiting = vec![0_usize; count];
    let mut followers = vec![Vec::new(); count];
    for link in links {
        waiting[link.to] += 1;
        followers[link.from].push(link.to);
    }
    let mut order: Vec<usize> = (0..count).filter(|at| waiting[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        for follower in &followers[at] {
            waiting[*follower] -= 1;
            if waiting[*follower] == 0 {
                order.push(*follower);
            }
        }
        next += 1;
    }
    if order.len() == count {
        Ok(order)
    } else {
        Err(cycle(&waiting, links))
    }
}

/// One ring among the activities that still wait: each of them waits for another one of them.
fn cycle(waiting: &[usize], links: &[Link]) -> Cycle {
    let mut leader = vec![0; waiting.len()];
    for link in links.iter().rev().filter(|link| waiting[link.from] > 0) {
        leader[link.to] = link.from;
    }
    let mut at = waiting.iter().position(|count| *count > 0).unwrap_or(0);
    // After as many steps as there are activities, the walk is in the ring.
    for _ in 0..waiting.len() {
        at = leader[at];
    }
    let mut ring = vec![at];
    let mut back = leader[at];
    while back != at {
        ring.push(back);
        back = leader[back];
    }
    ring.reverse();
    Cycle(ring)
}
