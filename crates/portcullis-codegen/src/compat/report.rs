//! The report as text, for people: what breaks stands first, every change says why.

use std::fmt;

use super::{Callers, InterfaceReport, Report, Verdict};

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaking { .. } => "breaking",
            Self::Additive => "additive",
            Self::Harmless => "harmless",
        })
    }
}

impl Verdict {
    /// Who fails with whom, as a sentence; empty if nobody does.
    fn who(self) -> &'static str {
        match (self.breaks(Callers::Old), self.breaks(Callers::New)) {
            (true, true) => "Breaks callers of either version with servers of the other. ",
            (true, false) => "Breaks old callers with new servers. ",
            (false, true) => "Breaks new callers with old servers. ",
            (false, false) => "",
        }
    }
}

impl fmt::Display for InterfaceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match (self.old, self.new) {
            (Some((old, _)), Some((new, _))) if old != new => {
                write!(f, "{name}, version {old} to {new}")?;
            }
            (_, Some((version, _))) | (Some((version, _)), None) => {
                write!(f, "{name}, version {version}")?;
            }
            (None, None) => f.write_str(name)?,
        }
        writeln!(f, ": {}", self.verdict())?;
        for change in &self.changes {
            writeln!(f, "  {}  {}: {}", change.verdict, change.path, change.what)?;
            let why = format!("{}{}", change.verdict.who(), change.why);
            if !why.is_empty() {
                writeln!(f, "            {why}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interfaces.is_empty() {
            return writeln!(f, "No changes.");
        }
        for interface in &self.interfaces {
            writeln!(f, "{interface}")?;
        }
        let count = |wanted: fn(Verdict) -> bool| {
            self.changes().filter(|change| wanted(change.verdict)).count()
        };
        writeln!(
            f,
            "{} breaking, {} additive, {} harmless.",
            count(Verdict::is_breaking),
            count(|verdict| verdict == Verdict::Additive),
            count(|verdict| verdict == Verdict::Harmless),
        )
    }
}
