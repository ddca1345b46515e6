//! What a call costs on both sides when 64 are in flight: `cargo run --release -p portcullis --example inflight -- CALLS`. A
//! hub and a peer on one runtime of one thread, over a Unix socket. For a profiler, and to compare two builds: what a long run
//! has more than a short one is what its calls cost. A profiler makes bursts slow, so that the hub then times each handler,
//! as it does not at full speed. Figures of whole processes are the benchmark's.

use std::hint::black_box;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use portcullis::Call;
use portcullis::client::connect;
use portcullis::hub::{Admission, Hosted, Hub, Kind, Role};
use portcullis::link::UnixLink;
use portcullis::peer::{PeerConfig, Target};
use tokio::task::JoinSet;

/// Calls in flight, each made by a task of its own.
const IN_FLIGHT: u64 = 64;

/// What is asked: a number, sixteen letters, a float.
#[portcullis::message]
#[derive(Clone, Debug)]
struct Ask {
    number: u64,
    #[limit(len <= 64)]
    text: String,
    value: f64,
}

/// What is answered.
#[portcullis::message]
#[derive(Clone, Debug)]
struct Answer {
    number: u64,
    #[limit(len <= 64)]
    text: String,
    value: f64,
}

/// One call.
#[portcullis::interface(name = "inflight.ping", version = 1)]
trait Ping {
    /// Answers.
    #[call(deadline = "10s")]
    async fn ping(&self, cx: &Call, ask: Ask) -> Answer;
}

portcullis::contract! { name = "inflight", interfaces = [Ping] }

struct Served;

impl Ping for Served {
    async fn ping(&self, _: &Call, Ask { number, mut text, value }: Ask) -> Answer {
        text.make_ascii_uppercase();
        Answer { number: number + 1, text, value: value * 2.0 }
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn serve(link: UnixStream) -> Result<(Hub, Hosted), Failed> {
    let hub = Hub::builder(contract()).role(Role::new("peer").call("inflight.ping.*")).build()?;
    let serving = hub.serve(PingServer::new(Served))?;
    let admission = Admission::new("caller", "peer", Kind::Native);
    hub.attach(UnixLink::new(link)?, &admission)?;
    Ok((hub, serving))
}

async fn call(link: UnixStream, calls: u64) -> Result<(), Failed> {
    let peer = connect(UnixLink::new(link)?, &PeerConfig::default());
    let client: PingClient = peer.bind(Target::Any).await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let (client, next) = (client.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= calls {
                    return Ok::<_, Failed>(());
                }
                let text = black_box("sixteen letters!").to_owned();
                let answer = client.ping(Ask { number, text, value: 1.5 }).await?;
                assert_eq!((answer.number, answer.text.len()), (number + 1, 16));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn main() -> Result<(), Failed> {
    let calls = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(1_000_000);
    let (here, there) = UnixStream::pair()?;
    let _hub = serve(there)?;
    let begun = Instant::now();
    call(here, calls).await?;
    println!("{} ns a call", begun.elapsed().as_nanos() / u128::from(calls.max(1)));
    Ok(())
}
