//! A process that has no descriptors left: who listens lives and does not spin, who is connected goes on, and whoever came
//! meanwhile gets in when there are descriptors again (f19). Each test starves in a process of its own.
#![cfg(all(target_os = "linux", feature = "web"))]

#[path = "web_gate/support.rs"]
#[allow(dead_code, reason = "the gate's own tests use the rest")]
mod support;

use std::fs::File;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use portcullis::client::{connect, connect_unix};
use portcullis::hub::{Admission, Kind, UnixListening};
use portcullis::link::UnixLink;
use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, UnixSocket};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use support::{Ask, admitted, gate, log, read_reply, within};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract of one method for these tests")]
    use portcullis::Call;

    #[portcullis::interface(name = "test.echo", version = 1)]
    pub trait Echo {
        #[call]
        async fn back(&self, cx: &Call, data: Vec<u8>) -> Vec<u8>;
    }

    portcullis::contract! { name = "echo", interfaces = [Echo] }
}

use contract::{Echo, EchoClient, EchoServer};

struct Service;

impl Echo for Service {
    async fn back(&self, _: &Call, data: Vec<u8>) -> Vec<u8> {
        data
    }
}

/// Says to the program of these tests that it is the one that starves.
const STARVED: &str = "PORTCULLIS_TEST_STARVED";
/// What a starved process may have open.
const DESCRIPTORS_MAX: u64 = 128;
/// More than a socket holds.
const LARGE: usize = 2 * 1024 * 1024;
/// How long the process starves.
const WHILE: Duration = Duration::from_millis(600);
/// How long is waited before accepting is tried again, at least.
const PAUSE_MS: u128 = 50;

/// Runs a test in a process of its own; true in that process.
fn starves(test: &str) -> bool {
    if std::env::var_os(STARVED).is_some() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let limit = Rlimit { current: Some(DESCRIPTORS_MAX), maximum };
        setrlimit(Resource::Nofile, limit).expect("less may always be asked for");
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(STARVED, "1")
        .output()
        .expect("it starts");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    assert!(said.contains("1 passed"), "{said}");
    false
}

/// Everything else that the process may open.
struct Filled(Vec<File>);

impl Filled {
    fn up() -> Self {
        let mut held = Vec::new();
        loop {
            match File::open("/dev/null") {
                Ok(file) => held.push(file),
                Err(error) => {
                    assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::MFILE.raw_os_error()));
                    assert!(!held.is_empty(), "nothing was free");
                    return Self(held);
                }
            }
        }
    }

    fn free(&mut self, descriptors: usize) {
        self.0.truncate(self.0.len() - descriptors);
    }
}

