//! From samples to rows, and from rows to the table that people read. Ratios are taken within each
//! round, between neighbours in time, and only then their median.

use std::fmt::Write;

use serde::Serialize;

use crate::meter::{Sample, Work};
use crate::run::{Case, Outcome, name};
use crate::stats::Spread;

/// One figure; `low` and `high` are the quartiles of the rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The work.
    pub(crate) name: String,
    pub(crate) system: String,
    pub(crate) variant: String,
    /// What was measured; `p50/tarpc` is the ratio of p50 to that of tarpc.
    pub(crate) metric: String,
    pub(crate) unit: &'static str,
    #[serde(flatten)]
    pub(crate) spread: Spread,
}

/// Something that each sample of a work tells.
struct Metric {
    name: &'static str,
    unit: &'static str,
    of: fn(&Sample) -> Option<f64>,
}

const CPU: Metric = Metric { name: "cpu", unit: "us", of: |sample| Some(sample.cpu_us_per_call) };

/// The metrics of a work. The first and `cpu` are the ones that are compared.
fn metrics(work: Work) -> &'static [Metric] {
    match work {
        Work::Call => &[
            Metric { name: "p50", unit: "us", of: |sample| sample.p50_us },
            Metric { name: "p99", unit: "us", of: |sample| sample.p99_us },
            CPU,
        ],
        Work::InFlight => &[
            Metric {
                name: "rate",
                unit: "k/s",
                of: |sample| Some(sample.calls as f64 / sample.seconds / 1e3),
            },
            CPU,
        ],
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
            let (name, variant) = (name(&case.work), name(&case.variant));
            let spread = Spread::of(values)?;
            Some(Row { name, system: case.system.clone(), variant, metric, unit, spread })
        };
        for (index, metric) in metrics(case.work).iter().enumerate() {
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
        let units = if first.name == name(&Work::Call) {
            "p50 us, p99 us, CPU us of all processes for one call"
        } else {
            "thousand calls a second, CPU us of all processes for one call"
        };
        let _ = writeln!(text, "\n{} {}: {units}", first.name, first.variant);
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
fn short(value: f64) -> String {
    match value {
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Variant;

    fn case(system: &str, p50_us: &[f64]) -> (Case, Vec<Sample>) {
        let case = Case { system: system.into(), work: Work::Call, variant: Variant::Same };
        let sample = |p50: &f64| Sample {
            calls: 10,
            seconds: 1.0,
            cpu_us_per_call: 2.0,
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
