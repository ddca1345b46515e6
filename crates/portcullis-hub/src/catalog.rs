//! The contract and the roles, compiled: look-ups by number, answers without searching.

use std::fmt;
use std::sync::Arc;

use portcullis_proto::schema::validate::{ChannelPlan, Plan};
use portcullis_proto::schema::{Hash, channel_digest};
use portcullis_proto::session::NAME_BYTES_MAX;

use crate::config::HubConfig;
use crate::policy::{Action, Role};

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
    /// Two roles of one name, or a name that is empty or too long.
    BadRoleName(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownGrant { role, grant, nearest } => {
                write!(f, "role `{role}` grants `{grant}`, which the contract does not have")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
            Self::WrongKind { role, grant, hint } => {
                write!(f, "role `{role}` grants `{grant}` wrongly: {hint}")
            }
            Self::BadRoleName(name) => {
                write!(
                    f,
                    "`{name}` cannot be a role: names are unique, not empty, and at most {NAME_BYTES_MAX} bytes"
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// An interface of the contract.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) version: u16,
    pub(crate) hash: Hash,
    pub(crate) channels: Vec<ChannelPlan>,
    /// `interface.channel`, for logs and errors.
    pub(crate) full_names: Vec<Arc<str>>,
    pub(crate) digests: Vec<u32>,
}

/// What a role may do with one interface.
#[derive(Clone, Debug, Default)]
struct Grants {
    /// One set of bits for each channel.
    channels: Vec<u8>,
    serve: bool,
}

const USE: u8 = 1;
const PUBLISH: u8 = 2;

#[derive(Debug)]
struct RoleEntry {
    name: String,
    sees_callers: bool,
    grants: Vec<Grants>,
}

/// Names a role by its place.
pub(crate) type RoleIndex = usize;
/// Names an interface by its place.
pub(crate) type InterfaceIndex = usize;

#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) plan: Plan,
    interfaces: Vec<Entry>,
    roles: Vec<RoleEntry>,
}

impl Catalog {
    pub(crate) fn new(config: &HubConfig) -> Result<Self, ConfigError> {
        let schema = &config.schema;
        let plan = Plan::compile(schema);
        let mut interfaces = Vec::new();
        for interface in &schema.interfaces {
            let Some(compiled) = plan.interface(&interface.name) else { continue };
            let full = |name: &str| Arc::from(format!("{}.{name}", interface.name));
            interfaces.push(Entry {
                name: Arc::from(interface.name.as_str()),
                version: interface.version,
                hash: interface.hash,
                channels: compiled.channels.clone(),
                full_names: interface.channels.iter().map(|each| full(&each.name)).collect(),
                digests: interface
                    .channels
                    .iter()
                    .map(|each| channel_digest(schema, each))
                    .collect(),
            });
        }
        let mut catalog = Self { plan, interfaces, roles: Vec::new() };
        for role in &config.roles {
            let entry = catalog.compile(role)?;
            catalog.roles.push(entry);
        }
        Ok(catalog)
    }

    fn compile(&self, role: &Role) -> Result<RoleEntry, ConfigError> {
        let taken = self.roles.iter().any(|other| other.name == role.name);
        if taken || role.name.is_empty() || role.name.len() > NAME_BYTES_MAX as usize {
            return Err(ConfigError::BadRoleName(role.name.clone()));
        }
        let mut grants: Vec<Grants> = self
            .interfaces
            .iter()
            .map(|entry| Grants { channels: vec![0; entry.channels.len()], serve: false })
            .collect();
        for (action, grant) in &role.grants {
            let unknown = || ConfigError::UnknownGrant {
                role: role.name.clone(),
                grant: grant.clone(),
                nearest: self.nearest(*action, grant),
            };
            if *action == Action::Serve {
                let index = self.find(grant).ok_or_else(unknown)?;
                if let Some(entry) = grants.get_mut(index) {
                    entry.serve = true;
                }
                continue;
            }
            let (interface, channel) = grant.rsplit_once('.').ok_or_else(unknown)?;
            let index = self.find(interface).ok_or_else(unknown)?;
            let (Some(entry), Some(bits)) = (self.interfaces.get(index), grants.get_mut(index))
            else {
                return Err(unknown());
            };
            let mut named = false;
            let mut fitting = false;
            for (plan, bits) in entry.channels.iter().zip(&mut bits.channels) {
                if channel != "*" && channel != plan.name && channel != plan.capability {
                    continue;
                }
                named = true;
                if plan.kind.is_topic() == (*action != Action::Call) {
                    fitting = true;
                    *bits |= if *action == Action::Publish { PUBLISH } else { USE };
                }
            }
            if !named {
                return Err(unknown());
            }
            if !fitting {
                return Err(ConfigError::WrongKind {
                    role: role.name.clone(),
                    grant: grant.clone(),
                    hint: match action {
                        Action::Call => "a topic is granted by `subscribe` or `publish`",
                        _ => "a call, notification or stream is granted by `call`",
                    },
                });
            }
        }
        Ok(RoleEntry { name: role.name.clone(), sees_callers: role.sees_callers, grants })
    }

    /// The name that a mistyped grant most likely meant.
    fn nearest(&self, action: Action, grant: &str) -> Option<String> {
        let names: Vec<String> = if action == Action::Serve {
            self.interfaces.iter().map(|entry| entry.name.to_string()).collect()
        } else {
            let full = self.interfaces.iter().flat_map(|entry| &entry.full_names);
            full.map(ToString::to_string).collect()
        };
        let best = names.into_iter().min_by_key(|name| distance(name, grant))?;
        (distance(&best, grant) <= best.len() / 2).then_some(best)
    }

    pub(crate) fn find(&self, name: &str) -> Option<InterfaceIndex> {
        self.interfaces.iter().position(|entry| &*entry.name == name)
    }

    pub(crate) fn interface(&self, index: InterfaceIndex) -> Option<&Entry> {
        self.interfaces.get(index)
    }

    pub(crate) fn channel(&self, index: InterfaceIndex, ordinal: u32) -> Option<&ChannelPlan> {
        self.interfaces.get(index)?.channels.get(ordinal as usize)
    }

    pub(crate) fn full_name(&self, index: InterfaceIndex, ordinal: u32) -> Option<&Arc<str>> {
        self.interfaces.get(index)?.full_names.get(ordinal as usize)
    }

    pub(crate) fn role(&self, name: &str) -> Option<RoleIndex> {
        self.roles.iter().position(|role| role.name == name)
    }

    /// Whether what a role serves is told who calls.
    pub(crate) fn sees_callers(&self, role: RoleIndex) -> bool {
        self.roles.get(role).is_some_and(|role| role.sees_callers)
    }

    fn bits(&self, role: RoleIndex, interface: InterfaceIndex, ordinal: u32) -> u8 {
        let grants = self.roles.get(role).and_then(|role| role.grants.get(interface));
        grants.and_then(|grants| grants.channels.get(ordinal as usize)).copied().unwrap_or(0)
    }

    /// Whether a role may call a channel, or subscribe to a topic.
    #[inline]
    pub(crate) fn may_use(&self, role: RoleIndex, interface: InterfaceIndex, ordinal: u32) -> bool {
        self.bits(role, interface, ordinal) & USE != 0
    }

    pub(crate) fn may_publish(
        &self,
        role: RoleIndex,
        interface: InterfaceIndex,
        ordinal: u32,
    ) -> bool {
        self.bits(role, interface, ordinal) & PUBLISH != 0
    }

    pub(crate) fn may_serve(&self, role: RoleIndex, interface: InterfaceIndex) -> bool {
        let grants = self.roles.get(role).and_then(|role| role.grants.get(interface));
        grants.is_some_and(|grants| grants.serve)
    }

    /// Whether a role is granted anything of an interface: only then does it learn that it exists.
    pub(crate) fn knows(&self, role: RoleIndex, interface: InterfaceIndex) -> bool {
        let grants = self.roles.get(role).and_then(|role| role.grants.get(interface));
        grants.is_some_and(|grants| grants.serve || grants.channels.iter().any(|bits| *bits != 0))
    }

    pub(crate) fn may_bind(&self, role: RoleIndex, interface: InterfaceIndex) -> bool {
        let grants = self.roles.get(role).and_then(|role| role.grants.get(interface));
        grants.is_some_and(|grants| grants.channels.iter().any(|bits| *bits != 0))
    }
}

/// Levenshtein's distance; names are at most 256 bytes.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (b, cell) in two.iter().zip(row.iter_mut().skip(1)) {
            let change = diagonal + usize::from(a != *b);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}
