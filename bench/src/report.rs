//! From samples to rows, and from rows to the table that people read. Ratios are taken within each
//! round, between neighbours in time, and only then their median.

use std::fmt::Write;

use serde::Serialize;

use crate::load::Work;
use crate::meter::Sample;
use crate::run::{Case, Outcome, name};
use crate::stats::Spread;

/// One figure; `low` and `high` are the quartiles of the rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The task.
    pub(crate) name: String,
    pub(crate) system: String,
    pub(crate) variant: String,
    /// What was measured; `p50/tarpc` is the ratio of p50 to that of tarpc.
    pub(crate) metric: String,
    pub(crate) unit: &'static str,
    #[serde(flatten)]
    pub(crate) spread: Spread,
    #[serde(skip)]
    pub(crate) work: Work,
}

/// Something that each sample of a work tells.
struct Metric {
    name: &'static str,
    unit: &'static str,
    of: fn(&Sample) -> Option<f64>,
}

const fn metric(name: &'static str, unit: &'static str, of: fn(&Sample) -> Option<f64>) -> Metric {
    Metric { name, unit, of }
}

const P50: Metric = metric("p50", "us", |sample| match sample {
    Sample::Done { p50_us, .. } => *p50_us,
    Sample::Idle { .. } => None,
});
const P99: Metric = metric("p99", "us", |sample| match sample {
    Sample::Done { p99_us, .. } => *p99_us,
    Sample::Idle { .. } => None,
});
const CPU: Metric = metric("cpu", "us", |sample| match sample {
    Sample::Done { cpu_us, .. } => Some(*cpu_us),
    Sample::Idle { .. } => None,
});
const RATE: Metric = metric("rate", "k/s", |sample| match sample {
    Sample::Done { count, seconds, .. } => Some(*count as f64 / seconds / 1e3),
    Sample::Idle { .. } => None,
});
const MAIN_MEMORY: Metric = metric("main", "KiB", |sample| match sample {
    Sample::Idle { main_kib, .. } => Some(*main_kib),
    Sample::Done { .. } => None,
});
const PEER_MEMORY: Metric = metric("peer", "KiB", |sample| match sample {
    Sample::Idle { peer_kib, .. } => Some(*peer_kib),
    Sample::Done { .. } => None,
});
const WAKES: Metric = metric("wakes", "1/s", |sample| match sample {
    Sample::Idle { wakes, .. } => Some(*wakes),
    Sample::Done { .. } => None,
});

/// The metrics of a work. The first and `cpu` are the ones that are compared.
fn metrics(work: Work) -> &'static [Metric] {
    match work {
        Work::Call | Work::Deliver => &[P50, P99, CPU],
        Work::InFlight | Work::Stream => &[RATE, CPU],
        Work::Idle => &[MAIN_MEMORY, PEER_MEMORY, WAKES],
    }
}

/// What the figures of a work are.
pub(crate) fn caption(work: Work) -> &'static str {
    match work {
        Work::Call => "p50 us, p99 us, CPU us of all processes for one call",
        Work::InFlight => "thousand calls a second, CPU us of all processes for one call",
        Work::Stream => "thousand items a second, CPU us of all processes for one item",
        Work::Deliver => "p50 us, p99 us, CPU us of all processes, until all have read all of it",
        Work::Idle => {
            "KiB of main for each receiver, KiB of a receiver's process, wake-ups a second of all"
        }
    }
}

fn compared(index: usize, metric: &Metric) -> bool {
    index == 0 || metric.name == CPU.name
}

