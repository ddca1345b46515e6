//! A hub of the tests' own with all its doors, the sample contract served in main and by a peer, and a bystander that is
//! served all the time and must not miss anything.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use conformance::scene::{By, Served};
use conformance::service::{BlobsService, EchoService, FlowsService, TopicsService};
use conformance::transport::{Browser, Folder, Memory};
use conformance::{Scene, contract};
use portcullis::hub::{
    Admission, AdmitError, Budget, Events, Hosted, HubEvent, Kind, UnixListen, UnixListening,
};
use portcullis::link::{Link, UnixLink, WebSocketLink};
use portcullis::peer::{Peer, Serving, Subscription, Target};
use portcullis::web::{Files, Gate, GateConfig};
use portcullis::{Hub, Role};
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::schema::Schema;
use sample_contract::{
    BlobsServer, EchoClient, EchoRequest, EchoServer, FlowsServer, TopicsClient, TopicsPublisher,
    TopicsServer,
};

use crate::door::{Door, Line, Opening, WATCHDOG, Way};

/// The role of whoever does not say otherwise: it may do everything.
pub const ROLE: &str = conformance::scene::ALL;

/// The window kind of pages; what they are to the hub, the house says.
const WINDOW: &str = "test";

/// Calls that the connections of a user may have open together: more than one of them may.
const USER_CALLS_MAX: usize = 1_500;
/// Their subscriptions, likewise.
const USER_SUBSCRIPTIONS_MAX: usize = 300;
/// Their parcels that no message has taken yet, in bytes.
const USER_PARCEL_BYTES_MAX: usize = 100_000;
/// Connections of a user.
const USER_PEERS_MAX: usize = 8;

/// See the module.
pub struct House {
    way: Way,
    scene: Scene,
    hub: Hub,
    gate: Gate,
    browser: Browser,
    /// The browsers of users that cases name: each has a cookie of its own.
    browsers: tokio::sync::Mutex<BTreeMap<String, Browser>>,
    listening: UnixListening,
    expected: Arc<Mutex<VecDeque<Admission>>>,
    /// One admission at a time, so that who comes is who was meant.
    opening: tokio::sync::Mutex<()>,
    events: tokio::sync::Mutex<Events>,
    _served: Served,
    _blobs: Hosted,
    server: Peer,
    _serving: Vec<Serving>,
    remote: TopicsPublisher,
    _folder: Folder,
}

impl House {
    /// A house with one door in use.
    pub async fn new(way: Way) -> Self {
        let scene = Scene::new(Memory);
        let shared = Budget::new()
            .calls(USER_CALLS_MAX)
            .subscriptions(USER_SUBSCRIPTIONS_MAX)
            .parcel_bytes(USER_PARCEL_BYTES_MAX)
            .peers(USER_PEERS_MAX);
        let hub = scene.hub_with(|builder| builder.role(Role::new("none")).user_budget(shared));
        let served = scene.served(By::Main).await;
        let blobs = || BlobsServer::new(BlobsService::new(&served.seen));
        let hosted = hub.serve(blobs()).expect("served");
        let server = scene.peer("server").await;
        let topics = Arc::new(TopicsService::default());
        let seen = &served.seen;
        let serving = vec![
            server.serve(EchoServer::new(EchoService::new(seen)), "remote").await,
            server.serve(FlowsServer::new(FlowsService::new(seen)), "remote").await,
            server.serve(TopicsServer::from_arc(Arc::clone(&topics)), "remote").await,
            server.serve(blobs(), "remote").await,
        ];
        let serving: Vec<Serving> =
            serving.into_iter().map(|served| served.expect("served")).collect();
        let remote: TopicsPublisher = serving[2].publisher();
        topics.publish_with(remote.clone());

        let files = Files::new().file("/", "text/html", "<!doctype html><title>Test</title>");
        let gate = Gate::bind(GateConfig::new().files(files).windows([WINDOW])).expect("a port");
        let browser = enter(&gate).await;

        let folder = Folder::default();
        let expected = Arc::new(Mutex::new(VecDeque::<Admission>::new()));
        let next = Arc::clone(&expected);
        // Cases come one behind the other.
        let listen = UnixListen::new(folder.path().join("hub"));
        let listening = hub
            .listen_unix(listen.connections_per_second(u32::MAX, u32::MAX), move |_| {
                next.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
            })
            .expect("a socket");
        let events = tokio::sync::Mutex::new(hub.events());
        Self {
            way,
            scene,
            hub,
            gate,
            browser,
            browsers: tokio::sync::Mutex::default(),
            listening,
            expected,
            opening: tokio::sync::Mutex::default(),
            events,
            _served: served,
            _blobs: hosted,
            server,
            _serving: serving,
            remote,
            _folder: folder,
        }
    }

    /// Its hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Waits until observers have heard that the peer of that label left for that reason.
    ///
    /// # Errors
    ///
    /// When they never do.
    pub async fn hears_of(&self, label: &str, goodbye: &Goodbye) -> Result<(), String> {
        let mut events = self.events.lock().await;
        let heard = async {
            while let Some(event) = events.next().await {
                if let HubEvent::Left { peer, goodbye: left } = event
                    && peer.label == label
                    && left.reason == goodbye.reason
                {
                    return true;
                }
            }
            false
        };
        match tokio::time::timeout(WATCHDOG, heard).await {
            Ok(true) => Ok(()),
            _ => Err(format!("no observer hears that `{label}` left: {goodbye}")),
        }
    }