/// The highest count of failures in a row that was logged since `from`, and how many such rows began.
fn failures(from: usize) -> (u128, usize) {
    let text = log().text();
    let lines = text[from..].lines().filter(|line| line.contains("cannot accept"));
    let times: Vec<u128> = lines
        .map(|line| {
            let (_, times) = line.split_once("times=").expect("how often");
            times.split_whitespace().next().and_then(|times| times.parse().ok()).expect("a number")
        })
        .collect();
    (times.iter().copied().max().unwrap_or(0), times.iter().filter(|times| **times == 1).count())
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("portcullis-starving-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path).expect("a fresh folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn listens(path: &Path) -> (Hub, UnixListening) {
    let role = Role::new("all").call("test.echo.*");
    let hub = Hub::builder(contract::contract()).role(role).build().expect("roles fit");
    let admit = |_: &_| Some(Admission::new("visitor", "all", Kind::Native));
    let listening = hub.listen_unix(path, admit).expect("listens");
    (hub, listening)
}

/// Large values pass in both directions, whose sockets are full again and again meanwhile.
async fn is_served(echo: &EchoClient) {
    let data: Vec<u8> = (0..LARGE).map(|index| index as u8).collect();
    let replied = within(echo.back(data.clone())).await.expect("an answer");
    assert!(replied == data, "the answer is what was sent");
}

#[tokio::test]
async fn f19_a_listening_path_without_descriptors_lives() {
    if !starves("f19_a_listening_path_without_descriptors_lives") {
        return;
    }
    log();
    let folder = Folder::new();
    let path = folder.0.join("hub");
    let (hub, _listening) = listens(&path);
    let _served = hub.serve(EchoServer::new(Service)).expect("served");
    let early = connect_unix(&path, &PeerConfig::default()).expect("connected");
    let echo: EchoClient = within(early.bind(Target::Any)).await.expect("bound");
    is_served(&echo).await;
    let [waits, unlucky] = std::array::from_fn(|_| UnixSocket::new_stream().expect("a descriptor"));
    let mut filled = Filled::up();

    let (began, logged) = (Instant::now(), log().text().len());
    let waits = within(waits.connect(&path)).await.expect("the system takes it");
    while began.elapsed() < WHILE {
        is_served(&echo).await;
    }
    let (tried, rows) = failures(logged);
    // Powers of two are told; those between are as many again at most.
    assert!(rows == 1 && tried >= 2, "{tried} tries, {rows} rows");
    assert!(tried <= began.elapsed().as_millis() / PAUSE_MS + 1, "{tried} tries: it spins");
    assert_eq!(hub.peers().len(), 1);

    // Enough to accept it, and too few to know whose it is, or to end it with its process: it is let go. Each gives back
    // its own descriptor, so that the next one comes a step further.
    filled.free(1);
    let mut next = waits;
    for more in [Some(unlucky), None] {
        assert_eq!(within(next.read(&mut [0])).await.expect("its end"), 0);
        drop(next);
        let Some(socket) = more else { break };
        next = within(socket.connect(&path)).await.expect("the system takes it");
    }
    is_served(&echo).await;
    assert_eq!(hub.peers().len(), 1);

    // Whoever comes while there are none waits, and gets in when there are some again.
    let late = UnixSocket::new_stream().expect("two are free");
    let _again = Filled::up();
    let late = within(late.connect(&path)).await.expect("the system takes it");
    let late = UnixLink::new(late.into_std().expect("its own")).expect("a link");
    let late = connect(late, &PeerConfig::default());
    is_served(&echo).await;
    assert_eq!(hub.peers().len(), 1);
    drop((filled, _again));
    within(late.ready()).await.expect("let in");
    let late: EchoClient = within(late.bind(Target::Any)).await.expect("bound");
    is_served(&late).await;
    let newest = connect_unix(&path, &PeerConfig::default()).expect("connected");
    within(newest.ready()).await.expect("let in");
    is_served(&echo).await;
}

#[tokio::test]
async fn f19_a_gate_without_descriptors_lives() {
    if !starves("f19_a_gate_without_descriptors_lives") {
        return;
    }
    let gate = gate();
    let (mut client, mut page) = admitted(&gate, "viewer").await;
    let late = TcpSocket::new_v4().expect("a descriptor");
    let filled = Filled::up();

    let (began, logged) = (Instant::now(), log().text().len());
    let mut late = within(late.connect(gate.local_addr())).await.expect("the system takes it");
    late.write_all(&Ask::new(&gate, "GET", "/viewer").bytes()).await.expect("sent");
    while began.elapsed() < WHILE {
        client.send(Message::Binary("still here".into())).await.expect("sent");
        let message = within(page.socket.recv()).await.expect("open").expect("a message");
        within(page.socket.send(message)).await.expect("sent");
        let echo = within(client.next()).await.expect("open").expect("a message");
        assert_eq!(&echo.into_data()[..], b"still here");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (tried, rows) = failures(logged);
    assert!(rows == 1 && tried >= 2, "{tried} tries, {rows} rows");
    assert!(tried <= began.elapsed().as_millis() / PAUSE_MS + 1, "{tried} tries: it spins");

    drop(filled);
    let reply = within(read_reply(&mut late)).await.expect("an answer");
    assert_eq!(reply.status, 200, "who came meanwhile is served");
    let (_client, other) = admitted(&gate, "controls").await;
    assert_eq!(other.window, "controls");
}
