//! What a seed decides: who joins with which seed of his own, and what happens to whom, step by step. Nothing here depends on
//! what comes of it, so that a seed is the same plan again.

use crate::house::Order;
use crate::peer::Part;
use crate::rng::Rng;

/// Places for processes; the first is the witness's, to whom nothing happens.
pub(crate) const PLACES: usize = 8;
/// Least and most steps of a round.
const STEPS: (u64, u64) = (30, 60);
/// Longest wait behind a step, in milliseconds.
const WAIT_MS_MAX: u64 = 120;
/// Longest time that a process is stopped, in milliseconds: shorter than the patience of a keep-alive.
const STOP_MS_MAX: u64 = 1_500;

/// A step of a round: what main is told, and how long it is waited behind it, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) order: Order,
    pub(crate) wait_ms: u64,
}

/// The steps of a seed.
pub(crate) fn plan(seed: u64) -> Vec<Step> {
    let mut rng = Rng::new(seed);
    let mut steps = Vec::new();
    let witness = Order::Join { place: 0, page: false, part: Part::Witness, seed: rng.next() };
    steps.push(Step { order: witness, wait_ms: 0 });
    for place in 1..rng.within(4, PLACES as u64) as usize {
        steps.push(Step { order: join(&mut rng, place), wait_ms: rng.below(20) });
    }
    for _ in 0..rng.within(STEPS.0, STEPS.1) {
        let place = rng.within(1, PLACES as u64 - 1) as usize;
        let order = match rng.below(20) {
            0..=6 => join(&mut rng, place),
            7..=9 => Order::Kill { place },
            10..=12 => Order::Stop { place, ms: rng.within(1, STOP_MS_MAX) },
            13 => Order::End { place },
            14 => Order::KillKept,
            _ => Order::Publish { seed: rng.next() },
        };
        steps.push(Step { order, wait_ms: rng.below(WAIT_MS_MAX) });
    }
    steps
}

fn join(rng: &mut Rng, place: usize) -> Order {
    // A place is always of one kind, or its window would be two.
    Order::Join { place, page: place.is_multiple_of(3), part: Part::Any, seed: rng.next() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_same_plan_again_and_no_other_is() {
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7), plan(8));
    }

    #[test]
    fn nothing_happens_to_the_witness() {
        for seed in 0..200 {
            for step in plan(seed).iter().skip(1) {
                match step.order {
                    Order::Join { place, .. }
                    | Order::Kill { place }
                    | Order::Stop { place, .. }
                    | Order::End { place } => assert!((1..PLACES).contains(&place)),
                    _ => {}
                }
            }
        }
    }
}
