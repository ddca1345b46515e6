//! The report of an attack: tables for people, and the invariants that did not hold.

use std::fmt::Display;

use anyhow::{Result, bail};
use conformance::gauge::Gauge;

use super::studio::Summary;
use super::tally::Counts;
use super::victim::Seen;
use super::{GROWTH_KIB_MAX, Measured, Options};

/// Prints everything; fails when an invariant did not hold.
pub(super) fn print(
    options: &Options,
    counts: &Counts,
    measured: &Measured,
    summary: &Summary,
    alive: bool,
) -> Result<()> {
    let seconds = options.duration.as_secs();
    println!("attacked for {seconds} s, seed {}\n", options.seed);
    let played: u64 = counts.cases.values().sum();
    let (kept, broke) = counts.bodies;
    println!("{played:>9}  cases played, of {} different ones", counts.cases.len());
    println!(
        "{:>9}  bodies made from the contract: {kept} keep it, {broke} break it",
        kept + broke
    );
    println!("{:>9}  connections not let in, for want of room", counts.turned_away);
    list("kills by reason", counts.killed.iter().map(|(reason, count)| (reason.name(), *count)));
    list("calls by status", counts.statuses.iter().map(|(status, count)| (*status, *count)));
    list("answers of the gate", counts.answers.iter().map(|(code, count)| (*code, *count)));
    println!(
        "\nby main's own count: {} violations, {} denied, {} processes started again",
        summary.violations, summary.denied, summary.restarts
    );

    println!("\n{:<22}{:>9}{:>11}{:>11}{:>10}", "others", "calls", "p50 µs", "p99 µs", "notices");
    row("before", &measured.before);
    row("under attack", &measured.under);
    row("after", &measured.after);
    let (calm, hot) = (measured.before.quantile(0.99), measured.under.quantile(0.99));
    let ratio = f64::from(hot) / f64::from(calm.max(1));
    let how = if measured.pinned { "attackers on a processor of their own" } else { "not pinned" };
    println!("p99 under attack is {ratio:.2} times that before ({how})");
    for (name, seen) in &measured.alone {
        let ratio = f64::from(seen.quantile(0.99)) / f64::from(calm.max(1));
        println!("{ratio:>6.2}  {name}");
    }

    println!("\n{:<22}{:>12}{:>13}{:>9}", "main", "memory KiB", "descriptors", "threads");
    gauge("before", &measured.at_first);
    gauge("warm", &measured.warm);
    gauge("after", &measured.at_last);
    println!("most memory so far: {} KiB", measured.at_last.peak_kib);

    let broken = broken(counts, measured, summary, alive);
    if broken.is_empty() {
        println!("\nno panic, nobody else noticed, nothing is left");
        return Ok(());
    }
    for each in &broken {
        println!("\nBROKEN: {each}");
    }
    bail!("{} invariants did not hold (seed {})", broken.len(), options.seed)
}

fn broken(counts: &Counts, measured: &Measured, summary: &Summary, alive: bool) -> Vec<String> {
    let mut broken = counts.failures.clone();
    if counts.failed > broken.len() as u64 {
        broken.push(format!("{} more of these", counts.failed - broken.len() as u64));
    }
    for (when, seen) in
        [("before", &measured.before), ("under", &measured.under), ("after", &measured.after)]
    {
        broken.extend(seen.troubles.iter().map(|trouble| format!("{when} the attack: {trouble}")));
    }
    for (name, seen) in &measured.alone {
        broken.extend(seen.troubles.iter().map(|trouble| format!("beside {name}: {trouble}")));
    }
    if !alive || !summary.in_order {
        broken.push("main has ended, or not in order".to_owned());
    }
    if summary.complaints.contains("panicked") || !summary.complaints.is_empty() {
        broken.push(format!("main complains: {}", summary.complaints.trim()));
    }
    if summary.restarts > 0 {
        broken.push(format!("{} processes of the studio died", summary.restarts));
    }
    let violations = counts.killed.iter().filter(|(reason, _)| reason.is_violation());
    let told: u64 = violations.map(|(_, count)| count).sum();
    if summary.violations < told {
        let counted = summary.violations;
        broken.push(format!("{told} were told of their violation, and {counted} are counted"));
    }
    let Measured { at_first, warm, at_last, .. } = measured;
    if at_last.descriptors > at_first.descriptors {
        let (now, then) = (at_last.descriptors, at_first.descriptors);
        broken.push(format!("{now} descriptors are open, {then} before"));
    }
    if at_last.rss_kib > warm.rss_kib + GROWTH_KIB_MAX {
        broken.push(format!("memory grew from {} to {} KiB", warm.rss_kib, at_last.rss_kib));
    }
    broken
}

fn list<T: Display>(title: &str, rows: impl Iterator<Item = (T, u64)>) {
    println!("\n{title}");
    for (name, count) in rows {
        println!("{count:>9}  {name}");
    }
}

fn row(name: &str, seen: &Seen) {
    let (p50, p99) = (seen.quantile(0.5), seen.quantile(0.99));
    println!("{name:<22}{:>9}{p50:>11}{p99:>11}{:>10}", seen.latencies_us.len(), seen.notices);
}

fn gauge(name: &str, gauge: &Gauge) {
    let Gauge { rss_kib, descriptors, threads, .. } = gauge;
    println!("{name:<22}{rss_kib:>12}{descriptors:>13}{threads:>9}");
}
