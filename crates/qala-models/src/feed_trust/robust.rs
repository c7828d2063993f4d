//! Statistics that a few wrong numbers cannot move.

/// What a median absolute deviation is multiplied with to be the standard deviation of a normal distribution.
pub(super) const MAD_TO_SIGMA: f64 = 1.4826;

/// The middle of some numbers, the mean of the two middle ones when their count is even; none of none.
pub(super) fn median(values: &mut [f64]) -> Option<f64> {
    let count = values.len();
    if count == 0 {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    let upper = *upper;
    if count % 2 == 1 {
        return Some(upper);
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(f64::midpoint(lower, upper))
}

/// The number below which a share of the others lies; none of none.
pub(super) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = (share * last as f64).round() as usize;
    Some(*values.select_nth_unstable_by(place.min(last), f64::total_cmp).1)
}

/// The standard deviation as the median of the absolute values tells it, for numbers that scatter around zero.
pub(super) fn scatter(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sizes: Vec<f64> = values.map(f64::abs).collect();
    median(&mut sizes).map(|m| m * MAD_TO_SIGMA)
}

/// A stretch whose scores add up to much.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    /// First place.
    pub(super) first: usize,
    /// Last place, included.
    pub(super) last: usize,
    /// Sum of the scores.
    pub(super) sum: f64,
}

/// The stretches whose sums of scores reach `least`, by the cumulative sum of Page (Biometrika 41, 1954): it never falls
/// below zero, a stretch begins where it last left zero and ends at its peak. A fall from the peak by `least` ends it too.
pub(super) fn stretches(scores: &[f64], least: f64) -> Vec<Stretch> {
    let mut found = Vec::new();
    let (mut sum, mut first) = (0.0_f64, 0);
    let mut peak = Stretch {
        first: 0,
        last: 0,
        sum: 0.0,
    };
    let mut at = 0;
    while at <= scores.len() {
        let is_over = at == scores.len();
        if !is_over {
            if sum <= 0.0 {
                (sum, first) = (0.0, at);
            }
            sum += scores[at];
            if sum > peak.sum {
                peak = Stretch { first, last: at, sum };
            }
        }
        if is_over || sum <= 0.0 || sum < peak.sum - least {
            if peak.sum >= least {
                found.push(peak);
                // What came after the peak may begin another stretch.
                at = peak.last;
            }
            (sum, peak.sum) = (0.0, 0.0);
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_quantiles() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&mut [4.0, 1.0, 2.0, 3.0, 5.0], 0.75), Some(4.0));
        assert_eq!(scatter([-1.0, 1.0, 1.0].into_iter()), Some(MAD_TO_SIGMA));
    }

    #[test]
    fn stretches_are_cut_where_the_sum_falls() {
        let scores = [-1.0, 2.0, 2.0, -1.0, 2.0, -1.0, -1.0, -1.0, -1.0, -1.0, 3.0, 3.0];
        let found: Vec<(usize, usize, f64)> = stretches(&scores, 4.0)
            .iter()
            .map(|s| (s.first, s.last, s.sum))
            .collect();
        assert_eq!(found, [(1, 4, 5.0), (10, 11, 6.0)]);
        assert!(stretches(&scores, 7.0).is_empty());
    }
}
