//! What a policy file says in vain, or more widely than it may mean: warnings, for a file that holds all the same.

use std::collections::{HashMap, HashSet};

use portcullis_hub::{Action, Scope};

use crate::problem::Problems;
use crate::read::Reader;
use crate::role::{GrantText, RoleText};

/// How many grants of a role hold a cell: without an end, and for some time.
#[derive(Default)]
struct Holders {
    lasting: u32,
    timed: u32,
}

/// One use of one channel, as [`Scope::cells`] has it.
type Cell = (usize, Option<u32>, u8);
type Cells = HashMap<Cell, Holders>;

pub(crate) fn warnings(
    reader: &Reader<'_>,
    roles: &[RoleText],
    admitted: Option<&[&str]>,
) -> Problems {
    let mut warnings = Problems::default();
    let mut warn = |at: usize, key: &str, message: String| {
        warnings.push(at, reader.problem(at, key, message, None));
    };
    for role in roles {
        let cells = cells(role);
        let denied: HashSet<Cell> = role.denials.iter().flat_map(Scope::cells).collect();
        for grant in &role.grants {
            if let Some(why) = in_vain(role, grant, &cells, &denied) {
                warn(grant.at, &grant.path, why);
            }
            if let Some(why) = unserved(reader, roles, role, grant) {
                warn(grant.at, &grant.path, why);
            }
        }
        if role.grants.is_empty() {
            let message = "this role grants nothing: whoever has it may only connect";
            warn(role.at, &role.path, message.to_owned());
        }
        if denied.is_empty() && grants_everything(reader, &cells) {
            let message = "this role may do everything that the contract has: whoever takes over one of its peers may, too";
            warn(role.at, &role.path, message.to_owned());
        }
        if admitted.is_some_and(|names| !names.contains(&role.role.name())) {
            let message = "nobody has this role: it is not among those of `admit`";
            warn(role.at, &role.path, message.to_owned());
        }
    }
    // A file of budgets alone stands beside roles that are declared elsewhere.
    let interfaces = reader.names.interfaces().enumerate().filter(|_| !roles.is_empty());
    for (index, name) in interfaces {
        let is_of = |grant: &GrantText, serve: bool| {
            (grant.grant.action() == Action::Serve) == serve
                && grant.scope.cells().any(|(interface, ..)| interface == index)
        };
        let granted =
            |serve: bool| roles.iter().flat_map(|role| &role.grants).any(|each| is_of(each, serve));
        match (granted(false), granted(true)) {
            (false, true) => {
                warn(0, "", format!("`{name}` may be served, and no role may use any of it"));
            }
            (false, false) => warn(0, "", format!("no role may use or serve `{name}`")),
            (true, _) => {}
        }
    }
    warnings
}

fn cells(role: &RoleText) -> Cells {
    let mut cells = Cells::new();
    for grant in &role.grants {
        for cell in grant.scope.cells() {
            let holders = cells.entry(cell).or_default();
            match grant.grant.lasts() {
                None => holders.lasting += 1,
                Some(_) => holders.timed += 1,
            }
        }
    }
    cells
}

/// Why a grant changes nothing, if it does not.
fn in_vain(
    role: &RoleText,
    grant: &GrantText,
    cells: &Cells,
    denied: &HashSet<Cell>,
) -> Option<String> {
    if grant.scope.cells().all(|cell| denied.contains(&cell)) {
        return Some("this grants nothing: the role denies all of it".to_owned());
    }
    // One that is held twice without an end is in vain once; one with an end is, beside any without.
    let own = u32::from(grant.grant.lasts().is_none());
    let covered = |cell| cells.get(&cell).is_some_and(|holders| holders.lasting > own);
    if grant.scope.cells().all(covered) {
        return Some("this grants nothing more: the role's other grants hold all of it".to_owned());
    }
    let same = |other: &&GrantText| other.at < grant.at && other.scope == grant.scope;
    role.grants
        .iter()
        .find(same)
        .map(|other| format!("this is granted for a time already, by {}", other.path))
}

/// Why nobody can answer what a grant lets a role ask, if nobody can.
fn unserved(
    reader: &Reader<'_>,
    roles: &[RoleText],
    role: &RoleText,
    grant: &GrantText,
) -> Option<String> {
    if role.reaches_others || grant.grant.action() == Action::Serve {
        return None;
    }
    let (index, ..) = grant.scope.cells().next()?;
    let serves = |scope: &Scope, action| {
        action == Action::Serve && scope.cells().any(|(interface, ..)| interface == index)
    };
    let answered = role.addressed.iter().any(|(name, ..)| {
        let named = roles.iter().filter(|other| other.role.name() == name);
        named.flat_map(|other| &other.grants).any(|each| serves(&each.scope, each.grant.action()))
    });
    let name = reader.names.interfaces().nth(index)?;
    (!answered).then(|| format!("nobody whom this role may address can serve `{name}`"))
}

/// Whether there is nothing in the contract that a role may not use.
fn grants_everything(reader: &Reader<'_>, cells: &Cells) -> bool {
    let mut all = reader.names.cells().peekable();
    all.peek().is_some() && all.all(|cell| cells.contains_key(&cell))
}
