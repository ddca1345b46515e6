//! How long to look at an index before sleeping on it. Waking a sleeper takes longer than most answers, but looking takes a
//! core from whoever should answer: so only where there are several, and only as long as it pays.

use std::path::Path;

/// Whether to look before sleeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spin {
    /// Sleep at once: with one core, on battery, or where latency does not matter.
    Never,
    /// Look for some microseconds, more while it pays and less while it does not.
    Adaptive,
}

impl Default for Spin {
    /// [`Adaptive`](Self::Adaptive) where this process may run on more than one core, and not on battery now.
    fn default() -> Self {
        match std::thread::available_parallelism() {
            Ok(cores) if cores.get() > 1 && !on_battery(Path::new(SUPPLIES)) => Self::Adaptive,
            _ => Self::Never,
        }
    }
}

/// Where the kernel tells of batteries and mains.
const SUPPLIES: &str = "/sys/class/power_supply";

/// Whether a battery of this machine is being used up.
fn on_battery(supplies: &Path) -> bool {
    let Ok(supplies) = std::fs::read_dir(supplies) else { return false };
    supplies.flatten().any(|supply| {
        let says = |file: &str| std::fs::read_to_string(supply.path().join(file));
        let is = |file, what| says(file).is_ok_and(|text| text.trim() == what);
        // A mouse has one, too; that is of scope "Device".
        is("type", "Battery") && is("status", "Discharging") && !is("scope", "Device")
    })
}

/// The most looks of one wait; with the processor's pause between them, some 20 to 80 microseconds.
pub(super) const ROUNDS_MAX: u32 = 1024;
/// The fewest looks of one wait, which tell whether it would pay again.
const ROUNDS_FLOOR: u32 = 16;
/// Each so-manieth wait looks as long as it may: what never looks long never learns that it would pay.
const PROBE_EVERY: u32 = 64;

/// How one waiting side looks.
#[derive(Debug)]
pub(super) struct Spinner {
    spin: Spin,
    rounds: u32,
    waits: u32,
}

impl Spinner {
    pub(super) fn new(spin: Spin) -> Self {
        Self { spin, rounds: ROUNDS_MAX, waits: 0 }
    }

    /// Looks until `ready`, a while; true when it was.
    pub(super) fn look(&mut self, mut ready: impl FnMut() -> bool) -> bool {
        if self.spin == Spin::Never {
            return false;
        }
        self.waits = self.waits.wrapping_add(1);
        let probing = self.waits.is_multiple_of(PROBE_EVERY);
        let rounds = if probing { ROUNDS_MAX } else { self.rounds };
        for _ in 0..rounds {
            if ready() {
                self.rounds = (rounds * 2).min(ROUNDS_MAX);
                return true;
            }
            std::hint::spin_loop();
        }
        self.rounds = (self.rounds / 2).max(ROUNDS_FLOOR);
        false
    }

    #[cfg(all(test, not(loom)))]
    pub(super) fn rounds(&self) -> u32 {
        self.rounds
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    #![allow(clippy::expect_used, reason = "helpers of tests, which clippy does not know as such")]
    use super::*;

    #[test]
    fn looks_less_while_it_does_not_pay_and_more_when_it_does() {
        let mut spinner = Spinner::new(Spin::Adaptive);
        for _ in 0..20 {
            assert!(!spinner.look(|| false));
        }
        assert_eq!(spinner.rounds(), ROUNDS_FLOOR);
        // Ready only after more looks than the fewest: a probe finds that it pays.
        let mut late = |after: u32| {
            let mut looks = 0;
            spinner.look(|| {
                looks += 1;
                looks > after
            })
        };
        assert!((0..PROBE_EVERY).any(|_| late(500)));
        assert!((0..20).all(|_| late(500)), "what was learnt is kept");
    }

    #[test]
    #[cfg_attr(miri, ignore = "folders")]
    fn a_battery_that_is_used_up_counts_and_a_mouses_does_not() {
        let supplies = std::env::temp_dir().join(format!("supplies-{}", std::process::id()));
        let supply = |name: &str, files: &[(&str, &str)]| {
            let folder = supplies.join(name);
            std::fs::create_dir_all(&folder).expect("a folder");
            for (file, text) in files {
                std::fs::write(folder.join(file), format!("{text}\n")).expect("a file");
            }
        };
        assert!(!on_battery(&supplies), "no such folder");
        supply("AC", &[("type", "Mains"), ("online", "1")]);
        supply("BAT0", &[("type", "Battery"), ("status", "Charging")]);
        supply("mouse", &[("type", "Battery"), ("status", "Discharging"), ("scope", "Device")]);
        assert!(!on_battery(&supplies));
        supply("BAT0", &[("status", "Discharging")]);
        assert!(on_battery(&supplies));
        std::fs::remove_dir_all(&supplies).expect("removed");
    }

    #[test]
    fn never_means_never() {
        assert!(!Spinner::new(Spin::Never).look(|| unreachable!("it must not look")));
    }
}
