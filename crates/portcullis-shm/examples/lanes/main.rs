//! Measures pools and rings against the bare system calls below them, in one run: real processes, each case once a round, and
//! ratios of medians. `cargo run --release -p portcullis-shm --example lanes`, and then the number of rounds, if not
//! 7, and a part of the names of cases, if not all.
#![cfg_attr(not(target_os = "linux"), allow(unused, reason = "there is nothing to measure"))]

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod ours;
#[cfg(target_os = "linux")]
mod process;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((role, rest)) if role == "serve" => process::serve(rest),
        first => {
            let rounds = first.and_then(|(rounds, _)| rounds.parse().ok()).unwrap_or(7);
            run::all(rounds, args.get(1).map_or("", String::as_str));
        }
    }
}

#[cfg(target_os = "linux")]
mod run {
    use std::collections::BTreeMap;

    use portcullis_shm::ring::Spin;

    use crate::{bare, ours};

    /// One case: its name, that of what it is compared with, and what gives microseconds.
    struct Case {
        name: &'static str,
        base: &'static str,
        measure: fn() -> f64,
    }

    const fn case(name: &'static str, base: &'static str, measure: fn() -> f64) -> Case {
        Case { name, base, measure }
    }

    /// `same` is all processes on one core, `diff` a core each.
    const CASES: &[Case] = &[
        case("bare-futex call same", "", || bare::call(true, false)),
        case("shm-ring call same", "bare-futex call same", || ours::call(true, Spin::Never)),
        case("bare-futex call diff", "", || bare::call(false, false)),
        case("shm-ring call diff", "bare-futex call diff", || ours::call(false, Spin::Never)),
        case("bare-spin call diff", "", || bare::call(false, true)),
        case("shm-ring-spin call diff", "bare-spin call diff", || {
            ours::call(false, Spin::Adaptive)
        }),
        case("bare-futex fanout64 to 8", "", bare::fan_out),
        case("shm-ring fanout64 to 8", "bare-futex fanout64 to 8", ours::fan_out),
        case("bare-memfd frame8m same", "", || bare::frame(true)),
        case("shm-pool frame8m same", "bare-memfd frame8m same", || ours::frame(true, true)),
        case("shm-pool-copy frame8m same", "bare-memfd frame8m same", || ours::frame(true, false)),
        case("bare-memfd frame8m diff", "", || bare::frame(false)),
        case("shm-pool frame8m diff", "bare-memfd frame8m diff", || ours::frame(false, true)),
        case("shm-pool send8m to 1", "", || ours::send(1)),
        case("shm-pool send8m to 8", "shm-pool send8m to 1", || ours::send(8)),
        case("memcpy 8m", "", ours::private_copy),
        case("shm-pool copy_to 8m", "memcpy 8m", ours::copy_out),
    ];

    pub(crate) fn all(rounds: usize, part: &str) {
        let cases = || CASES.iter().filter(|case| case.name.contains(part));
        let mut figures: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for round in 0..rounds {
            eprintln!("round {} of {rounds}", round + 1);
            for case in cases() {
                figures.entry(case.name).or_default().push((case.measure)());
            }
        }
        println!("{:30} {:>10} {:>22}  ratio within the round", "case", "p50 us", "quartiles");
        for case in cases() {
            let own = &figures[case.name];
            let base = figures.get(case.base);
            let ratios = base.map(|base| own.iter().zip(base).map(|(a, b)| a / b).collect());
            let ratio = ratios.map_or(String::new(), |ratios: Vec<f64>| {
                format!("{:.2} x {}", quantile(&ratios, 2), case.base)
            });
            let [low, median, high] = [1, 2, 3].map(|quarter| quantile(own, quarter));
            println!("{:30} {median:>10.2} {low:>10.2} - {high:>9.2}  {ratio}", case.name);
        }
    }

    pub(crate) fn quantile(values: &[f64], quarters: usize) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) * quarters / 4]
    }
}
