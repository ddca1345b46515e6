//! What a run of a target came to, read from the lines that libFuzzer writes.

use std::collections::VecDeque;
use std::fmt;

/// Lines that are kept, to be shown when a run ends for no reason that it names.
const LINES_KEPT: usize = 20;

/// A run of one target.
#[derive(Debug, Default)]
pub(crate) struct Report {
    name: String,
    pub(crate) runs: u64,
    pub(crate) per_second: u64,
    pub(crate) new_entries: u64,
    pub(crate) peak_mib: u64,
    /// Memory when the corpus was read, in MiB: what is above it has grown since.
    begun_mib: Option<u64>,
    /// Open descriptors: least and most that were seen.
    descriptors: Option<(usize, usize)>,
    pub(crate) finding: Option<String>,
    lines: VecDeque<String>,
}

impl Report {
    pub(crate) const HEAD: &str =
        "target                        runs     runs/s   new  memory, MiB  descriptors  found";

    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes in a line of libFuzzer's. `descriptors` is asked now and then.
    pub(crate) fn read(&mut self, line: &str, descriptors: impl Fn() -> Option<usize>) {
        let line = line.trim_end();
        if let Some(stat) = line.strip_prefix("stat::") {
            self.stat(stat);
        } else if line.starts_with('#') {
            // `#1234 pulse cov: 1 ft: 2 corp: 3/4b exec/s: 5 rss: 6Mb`
            if self.begun_mib.is_none() && line.contains("INITED") {
                self.begun_mib = after(line, "rss: ");
            }
            if line.contains("pulse") || line.contains("INITED") || line.contains("DONE") {
                self.see(descriptors());
            }
        } else if let Some(path) = line.split("Test unit written to ").nth(1) {
            self.finding = Some(path.to_owned());
        }
        if self.lines.len() == LINES_KEPT {
            self.lines.pop_front();
        }
        self.lines.push_back(line.to_owned());
    }

    fn stat(&mut self, stat: &str) {
        let Some((name, value)) = stat.split_once(':') else { return };
        let Ok(value) = value.trim().parse() else { return };
        match name {
            "number_of_executed_units" => self.runs = value,
            "average_exec_per_sec" => self.per_second = value,
            "new_units_added" => self.new_entries = value,
            "peak_rss_mb" => self.peak_mib = value,
            _ => {}
        }
    }

    fn see(&mut self, count: Option<usize>) {
        let Some(count) = count else { return };
        let (least, most) = self.descriptors.unwrap_or((count, count));
        self.descriptors = Some((least.min(count), most.max(count)));
    }

    /// The last lines that came.
    pub(crate) fn last_lines(&self) -> String {
        self.lines.iter().map(|line| format!("    {line}\n")).collect()
    }

    /// A row below [`Self::HEAD`].
    pub(crate) fn row(&self) -> String {
        let memory = match self.begun_mib {
            Some(begun) => format!("{begun}..{}", self.peak_mib),
            None => self.peak_mib.to_string(),
        };
        let descriptors = match self.descriptors {
            Some((least, most)) if least == most => most.to_string(),
            Some((least, most)) => format!("{least}..{most}"),
            None => "-".to_owned(),
        };
        format!(
            "{:<20} {:>13} {:>10} {:>5}  {memory:>11}  {descriptors:>11}  {}",
            self.name,
            self.runs,
            self.per_second,
            self.new_entries,
            self.finding.as_deref().unwrap_or("nothing")
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} runs", self.name, self.runs)?;
        match &self.finding {
            Some(finding) => write!(f, ", and a finding: {finding}\n{}", self.last_lines()),
            None => f.write_str(", nothing found"),
        }
    }
}

/// The number that stands behind `name` in a line.
fn after(line: &str, name: &str) -> Option<u64> {
    let (_, rest) = line.split_once(name)?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Report;

    const RUN: &str = "\
INFO: Seed: 1
#106\tINITED cov: 2120 ft: 7611 corp: 90/34Kb exec/s: 0 rss: 31Mb
#65536\tpulse  cov: 2130 ft: 7620 corp: 99/35Kb lim: 2048 exec/s: 8068 rss: 34Mb
Done 4841 runs in 601 second(s)
stat::number_of_executed_units: 4841034
stat::average_exec_per_sec:     8055
stat::new_units_added:          1201
stat::slowest_unit_time_sec:    0
stat::peak_rss_mb:              35
";

    #[test]
    fn the_figures_of_a_run_are_read() {
        let mut report = Report::new("session");
        RUN.lines().for_each(|line| report.read(line, || Some(7)));
        assert_eq!(
            report.row().split_whitespace().collect::<Vec<_>>(),
            ["session", "4841034", "8055", "1201", "31..35", "7", "nothing"]
        );
    }

    #[test]
    fn a_finding_is_told_by_its_file() {
        let mut report = Report::new("hub");
        let line = "artifact_prefix='artifacts/hub/'; Test unit written to artifacts/hub/crash-00";
        report.read(line, || None);
        assert_eq!(report.finding.as_deref(), Some("artifacts/hub/crash-00"));
        assert!(report.row().ends_with("artifacts/hub/crash-00"));
    }
}
