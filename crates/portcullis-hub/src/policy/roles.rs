//! The roles of a hub, compiled: what each may do, what it may never, for how long, and whom it may address. What a
//! connected peer makes of it is left to [`super::standing`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::session::NAME_BYTES_MAX;

use super::names::{Misfit, Names, nearest};
use super::rights::{Rights, Scope};
use super::role::{Address, Role};
use crate::instance::{Instance, Server};

/// Roles that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A role grants what the contract does not have.
    UnknownGrant {
        /// The role.
        role: String,
        /// The grant.
        grant: String,
        /// The name in the contract that is nearest to it.
        nearest: Option<String>,
    },
    /// A role grants an action on a channel of another kind.
    WrongKind {
        /// The role.
        role: String,
        /// The grant.
        grant: String,
        /// What would be right.
        hint: &'static str,
    },
    /// A role denies what the contract does not have.
    UnknownDenial {
        /// The role.
        role: String,
        /// The denial.
        denial: String,
        /// The name in the contract that is nearest to it.
        nearest: Option<String>,
    },
    /// A role addresses a role that there is not.
    UnknownAddress {
        /// The role.
        role: String,
        /// The role that it is to address.
        address: String,
        /// The role that is nearest to it.
        nearest: Option<String>,
    },
    /// Two roles of one name, or a name that is empty or too long.
    BadRoleName(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nearest = match self {
            Self::UnknownGrant { role, grant, nearest } => {
                write!(f, "role `{role}` grants `{grant}`, which the contract does not have")?;
                nearest
            }
            Self::UnknownDenial { role, denial, nearest } => {
                write!(f, "role `{role}` denies `{denial}`, which the contract does not have")?;
                nearest
            }
            Self::UnknownAddress { role, address, nearest } => {
                write!(f, "role `{role}` addresses the role `{address}`, which there is not")?;
                nearest
            }
            Self::WrongKind { role, grant, hint } => {
                return write!(f, "role `{role}` grants `{grant}` wrongly: {hint}");
            }
            Self::BadRoleName(name) => {
                return write!(
                    f,
                    "`{name}` cannot be a role: names are unique, not empty, and at most {NAME_BYTES_MAX} bytes"
                );
            }
        };
        match nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Names a role by its place.
pub(crate) type RoleIndex = usize;

/// Whom a role may address, by numbers where there are some.
#[derive(Debug, Default)]
struct Reach {
    main: bool,
    roles: Vec<RoleIndex>,
    labels: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct RoleEntry {
    name: String,
    sees_callers: bool,
    /// What its peers may do from their admission to their end. Shared by all of them that have nothing of their own.
    pub(super) base: Arc<Rights>,
    /// What they may never.
    pub(super) denied: Rights,
    /// What was taken from the role, for main's eyes.
    pub(super) revoked: Rights,
    /// What they may do for so long from their admission.
    pub(super) timed: Vec<(Scope, Duration)>,
    /// Nothing said: anybody.
    reach: Option<Reach>,
}

/// All roles of a hub.
#[derive(Debug)]
pub(crate) struct Roles(Vec<RoleEntry>);

impl Roles {
    /// # Errors
    ///
    /// See [`ConfigError`].
    pub(crate) fn new(names: &Names, roles: &[Role]) -> Result<Self, ConfigError> {
        let mut entries: Vec<RoleEntry> = Vec::new();
        for role in roles {
            let taken = entries.iter().any(|other| other.name == role.name);
            if taken || role.name.is_empty() || role.name.len() > NAME_BYTES_MAX as usize {
                return Err(ConfigError::BadRoleName(role.name.clone()));
            }
            let reach = role.addresses.as_ref().map(|addresses| reach(role, addresses, roles));
            entries.push(compile(names, role, reach.transpose()?)?);
        }
        Ok(Self(entries))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|role| role.name.as_str())
    }

    pub(crate) fn find(&self, name: &str) -> Option<RoleIndex> {
        self.0.iter().position(|role| role.name == name)
    }

    pub(crate) fn get(&self, role: RoleIndex) -> Option<&RoleEntry> {
        self.0.get(role)
    }

    pub(super) fn get_mut(&mut self, role: RoleIndex) -> Option<&mut RoleEntry> {
        self.0.get_mut(role)
    }

    /// Whether what a role serves is told who calls.
    pub(crate) fn sees_callers(&self, role: RoleIndex) -> bool {
        self.get(role).is_some_and(|role| role.sees_callers)
    }

    /// Whether a role may address only some.
    pub(crate) fn is_bounded(&self, role: RoleIndex) -> bool {
        self.get(role).is_none_or(|role| role.reach.is_some())
    }

    /// Whether a role may address a peer of that label by name alone, whoever that is.
    pub(crate) fn names_label(&self, role: RoleIndex, label: &str) -> bool {
        let reach = self.get(role).and_then(|role| role.reach.as_ref());
        reach.is_some_and(|reach| reach.labels.iter().any(|each| each == label))
    }

    /// Whether a role may address an instance; `server` is the role of the peer that serves it.
    pub(crate) fn may_address(
        &self,
        role: RoleIndex,
        instance: &Instance,
        server: Option<RoleIndex>,
    ) -> bool {
        let Some(role) = self.get(role) else { return false };
        let Some(reach) = &role.reach else { return true };
        match instance.server {
            Server::Main(_) => reach.main,
            Server::Peer { .. } => {
                server.is_some_and(|server| reach.roles.contains(&server))
                    || reach.labels.contains(&instance.label)
            }
        }
    }
}

fn compile(names: &Names, role: &Role, reach: Option<Reach>) -> Result<RoleEntry, ConfigError> {
    let mut denied = Rights::none(names);
    for denial in &role.denied {
        let scope = names.resolve_denial(denial).map_err(|misfit| ConfigError::UnknownDenial {
            role: role.name.clone(),
            denial: denial.clone(),
            nearest: match misfit {
                Misfit::Unknown { nearest } => nearest,
                Misfit::WrongKind { .. } => None,
            },
        })?;
        denied.add(&scope);
    }
    let mut base = Rights::none(names);
    let mut timed = Vec::new();
    for grant in &role.grants {
        let scope = names.resolve(grant).map_err(|misfit| {
            let (role, grant) = (role.name.clone(), grant.what.clone());
            match misfit {
                Misfit::Unknown { nearest } => ConfigError::UnknownGrant { role, grant, nearest },
                Misfit::WrongKind { hint } => ConfigError::WrongKind { role, grant, hint },
            }
        })?;
        match grant.lasting {
            None => base.add(&scope),
            Some(time) => timed.push((scope, time)),
        }
    }
    base.remove_all(&denied);
    Ok(RoleEntry {
        name: role.name.clone(),
        sees_callers: role.sees_callers,
        base: Arc::new(base),
        denied,
        revoked: Rights::none(names),
        timed,
        reach,
    })
}

fn reach(role: &Role, addresses: &[Address], roles: &[Role]) -> Result<Reach, ConfigError> {
    let mut reach = Reach::default();
    for address in addresses {
        match address {
            Address::Main => reach.main = true,
            Address::Label(label) => reach.labels.push(label.clone()),
            Address::Role(name) => {
                let found = roles.iter().position(|other| other.name == *name);
                let index = found.ok_or_else(|| ConfigError::UnknownAddress {
                    role: role.name.clone(),
                    address: name.clone(),
                    nearest: nearest(name, roles.iter().map(|other| &other.name)),
                })?;
                reach.roles.push(index);
            }
        }
    }
    Ok(reach)
}
