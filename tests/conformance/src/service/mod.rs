//! The interfaces of the contract, served the way an application would.

mod echo;
mod flows;

pub use echo::{ChainService, EchoService};
pub use flows::{FlowsService, TopicsService};
