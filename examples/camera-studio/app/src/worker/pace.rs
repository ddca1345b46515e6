//! Leaving out pictures, evenly, so that no more than so many a second go on.

/// Decides which pictures of a source go on.
#[derive(Debug)]
pub(super) struct Thinning {
    rate: f64,
    /// The share of the pictures that goes on, at most 1.
    share: f64,
    /// A picture goes on whenever this reaches 1.
    due: f64,
}

impl Thinning {
    /// For a source that gives `rate` pictures a second; all go on at first.
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, share: 1.0, due: 0.0 }
    }

    /// From now on at most `pictures` a second go on.
    pub(super) fn limit(&mut self, pictures: u32) {
        self.share = (f64::from(pictures) / self.rate).min(1.0);
    }

    /// Whether the next picture goes on.
    pub(super) fn passes(&mut self) -> bool {
        self.due += self.share;
        // Sums of thirds may be a hair below one.
        if self.due < 1.0 - 1e-9 {
            return false;
        }
        self.due -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rate: f64, limit: u32, pictures: usize, expect: usize) {
        let mut thinning = Thinning::new(rate);
        thinning.limit(limit);
        let passed = (0..pictures).filter(|_| thinning.passes()).count();
        assert_eq!(passed, expect, "{limit} of {rate}");
    }

    #[test]
    fn a_limit_leaves_out_pictures_evenly() {
        check(30.0, 60, 300, 300);
        check(30.0, 30, 300, 300);
        check(30.0, 10, 300, 100);
        check(30.0, 7, 300, 70);
        check(30_000.0 / 1001.0, 15, 2998, 1500);
        check(60.0, 1, 120, 2);
    }

    #[test]
    fn pictures_that_go_on_are_spread() {
        let mut thinning = Thinning::new(30.0);
        thinning.limit(20);
        let passed: Vec<bool> = (0..9).map(|_| thinning.passes()).collect();
        assert_eq!(
            passed.chunks(3).map(|three| three.iter().filter(|p| **p).count()).max(),
            Some(2)
        );
    }
}
