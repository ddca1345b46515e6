//! What every role may do with everything in a contract, as a table for people: the resolved policy, to be read, compared
//! and kept as a snapshot.

use std::fmt;
use std::time::Duration;

use portcullis_proto::schema::{ChannelKind, Schema};

use crate::budget::{Budget, Rate, Resource};

use super::names::Names;
use super::rights::{PUBLISH, SERVE, USE};
use super::role::{Address, Role};
use super::roles::{ConfigError, RoleEntry, Roles};

/// The resolved table of roles and channels. Shown by [`fmt::Display`]: a line for each interface and each of its channels,
/// a column for each role.
///
/// `c` stands for call, `s` for subscribe, `p` for publish, `S` for serve; `x` for what the role denies whatever is granted,
/// and a time in brackets for how long after its admission a peer may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    roles: Vec<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    name: String,
    kind: &'static str,
    cells: Vec<String>,
}

impl Matrix {
    /// The table of `roles` over `schema`.
    ///
    /// # Errors
    ///
    /// As of a hub with these roles: see [`ConfigError`].
    pub fn new(schema: &Schema, roles: &[Role]) -> Result<Self, ConfigError> {
        let names = Names::new(schema);
        let compiled = Roles::new(&names, roles)?;
        let entries = || (0..roles.len()).filter_map(|index| compiled.get(index));
        let mut rows = Vec::new();
        for (interface, of) in names.interfaces.iter().enumerate() {
            let cells = entries().map(|role| cell(role, interface, None, None)).collect();
            rows.push(Row { name: of.name.clone(), kind: "interface", cells });
            for (ordinal, channel) in (0..).zip(&of.channels) {
                let kind = Some(channel.kind);
                let cells =
                    entries().map(|role| cell(role, interface, Some(ordinal), kind)).collect();
                let name = format!("  {}", channel.name);
                rows.push(Row { name, kind: channel.kind.name(), cells });
            }
        }
        let notes = roles.iter().flat_map(notes).collect();
        Ok(Self { roles: roles.iter().map(|role| role.name.clone()).collect(), rows, notes })
    }

    /// The same, with what all peers of a user together may have; nothing is said of a budget that says nothing.
    #[must_use]
    pub fn user_budget(mut self, budget: &Budget) -> Self {
        self.notes.extend(bounds(budget).map(|all| format!("all peers of a user have {all}")));
        self
    }
}

/// What one role may do with one channel, or with an interface as a whole.
fn cell(
    role: &RoleEntry,
    interface: usize,
    place: Option<u32>,
    kind: Option<ChannelKind>,
) -> String {
    let uses: &[(u8, char)] = match kind {
        None => &[(SERVE, 'S')],
        Some(kind) if kind.is_topic() => &[(USE, 's'), (PUBLISH, 'p')],
        Some(_) => &[(USE, 'c')],
    };
    let all = uses.iter().fold(0, |all, (bit, _)| all | bit);
    if role.denied.at(interface, place) & all == all {
        return "x".to_owned();
    }
    let mut text = String::new();
    for (bit, letter) in uses {
        if role.base.at(interface, place) & bit != 0 {
            text.push(*letter);
            continue;
        }
        let is_it = |cell: &(usize, Option<u32>, u8)| *cell == (interface, place, *bit);
        let times = role.timed.iter().filter(|(scope, _)| scope.cells().any(|cell| is_it(&cell)));
        if let Some(time) = times.map(|(_, time)| *time).max()
            && role.denied.at(interface, place) & bit == 0
        {
            text.push_str(&format!("{letter}({})", short(time)));
        }
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

/// A time as policy files write it: `90s`, `10m`, `2h`.
fn short(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.subsec_millis());
    match (seconds, millis) {
        (_, 1..) => format!("{}ms", time.as_millis()),
        (3600.., _) if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        (60.., _) if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn notes(role: &Role) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(addresses) = &role.addresses {
        let all: Vec<String> = addresses
            .iter()
            .map(|address| match address {
                Address::Main => "main".to_owned(),
                Address::Role(role) => format!("role {role}"),
                Address::Label(label) => format!("label {label}"),
            })
            .collect();
        let all = if all.is_empty() { "nobody".to_owned() } else { all.join(", ") };
        notes.push(format!("{} addresses {all}", role.name));
    }
    if role.sees_callers {
        notes.push(format!("{} sees who calls what it serves", role.name));
    }
    notes.extend(bounds(&role.budget).map(|all| format!("{} has {all}", role.name)));
    notes
}

/// What a budget says, by the keys of policy files; `None` when it says nothing.
fn bounds(budget: &Budget) -> Option<String> {
    let mut all = Vec::new();
    for (resource, max) in Resource::ALL.iter().zip(budget.counts) {
        all.extend(max.map(|max| format!("{} {max}", resource.name().replace('_', "-"))));
    }
    for (name, rate) in [("frames", budget.frames), ("bytes", budget.bytes)] {
        all.extend(rate.map(|Rate { per_second, burst }| {
            format!("{name}-per-second {per_second}, {name}-burst {burst}")
        }));
    }
    let percent = budget.callee_share_percent;
    all.extend(percent.map(|percent| format!("callee-share-percent {percent}")));
    let handshake = budget.handshake_ms.map(|ms| Duration::from_millis(ms.into()));
    all.extend(handshake.map(|time| format!("handshake {}", short(time))));
    (!all.is_empty()).then(|| format!("at most {}", all.join(", ")))
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &str| text.chars().count();
        let names = self.rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
        let kinds = self.rows.iter().map(|row| width(row.kind)).max().unwrap_or(0);
        let columns: Vec<usize> = (0..self.roles.len())
            .map(|index| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(index));
                let of_role = self.roles.get(index).map_or(0, |role| width(role));
                cells.map(|cell| width(cell)).max().unwrap_or(0).max(of_role)
            })
            .collect();
        let line = |name: &str, kind: &str, cells: &[String]| {
            let mut text = format!("{name:names$}  {kind:kinds$}");
            for (cell, column) in cells.iter().zip(&columns) {
                text.push_str(&format!("  {cell:column$}"));
            }
            text.trim_end().to_owned()
        };
        writeln!(f, "{}", line("", "", &self.roles))?;
        for row in &self.rows {
            writeln!(f, "{}", line(&row.name, row.kind, &row.cells))?;
        }
        writeln!(f)?;
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        writeln!(
            f,
            "c call, s subscribe, p publish, S serve, x denied whatever is granted, (time) after admission, . nothing"
        )
    }
}
