//! States that topics retain, on the accounts of those who have published them.

use crate::Hub;
use crate::account::{Charge, Over};
use crate::budget::Resource;
use crate::calls::Asked;
use crate::instance::InstanceId;
use crate::peer::PeerId;

impl Hub {
    /// Counts a state as its publisher's from here on, in the place of the one that its topic retains.
    pub(crate) fn hold_retained(
        &mut self,
        publisher: PeerId,
        instance: InstanceId,
        asked: &Asked<'_>,
    ) -> Result<(), Over> {
        let Some(state) = self.peers.get(publisher.0) else { return Ok(()) };
        let Some(found) = self.instances.get_mut(instance.0) else { return Ok(()) };
        let Some(topic) = found.topics.get_mut(asked.ordinal as usize) else { return Ok(()) };
        let bytes = asked.body.size();
        if let Some(charge) = topic.charge.as_mut().filter(|it| it.is_of(&state.account)) {
            return charge.resize(bytes);
        }
        let charge = state.account.hold(Resource::RetainedBytes, bytes)?;
        let before = topic.charge.replace(charge);
        self.let_go(before);
        Ok(())
    }

    /// A state is not retained any more. Its publisher may be gone, and its user have been remembered for this alone.
    pub(crate) fn let_go(&mut self, charge: Option<Charge>) {
        if charge.is_some() {
            drop(charge);
            self.forget_users();
        }
    }
}
