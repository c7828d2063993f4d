//! The rules by which points are news.

/// Why a point is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// Beyond 3σ.
    BeyondLimit,
    /// The eighth or a later point in a row on one side of the centre.
    Run8,
    /// Beyond 2σ, as one of the two before on the same side.
    TwoOfThree,
    /// Beyond 1σ, as three of the four before on the same side.
    FourOfFive,
}

impl Signal {
    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::BeyondLimit => "beyond_limit",
            Self::Run8 => "run_8",
            Self::TwoOfThree => "two_of_three",
            Self::FourOfFive => "four_of_five",
        }
    }
}

/// The signals at each point, from its distance to the centre; a missing one breaks a run. Distances up to `least` are
/// none.
pub(super) fn signals(deviations: &[Option<f64>], sigma: f64, least: f64) -> Vec<Vec<Signal>> {
    // The side on which a point is beyond so many σ: 1, −1, or 0 for neither.
    let side = |deviation: Option<f64>, sigmas: f64| match deviation {
        Some(deviation) if deviation.abs() > least && deviation.abs() > sigmas * sigma => {
            deviation.signum() as i8
        }
        _ => 0,
    };
    let mut run = (0_i8, 0_usize);
    let mut found = Vec::with_capacity(deviations.len());
    for (index, deviation) in deviations.iter().enumerate() {
        let mut signals = Vec::new();
        if side(*deviation, 3.0) != 0 {
            signals.push(Signal::BeyondLimit);
        }
        let now = side(*deviation, 0.0);
        run = (now, if now == run.0 { run.1 + 1 } else { 1 });
        if now != 0 && run.1 >= 8 {
            signals.push(Signal::Run8);
        }
        let is_one_of = |count: usize, window: usize, sigmas: f64| {
            let own = side(*deviation, sigmas);
            let last = &deviations[(index + 1).saturating_sub(window)..=index];
            own != 0 && last.iter().filter(|one| side(**one, sigmas) == own).count() >= count
        };
        if is_one_of(2, 3, 2.0) {
            signals.push(Signal::TwoOfThree);
        }
        if is_one_of(4, 5, 1.0) {
            signals.push(Signal::FourOfFive);
        }
        found.push(signals);
    }
    found
}
