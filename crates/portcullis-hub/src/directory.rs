//! Who serves what, found by interface, and within it by label or name, the oldest first. What an instance is, and who may
//! bind it, is left to others.

use std::collections::BTreeMap;

use crate::catalog::InterfaceIndex;
use crate::instance::{Instance, InstanceId};

/// Instances by their serial numbers: a lower one is older.
type Served = BTreeMap<u64, InstanceId>;

/// The instances of one interface.
#[derive(Debug, Default)]
struct Shelf {
    all: Served,
    by_label: BTreeMap<String, Served>,
    by_name: BTreeMap<String, Served>,
}

/// All instances; as many as the hub has, and no more.
#[derive(Debug, Default)]
pub(crate) struct Directory(Vec<Shelf>);

impl Directory {
    pub(crate) fn new(interfaces: usize) -> Self {
        Self(std::iter::repeat_with(Shelf::default).take(interfaces).collect())
    }

    pub(crate) fn add(&mut self, id: InstanceId, instance: &Instance) {
        let Some(shelf) = self.0.get_mut(instance.interface) else { return };
        let serial = instance.serial;
        shelf.all.insert(serial, id);
        shelf.by_label.entry(instance.label.clone()).or_default().insert(serial, id);
        shelf.by_name.entry(instance.name.clone()).or_default().insert(serial, id);
    }

    pub(crate) fn remove(&mut self, instance: &Instance) {
        let Some(shelf) = self.0.get_mut(instance.interface) else { return };
        shelf.all.remove(&instance.serial);
        for (index, key) in
            [(&mut shelf.by_label, &instance.label), (&mut shelf.by_name, &instance.name)]
        {
            if let Some(served) = index.get_mut(key) {
                served.remove(&instance.serial);
                if served.is_empty() {
                    index.remove(key);
                }
            }
        }
    }

    /// Every instance of an interface.
    pub(crate) fn all(&self, interface: InterfaceIndex) -> impl Iterator<Item = InstanceId> {
        self.0.get(interface).into_iter().flat_map(|shelf| shelf.all.values().copied())
    }

    /// Those whose server has that label.
    pub(crate) fn of_label(
        &self,
        interface: InterfaceIndex,
        label: &str,
    ) -> impl Iterator<Item = InstanceId> {
        let served = self.0.get(interface).and_then(|shelf| shelf.by_label.get(label));
        served.into_iter().flat_map(|served| served.values().copied())
    }

    /// Those of that name.
    pub(crate) fn of_name(
        &self,
        interface: InterfaceIndex,
        name: &str,
    ) -> impl Iterator<Item = InstanceId> {
        let served = self.0.get(interface).and_then(|shelf| shelf.by_name.get(name));
        served.into_iter().flat_map(|served| served.values().copied())
    }
}
