//! The lock file against a contract: whether builds of every recorded shape get along with it, and what to do where they
//! do not. Reading files and exit codes are left to the command.

use std::fmt;

use portcullis_proto::schema::{Hash, Lock, Schema};

use crate::compat::{Callers, InterfaceReport, Verdict, compare};

/// A recorded shape that does not get along with the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The interface.
    pub interface: String,
    /// Version and hash of the recorded shape.
    pub old: (u16, Hash),
    /// What breaks it; empty when the contract has no such interface any more.
    pub report: Option<InterfaceReport>,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, (version, hash)) = (&self.interface, self.old);
        write!(f, "`{name}` no longer gets along with its shape {hash} (version {version}):")?;
        match &self.report {
            None => write!(f, "\n  the contract has no such interface any more")?,
            Some(report) => {
                let breaks = |verdict: Verdict| verdict.breaks(Callers::Both);
                for change in report.changes.iter().filter(|each| breaks(each.verdict)) {
                    write!(f, "\n  {} {}: {}", change.path, change.what, change.why)?;
                }
            }
        }
        Ok(())
    }
}

/// The recorded shapes with which `schema` does not get along, in either direction: none when all is well.
pub fn breaks(lock: &Lock, schema: &Schema) -> Vec<Break> {
    let mut found = Vec::new();
    for (name, shapes) in &lock.interfaces {
        let now = schema.only(name);
        for shape in shapes {
            let Some(old) = shape.interface(name) else { continue };
            let reports = now.iter().flat_map(|now| compare(shape, now).interfaces);
            let report = reports.into_iter().find(|report| report.name == *name);
            if now.is_none() || report.as_ref().is_some_and(|it| it.verdict().is_breaking()) {
                found.push(Break { interface: name.clone(), old: (old.version, old.hash), report });
            }
        }
    }
    found
}