    /// A peer that calls main and a server and hears topics of both, from now on.
    pub async fn bystander(&self) -> Bystander {
        let peer = self.scene.peer("bystander").await;
        let remote = Target::Instance("remote".into());
        let topics: TopicsClient = peer.bind(remote.clone()).await.expect("bound");
        let mut ticks: Subscription<u32> = topics.subscribe_ticked();
        let main: EchoClient = peer.bind(Target::Any).await.expect("bound");
        let remote: EchoClient = peer.bind(remote).await.expect("bound");
        // Subscribed before anything is published: the call behind it has come back.
        main.nothing().await.expect("served");
        let publisher = self.remote.clone();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut rounds = 0;
            // Until it is told to stop.
            loop {
                rounds += 1;
                for echo in [&main, &remote] {
                    let request = EchoRequest { number: 41, text: "well?".into(), value: 0.0 };
                    let reply = echo.call(request).await.map_err(|error| error.to_string())?;
                    if reply.number != 42 {
                        return Err(format!("a wrong reply: {reply:?}"));
                    }
                }
                // Somebody else may publish a number of its own; none of its size.
                let number = u32::MAX - rounds;
                publisher.ticked(&number).map_err(|error| error.to_string())?;
                loop {
                    let tick = ticks.next().await.map_err(|error| error.to_string())?;
                    if ticks.missed() > 0 {
                        return Err("it missed a value".to_owned());
                    }
                    match tick {
                        Some(tick) if tick == number => break,
                        Some(_) => {}
                        None => return Err("the topic ended".to_owned()),
                    }
                }
                if stopped.load(Ordering::Relaxed) {
                    return Ok(rounds);
                }
            }
        });
        Bystander { stop, task }
    }

    /// The browser of a user that a case names.
    async fn browser_of(&self, user: Option<&str>) -> Browser {
        let Some(user) = user else { return self.browser.clone() };
        let mut browsers = self.browsers.lock().await;
        if let Some(browser) = browsers.get(user) {
            return browser.clone();
        }
        let browser = enter(&self.gate).await;
        browsers.insert(user.to_owned(), browser.clone());
        browser
    }

    /// Lets a connection in; one that its user may not have ends, which the other side sees.
    fn attach(&self, link: impl Link, admission: &Admission) -> std::io::Result<()> {
        match self.hub.attach(link, admission) {
            Ok(_) | Err(AdmitError::UserBudget(_)) => Ok(()),
            Err(error) => Err(std::io::Error::other(error)),
        }
    }

    /// Ends everybody and looks that nothing of them is left.
    pub async fn settle(self) {
        let left = tokio::time::timeout(WATCHDOG, self.scene.settle()).await;
        assert!(left.is_ok(), "something is left: {}", self.scene.left());
        drop(self.server);
    }
}

/// A browser that comes with a launcher's code.
async fn enter(gate: &Gate) -> Browser {
    let code = gate.new_code("/").expect("a code");
    Browser::enter(gate.local_addr(), &code.form_body()).await.expect("let in")
}

/// A peer that wants nothing but to be served.
pub struct Bystander {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Result<u32, String>>,
}

impl Bystander {
    /// Ends it; the error says what it noticed.
    ///
    /// # Errors
    ///
    /// When it noticed anything.
    pub async fn noticed_nothing(self) -> Result<u32, String> {
        self.stop.store(true, Ordering::Relaxed);
        let ended = tokio::time::timeout(WATCHDOG, self.task).await;
        let ended = ended.map_err(|_| "the bystander waits for ever")?;
        ended.map_err(|error| error.to_string())?.map_err(|why| format!("the bystander: {why}"))
    }
}

impl Door for House {
    fn way(&self) -> Way {
        self.way
    }

    fn schema(&self) -> &Schema {
        contract::contract()
    }

    fn browser(&self) -> Option<&Browser> {
        Some(&self.browser)
    }

    fn window<'a>(&'a self, _: &'a str) -> &'a str {
        WINDOW
    }

    fn open<'a>(&'a self, label: &'a str, role: &'a str, user: Option<&'a str>) -> Opening<'a> {
        Box::pin(async move {
            let _one = self.opening.lock().await;
            let kind = if self.way == Way::Page { Kind::Page } else { Kind::Native };
            let mut admission = Admission::new(label, role, kind);
            admission.user = user.map(str::to_owned);
            match self.way {
                Way::Pair => {
                    let (ours, theirs) = UnixStream::pair()?;
                    self.attach(UnixLink::new(ours)?, &admission)?;
                    Line::unix(theirs)
                }
                Way::Path => {
                    let knocked = |hub: &Hub| {
                        let counters = hub.counters();
                        counters.admitted + counters.turned_away
                    };
                    let before = knocked(&self.hub);
                    self.expected
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push_back(admission);
                    let line = Line::unix(UnixStream::connect(self.listening.path())?)?;
                    // The next one must not take its place.
                    while knocked(&self.hub) == before {
                        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
                    }
                    Ok(line)
                }
                Way::Page => {
                    let browser = self.browser_of(user).await;
                    let line = Line::page(&browser, WINDOW).await?;
                    let admitted =
                        self.gate.accept().await.ok_or(std::io::ErrorKind::NotConnected)?;
                    // The gate knows a user by the cookie.
                    admission.user = user.map(|_| admitted.session.to_string());
                    self.attach(WebSocketLink::new(admitted.socket), &admission)?;
                    Ok(line)
                }
            }
        })
    }
}

/// How often connections ended for each reason, without those that were closed in peace.
pub fn ended(hub: &Hub) -> BTreeMap<Reason, u64> {
    let ended = hub.counters().ended.into_iter();
    ended.filter(|(reason, _)| *reason != Reason::Closed).collect()
}
