//! The contract, compiled: look-ups by number, answers without searching. Roles are left to `policy`.

use std::sync::Arc;

use portcullis_proto::schema::validate::{ChannelPlan, Plan};
use portcullis_proto::schema::{Schema, channel_digest};
use portcullis_proto::session::Shape;

use crate::policy::names::Names;

/// An interface of the contract.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Arc<str>,
    pub(crate) version: u16,
    pub(crate) shape: Shape,
    pub(crate) channels: Vec<ChannelPlan>,
    /// `interface.channel`, for logs and errors.
    pub(crate) full_names: Vec<Arc<str>>,
    pub(crate) digests: Vec<u32>,
}

/// Names an interface by its place.
pub(crate) type InterfaceIndex = usize;

#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) plan: Plan,
    pub(crate) names: Names,
    interfaces: Vec<Entry>,
}

impl Catalog {
    pub(crate) fn new(schema: &Schema) -> Self {
        let plan = Plan::compile(schema);
        let mut interfaces = Vec::new();
        for interface in &schema.interfaces {
            let compiled = plan.interface(&interface.name);
            let full = |name: &str| Arc::from(format!("{}.{name}", interface.name));
            interfaces.push(Entry {
                name: Arc::from(interface.name.as_str()),
                version: interface.version,
                shape: interface.shape(),
                channels: compiled.map(|compiled| compiled.channels.clone()).unwrap_or_default(),
                full_names: interface.channels.iter().map(|each| full(&each.name)).collect(),
                digests: interface
                    .channels
                    .iter()
                    .map(|each| channel_digest(schema, each))
                    .collect(),
            });
        }
        Self { plan, names: Names::new(schema), interfaces }
    }

    pub(crate) fn interfaces(&self) -> usize {
        self.interfaces.len()
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
}
