//! For an application's own tests: a hub in memory with typed clients, and a clock that stands still until the test moves it.
//!
//! Everything is real but the processes: codec, sessions, policy, deadlines. Under `#[tokio::test(start_paused = true)]`, time
//! passes only when nothing else can happen, so that a deadline of a minute costs no time and no test is slow or flaky for it.
//!
//! ```
//! use std::time::Duration;
//!
//! use portcullis::testing::TestHub;
//! use portcullis::{Call, Status};
//!
//! mod contract {
//!     #[portcullis::interface(name = "lamp.switch", version = 1)]
//!     pub trait Switch {
//!         #[call(deadline = "1m")]
//!         async fn turn(&self, cx: &portcullis::Call, on: bool) -> bool;
//!         #[event]
//!         fn turned(on: bool);
//!     }
//!     portcullis::contract! { name = "lamp", interfaces = [Switch] }
//! }
//! use contract::{Switch, SwitchClient, SwitchPublisher, SwitchServer, contract};
//!
//! /// A lamp that is stuck when it is asked to go out.
//! struct Lamp;
//!
//! impl Switch for Lamp {
//!     async fn turn(&self, _: &Call, on: bool) -> bool {
//!         if !on {
//!             std::future::pending::<()>().await;
//!         }
//!         on
//!     }
//! }
//!
//! # fn main() {
//! # let mut runtime = tokio::runtime::Builder::new_current_thread();
//! # runtime.enable_all().start_paused(true).build().unwrap().block_on(async {
//! let mut bench = TestHub::start(contract());
//! let publisher: SwitchPublisher = bench.serve_publishing(SwitchServer::new(Lamp));
//! let switch: SwitchClient = bench.client("window").await;
//!
//! let mut turned = switch.subscribe_turned();
//! assert_eq!(switch.turn(true).await, Ok(true));
//! publisher.turned(&true).unwrap();
//! assert_eq!(turned.next().await, Ok(Some(true)));
//!
//! // A minute of the clock, not of the test.
//! let error = switch.turn(false).await.unwrap_err();
//! assert_eq!(error.status(), Status::DeadlineExceeded);
//! # });
//! # }
//! ```

use std::time::Duration;

use portcullis_hub::Role;
use portcullis_proto::peer::{Peer, PeerConfig, Target};
use portcullis_proto::rpc::{Client, Interface, Publish, Service};
use portcullis_proto::schema::Schema;

use crate::hub::{Hosted, Hub, HubBuilder};

/// The role of peers that [`TestHub::start`] connects: it may do everything that the contract has.
pub const ANYTHING: &str = "anything";

/// A hub in memory. Panics where an application would handle an error: in a test, that is the report.
#[derive(Debug)]
pub struct TestHub {
    hub: Hub,
    hosted: Vec<Hosted>,
}

/// A role that may do everything in a contract.
pub fn anything(schema: &Schema) -> Role {
    let mut role = Role::new(ANYTHING);
    for interface in &schema.interfaces {
        role = role.serve(&interface.name);
        for channel in &interface.channels {
            let name = format!("{}.{}", interface.name, channel.name);
            role = if channel.kind.is_topic() {
                role.subscribe(name.clone()).publish(name)
            } else {
                role.call(name)
            };
        }
    }
    role
}

impl TestHub {
    /// A hub for a contract, whose peers may do everything.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(schema: &Schema) -> Self {
        Self::start_with(Hub::builder(schema).role(anything(schema)))
    }

    /// A hub with the roles and limits of the application.
    ///
    /// # Panics
    ///
    /// When a role grants what the contract does not have, or outside a tokio runtime.
    pub fn start_with(builder: HubBuilder) -> Self {
        match builder.build() {
            Ok(hub) => Self { hub, hosted: Vec::new() },
            Err(error) => panic!("the roles do not fit the contract: {error}"),
        }
    }

    /// The hub itself: its peers, counters and events.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Serves an interface, the application's own or a fake, until the bench ends.
    ///
    /// # Panics
    ///
    /// When the contract does not have it, or it is served already.
    pub fn serve(&mut self, service: impl Service) {
        match self.hub.serve(service) {
            Ok(hosted) => self.hosted.push(hosted),
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`Self::serve`], and answers with the publisher of the interface's topics.
    ///
    /// # Panics
    ///
    /// As [`Self::serve`].
    pub fn serve_publishing<P: Publish>(&mut self, service: impl Service) -> P {
        match self.hub.serve(service) {
            Ok(hosted) => self.keep(hosted),
            Err(error) => panic!("{error}"),
        }
    }

    /// Hosts the topics of an interface without a service behind its calls; answers with its publisher.
    ///
    /// # Panics
    ///
    /// When the contract does not have it, or it is served already.
    pub fn host_topics<P: Publish>(&mut self) -> P {
        match self.hub.host_topics::<P::Interface>("") {
            Ok(hosted) => self.keep(hosted),
            Err(error) => panic!("{error}"),
        }
    }

    fn keep<P: Publish>(&mut self, hosted: Hosted) -> P {
        let publisher = hosted.publisher();
        self.hosted.push(hosted);
        publisher
    }

    /// A peer with that label that may do everything.
    ///
    /// # Panics
    ///
    /// When the hub does not admit it: the label is too long, say.
    pub fn peer(&self, label: &str) -> Peer {
        self.peer_as(label, ANYTHING)
    }

    /// A peer with that label and role.
    ///
    /// # Panics
    ///
    /// When there is no such role.
    pub fn peer_as(&self, label: &str, role: &str) -> Peer {
        match self.hub.connect(label, role, &PeerConfig::default()) {
            Ok(peer) => peer,
            Err(error) => panic!("`{label}` is not admitted: {error}"),
        }
    }

    /// A typed client of a new peer with that label.
    ///
    /// # Panics
    ///
    /// When nobody serves the interface.
    pub async fn client<C: Client>(&self, label: &str) -> C {
        match self.peer(label).bind(Target::Any).await {
            Ok(client) => client,
            Err(error) => panic!("`{label}` cannot bind `{}`: {error}", C::Interface::NAME),
        }
    }

    /// Lets time pass, with everything that it sets off. The clock must be paused.
    pub async fn advance(&self, time: Duration) {
        tokio::time::advance(time).await;
    }
}
