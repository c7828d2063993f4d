//! Where a value begins to stand out.

/// Quartiles and fences of a set of values (Tukey 1977).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fences {
    pub(super) first_quartile: f64,
    pub(super) lower: f64,
    pub(super) upper: f64,
}

impl Fences {
    /// Absent when there are no values.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let (first, third) = (quantile(&sorted, 0.25)?, quantile(&sorted, 0.75)?);
        let range = third - first;
        Some(Self {
            first_quartile: first,
            lower: range.mul_add(-1.5, first),
            upper: range.mul_add(1.5, third),
        })
    }
}

/// Quantile of type 8 of Hyndman and Fan 1996 (median-unbiased): the one that Cardinal's published flags come from, unlike
/// the type 7 of all other models.
pub(super) fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let place = (sorted.len() as f64 + 1.0 / 3.0) * p + 1.0 / 3.0;
    let below = place.floor();
    let at = |place: f64| -> Option<f64> {
        let last = sorted.len().checked_sub(1)?;
        sorted.get((place.max(1.0) as usize - 1).min(last)).copied()
    };
    // The ends are the least and the greatest value.
    if p <= 0.0 {
        return at(1.0);
    }
    if p >= 1.0 {
        return at(sorted.len() as f64);
    }
    let (low, high) = (at(below)?, at(below + 1.0)?);
    Some(low + (place - below) * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r() {
        // quantile(c(1, 2, 4, 8), c(0, .25, .5, .75, .9, 1), type = 8) in R 4.2
        let numbers = [1.0, 2.0, 4.0, 8.0];
        let wanted = [1.0, 1.0 + 5.0 / 12.0, 3.0, 4.0 + 4.0 * 7.0 / 12.0, 8.0, 8.0];
        for (p, wanted) in [0.0, 0.25, 0.5, 0.75, 0.9, 1.0].into_iter().zip(wanted) {
            assert!((quantile(&numbers, p).unwrap() - wanted).abs() < 1e-12, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0], 0.25), Some(3.0));
    }
}
