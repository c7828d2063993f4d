//! Small statistics that several models need, each defined once.

/// Quantile `p` (0 to 1) of numbers in rising order, by linear interpolation (type 7 of Hyndman and Fan 1996, as R and
/// NumPy by default); absent when there are none.
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = p.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    Some(sorted[below] + (place - below as f64) * (sorted[above] - sorted[below]))
}

/// A number without what rounding added: 40 bits, some 12 digits of it. Numbers that are equal by their decimals are equal then, so
/// that ties are ties.
pub fn settled(number: f64) -> f64 {
    const LAST: u64 = 1 << 12;
    if number.is_finite() {
        f64::from_bits((number.to_bits() + LAST / 2) & !(LAST - 1))
    } else {
        number
    }
}

/// A bound that is met but for rounding is met: a little more than it.
pub fn inclusive(bound: f64) -> f64 {
    bound * (1.0 + 1e-9)
}

/// Arithmetic mean; absent when there are no numbers.
pub fn mean(numbers: &[f64]) -> Option<f64> {
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// Probability that a standard normal number is above `z`.
pub fn normal_above(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// Benjamini and Hochberg's adjusted p (1995, <https://doi.org/10.1111/j.2517-6161.1995.tb02031.x>): the smallest
/// false-discovery rate at which each test would count; missing ones stay missing and are not counted as tests.
pub fn adjusted(p: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut order: Vec<(usize, f64)> = p
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((i, (*p)?)))
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let tests = order.len() as f64;
    let mut least = 1.0_f64;
    let mut result = vec![None; p.len()];
    for (place, (index, p)) in order.iter().enumerate() {
        least = least.min(p * tests / (tests - place as f64));
        result[*index] = Some(least);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r() {
        // quantile(c(1, 2, 4, 8), c(0, .25, .5, .9, 1)) in R 4.2
        let numbers = [1.0, 2.0, 4.0, 8.0];
        for (p, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&numbers, p).unwrap() - expected).abs() < 1e-12, "{p}");
        }
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn tails_of_the_normal_distribution_are_those_of_tables() {
        assert!((2.0 * normal_above(1.959_963_984_540_054) - 0.05).abs() < 1e-15);
        assert!((normal_above(-1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
    }

    #[test]
    fn adjusted_p_are_those_of_r() {
        // p.adjust(c(.01, .04, .03, .5), "BH") in R 4.2: .04 .0533 .0533 .5
        let p = [Some(0.01), Some(0.04), None, Some(0.03), Some(0.5)];
        let expected = [
            Some(0.04),
            Some(0.04 * 4.0 / 3.0),
            None,
            Some(0.04 * 4.0 / 3.0),
            Some(0.5),
        ];
        for (found, wanted) in adjusted(&p).into_iter().zip(expected) {
            assert_eq!(found.is_some(), wanted.is_some());
            assert!((found.unwrap_or(0.0) - wanted.unwrap_or(0.0)).abs() < 1e-15);
        }
    }
}