/// All figures of a run, with the ratios to each baseline that did the same work in the same place.
pub(crate) fn rows(outcome: &Outcome, baselines: &[String]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (case, samples) in outcome {
        let row = |metric: String, unit, values: Vec<f64>| {
            let (name, variant) = (case.task.clone(), name(&case.variant));
            let (system, work, spread) = (case.system.clone(), case.load.work, Spread::of(values)?);
            Some(Row { name, system, variant, metric, unit, spread, work })
        };
        for (index, metric) in metrics(case.load.work).iter().enumerate() {
            let values = samples.iter().filter_map(metric.of).collect();
            rows.extend(row(metric.name.to_owned(), metric.unit, values));
            for baseline in baselines.iter().filter(|_| compared(index, metric)) {
                let same = Case { system: baseline.clone(), ..case.clone() };
                let Some((_, base)) = outcome.iter().find(|(case, _)| *case == same) else {
                    continue;
                };
                let pairs = samples.iter().zip(base);
                let ratio = |(a, b)| Some((metric.of)(a)? / (metric.of)(b)?);
                let values = pairs.filter_map(ratio).collect();
                rows.extend(row(format!("{}/{baseline}", metric.name), "x", values));
            }
        }
    }
    rows
}

/// The rows as text: a block for each work and place, a line for each system.
pub(crate) fn table(rows: &[Row], baselines: &[String]) -> String {
    let mut text = String::new();
    for block in rows.chunk_by(|a, b| (&a.name, &a.variant) == (&b.name, &b.variant)) {
        let Some(first) = block.first() else { continue };
        let _ = writeln!(text, "\n{} {}: {}", first.name, first.variant, caption(first.work));
        let _ = writeln!(text, "  median (quartiles); ratios within the round, first figure / CPU");
        for system in block.chunk_by(|a, b| a.system == b.system) {
            let Some(first) = system.first() else { continue };
            let _ = write!(text, "  {:20}", first.system);
            for row in system.iter().filter(|row| row.unit != "x") {
                let Spread { median, low, high } = row.spread;
                let figure = format!("{} ({} - {})", short(median), short(low), short(high));
                let _ = write!(text, "{figure:>23}");
            }
            for baseline in baselines {
                let ratios =
                    system.iter().filter(|row| row.metric.ends_with(&format!("/{baseline}")));
                let ratios: Vec<_> = ratios.map(|row| short(row.spread.median)).collect();
                if !ratios.is_empty() && *baseline != first.system {
                    let _ = write!(text, "   {} x {baseline}", ratios.join(" / "));
                }
            }
            text.push('\n');
        }
    }
    text
}

/// Three digits are more than the spread allows.
pub(crate) fn short(value: f64) -> String {
    match value {
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::TASKS;
    use crate::run::Variant;

    fn case(system: &str, p50_us: &[f64]) -> (Case, Vec<Sample>) {
        let case = Case {
            system: system.into(),
            task: "call".into(),
            load: TASKS[0].load,
            variant: Variant::Same,
        };
        let sample = |p50: &f64| Sample::Done {
            count: 10,
            seconds: 1.0,
            cpu_us: 2.0,
            p50_us: Some(*p50),
            p99_us: Some(2.0 * p50),
        };
        (case, p50_us.iter().map(sample).collect())
    }

    #[test]
    fn ratios_pair_the_rounds() {
        // The machine was twice as slow in the last round; the ratio does not see it.
        let outcome = vec![case("ours", &[3.0, 3.0, 6.0]), case("base", &[2.0, 2.0, 4.0])];
        let rows = rows(&outcome, &["base".to_owned(), "absent".to_owned()]);
        let find = |metric: &str| rows.iter().find(|r| r.system == "ours" && r.metric == metric);
        let ratio = find("p50/base").map(|row| row.spread);
        assert_eq!(ratio, Some(Spread { median: 1.5, low: 1.5, high: 1.5 }));
        assert_eq!(find("p50").map(|row| row.spread.high), Some(4.5));
        assert_eq!(find("p50/absent"), None);
        assert!(table(&rows, &["base".to_owned()]).contains("1.50 / 1.00 x base"));
    }

    #[test]
    fn a_row_is_flat_json() {
        let rows = rows(&vec![case("ours", &[3.0])], &[]);
        let json = serde_json::to_value(&rows[0]).expect("a row is plain data");
        let expected = serde_json::json!({
            "name": "call", "system": "ours", "variant": "same", "metric": "p50", "unit": "us",
            "median": 3.0, "low": 3.0, "high": 3.0,
        });
        assert_eq!(json, expected);
    }
}
