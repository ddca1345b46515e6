//! The interfaces of the contract, served the way an application would.

mod blobs;
mod echo;
mod flows;
mod shared;

pub use blobs::BlobsService;
pub use echo::{ChainService, EchoService};
pub use flows::{FlowsService, TopicsService};
pub use shared::SharedService;
