//! Medians and their intervals, without any assumption about the distribution.
//!
//! The interval is the classical one from order statistics: with `n` independent samples, the true median lies between
//! the k-th smallest and the k-th largest with probability `1 - 2·P(Binomial(n, ½) < k)`. We take the largest `k` that
//! keeps 95 %. Below six samples no such `k` exists, and then there is no interval rather than a weaker one.

/// What the table shows of one column of samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The smallest sample.
    pub min: f64,
    /// The median; the mean of the middle two when the count is even.
    pub median: f64,
    /// The 95 % interval of the median, `None` with fewer than six samples.
    pub interval: Option<(f64, f64)>,
}

/// Summarises `samples`; `None` when there are none.
pub fn summary(samples: &[f64]) -> Option<Summary> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let min = *sorted.first()?;
    let median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0;
    let interval = order_95(n).map(|k| (sorted[k - 1], sorted[n - k]));
    Some(Summary { min, median, interval })
}

/// The p-quantile (nearest rank) of `sorted`, `p` in `0.0..=1.0`.
///
/// # Panics
/// When `sorted` is empty.
pub fn quantile(sorted: &[u64], p: f64) -> u64 {
    let rank = (p * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// The largest `k` for which (k-th smallest, k-th largest) of `n` samples holds the median with at least 95 %.
fn order_95(n: usize) -> Option<usize> {
    let mut term = 0.5f64.powi(n as i32);
    let (mut below, mut k) = (0.0, 0);
    while k < n {
        below += term;
        if 2.0 * below > 0.05 {
            break;
        }
        term *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    (k > 0).then_some(k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_those_of_the_printed_tables() {
        // Conover, Practical Nonparametric Statistics: 6 → 1, 8 → 1, 9 → 2, 12 → 3, 15 → 4, 20 → 6, 25 → 8.
        for (n, k) in [(6, 1), (8, 1), (9, 2), (12, 3), (15, 4), (20, 6), (25, 8)] {
            assert_eq!(order_95(n), Some(k), "n = {n}");
        }
    }

    #[test]
    fn five_samples_have_no_interval() {
        assert_eq!(order_95(5), None);
        assert_eq!(order_95(0), None);
    }

    #[test]
    fn median_of_even_and_odd_counts() {
        assert_eq!(summary(&[3.0, 1.0, 2.0]).map(|s| s.median), Some(2.0));
        assert_eq!(summary(&[4.0, 1.0, 2.0, 3.0]).map(|s| s.median), Some(2.5));
        assert_eq!(summary(&[]), None);
    }

    #[test]
    fn interval_of_seven_is_the_full_range() {
        let seven = [5.0, 1.0, 7.0, 3.0, 2.0, 6.0, 4.0];
        assert_eq!(summary(&seven).and_then(|s| s.interval), Some((1.0, 7.0)));
    }

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let sorted: Vec<u64> = (1..=100).collect();
        assert_eq!(quantile(&sorted, 0.5), 50);
        assert_eq!(quantile(&sorted, 0.99), 99);
        assert_eq!(quantile(&[7], 0.99), 7);
    }
}
