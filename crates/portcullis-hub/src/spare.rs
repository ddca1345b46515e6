//! What a call that has ended leaves for one that begins: calls come in bursts, and to make anew what each of them needs
//! costs more than to look it up.

use std::sync::Arc;

use portcullis_proto::rpc::{Call, Origin, SpareCall};
use portcullis_proto::time::Time;

use crate::account::{Account, Charge, Over};
use crate::budget::Resource;

/// So many of each are kept for a connection: as many calls as a busy one has open at once.
const SPARES_MAX: usize = 64;

/// What calls of one connection have left. The account and the origin of all of them are the connection's.
#[derive(Debug, Default)]
pub(crate) struct Spares {
    calls: Vec<SpareCall>,
    charges: Vec<Charge>,
}

impl Spares {
    /// A call that has come in: for its handler, and for who may have to stop that.
    pub(crate) fn call(
        &mut self,
        origin: &Arc<Origin>,
        deadline: Time,
        correlation: u64,
    ) -> (Call, Call) {
        if let Some(spare) = self.calls.pop() {
            return spare.renewed(deadline, correlation);
        }
        let call = Call::new(Arc::clone(origin), Some(deadline), correlation);
        (call.clone(), call)
    }

    /// A call has ended, of which these are the two handles. Where its handler went on by itself there is another.
    pub(crate) fn keep_call(&mut self, one: Call, other: Call) {
        if self.calls.len() < SPARES_MAX {
            self.calls.extend(SpareCall::of(one, other));
        }
    }

    /// Takes one of the account's calls.
    pub(crate) fn charge(&mut self, account: &Arc<Account>) -> Result<Charge, Over> {
        let Some(mut charge) = self.charges.pop() else { return account.charge(Resource::Calls) };
        charge.take_again(Resource::Calls)?;
        Ok(charge)
    }

    /// Gives back what a charge holds.
    pub(crate) fn keep_charge(&mut self, mut charge: Charge) {
        charge.give_back();
        if self.charges.len() < SPARES_MAX {
            self.charges.push(charge);
        }
    }

    /// The connection has ended.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
