//! What a scenario plays on: a hub behind a transport, peers of it, and the contract's interfaces served in main or by
//! a peer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::hub::{Admission, Hosted, HubBuilder, Kind, Reason};
use portcullis::peer::{Peer, PeerConfig, Serving, Target};
use portcullis::rpc::Client;
use portcullis::{Hub, Role};
use sample_contract::{EchoServer, FlowsServer, TopicsPublisher, TopicsServer};

use crate::contract::contract;
use crate::raw::RawPeer;
use crate::seen::Seen;
use crate::service::{EchoService, FlowsService, TopicsService};
use crate::transport::Transport;

/// A transport, and the hub that a scenario has set up behind it.
pub struct Scene {
    transport: Box<dyn Transport>,
    hub: Mutex<Option<Hub>>,
}

/// Who serves the interfaces of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Main: calls end at the hub.
    Main,
    /// A peer: calls are relayed.
    Peer,
}

/// The role that may do everything.
pub const ALL: &str = "all";
/// The role that may do nothing.
pub const GUEST: &str = "guest";
/// The role that may do a little: `sample.echo.call`, `who`, and the topic `ticked`.
pub const VIEWER: &str = "viewer";

fn roles(builder: HubBuilder) -> HubBuilder {
    let all = Role::new(ALL)
        .call("sample.blobs.*")
        .call("sample.echo.*")
        .call("sample.flows.*")
        .call("sample.topics.*")
        .call("sample.values.*")
        .call("conformance.chain.*")
        .subscribe("sample.blobs.*")
        .subscribe("sample.topics.*")
        .publish("sample.blobs.*")
        .publish("sample.topics.*")
        .serve("sample.blobs")
        .serve("sample.echo")
        .serve("sample.flows")
        .serve("sample.topics")
        .serve("sample.values")
        .serve("conformance.chain");
    let viewer = Role::new(VIEWER)
        .call("sample.echo.call")
        .call("sample.echo.who")
        .subscribe("sample.topics.ticked");
    builder.role(all).role(Role::new(GUEST)).role(viewer)
}

impl Scene {
    /// A scene without a hub yet.
    pub fn new(transport: impl Transport) -> Self {
        Self { transport: Box::new(transport), hub: Mutex::new(None) }
    }

    /// The hub, with the default limits and the three roles.
    pub fn hub(&self) -> Hub {
        self.hub_with(|builder| builder)
    }

    /// The hub, set up in another way the first time.
    pub fn hub_with(&self, change: impl FnOnce(HubBuilder) -> HubBuilder) -> Hub {
        let mut hub = self.hub.lock().expect("no scenario panics here");
        hub.get_or_insert_with(|| {
            change(roles(Hub::builder(contract()))).build().expect("the roles fit the contract")
        })
        .clone()
    }

    /// A peer that may do everything, once the hub has taken it in.
    pub async fn peer(&self, label: &str) -> Peer {
        self.peer_with(label, ALL, PeerConfig::default()).await
    }

    /// A peer with another role or other limits, once the hub has taken it in.
    pub async fn peer_with(&self, label: &str, role: &str, config: PeerConfig) -> Peer {
        let peer = self.connect(label, role, config).await;
        let welcome = peer.ready().await.expect("welcome");
        assert_eq!((welcome.label.as_str(), welcome.role.as_str()), (label, role));
        peer
    }

    /// A peer that the hub may still turn away.
    pub async fn connect(&self, label: &str, role: &str, config: PeerConfig) -> Peer {
        let link = self.transport.open(&self.hub(), &native(label, role)).await;
        portcullis::client::connect(link, &config)
    }

    /// A connection that speaks in frames of the scenario's own making.
    pub async fn raw(&self, label: &str, role: &str) -> RawPeer {
        RawPeer::new(self.transport.open(&self.hub(), &native(label, role)).await)
    }

    /// The contract's interfaces, served `by` main or a peer, and a client.
    pub async fn served(&self, by: By) -> Served {
        self.served_with(by, PeerConfig::default(), PeerConfig::default()).await
    }

    /// The same, with limits for the client and for the server (where that is a peer).
    pub async fn served_with(&self, by: By, client: PeerConfig, server: PeerConfig) -> Served {
        let hub = self.hub();
        let seen = Seen::default();
        let echo = EchoServer::new(EchoService::new(&seen));
        let flows = FlowsServer::new(FlowsService::new(&seen));
        let service = Arc::new(TopicsService::default());
        let topics = TopicsServer::from_arc(Arc::clone(&service));
        let (publisher, server, keep) = match by {
            By::Main => {
                let topics = hub.serve(topics).expect("served");
                let publisher: TopicsPublisher = topics.publisher();
                let echo = hub.serve(echo).expect("served");
                let flows = hub.serve(flows).expect("served");
                (publisher, None, Keep::Main(vec![topics, echo, flows]))
            }
            By::Peer => {
                let server = self.peer_with("server", ALL, server).await;
                let topics = server.serve(topics, "").await.expect("served");
                let publisher: TopicsPublisher = topics.publisher();
                let echo = server.serve(echo, "").await.expect("served");
                let flows = server.serve(flows, "").await.expect("served");
                (publisher, Some(server), Keep::Peer(vec![topics, echo, flows]))
            }
        };
        service.publish_with(publisher.clone());
        let client = self.peer_with("client", ALL, client).await;
        Served { hub, seen, client, server, publisher, keep }
    }

    /// What a scenario that hangs has left, for whoever reads of it.
    pub fn left(&self) -> String {
        let Ok(Some(hub)) = self.hub.lock().map(|hub| hub.clone()) else {
            return "there is no hub".to_owned();
        };
        format!(
            "{} open calls, peers {:?}, counters {:?}",
            hub.open_work(),
            hub.peers(),
            hub.counters()
        )
    }

    /// Ends every peer and waits until nothing of them is left: what stays is a leak, and the watchdog says so.
    pub async fn settle(&self) {
        let hub = self.hub.lock().expect("no scenario panics here").clone();
        let Some(hub) = hub else { return };
        for peer in hub.peers() {
            hub.disconnect(peer.peer, Reason::Closed);
        }
        while !hub.peers().is_empty() || hub.open_work() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn native(label: &str, role: &str) -> Admission {
    Admission::new(label, role, Kind::Native)
}

/// The interfaces of a scenario, served.
pub struct Served {
    /// The hub.
    pub hub: Hub,
    /// What the handlers have done.
    pub seen: Seen,
    /// A client.
    pub client: Peer,
    /// The server, where that is a peer.
    pub server: Option<Peer>,
    /// The server's publisher.
    pub publisher: TopicsPublisher,
    keep: Keep,
}

enum Keep {
    Main(Vec<Hosted>),
    Peer(Vec<Serving>),
}

impl Served {
    /// A client of an interface.
    pub async fn bind<C: Client>(&self) -> C {
        self.client.bind(Target::Any).await.expect("bound")
    }

    /// Withdraws every interface; the server, where it is a peer, stays connected.
    pub fn withdraw(&mut self) {
        match &mut self.keep {
            Keep::Main(hosted) => hosted.clear(),
            Keep::Peer(serving) => serving.clear(),
        }
    }
}
