//! A process for the tests to start, stop and kill: `echo-peer MODE [PATH]`. What it has done it says on its standard
//! output, one word a line, so that a test knows how far it is.

#[cfg(unix)]
use std::{
    fs::File, io::Write, os::fd::AsFd, os::unix::net::UnixStream, process::ExitCode, sync::Arc,
    time::Duration,
};

#[cfg(unix)]
use conformance::{
    contract::contract,
    raw::hello_frame,
    seen::Seen,
    service::{BlobsService, EchoService, FlowsService},
};
#[cfg(target_os = "linux")]
use portcullis::client::{BlockingPeer, Ring};
#[cfg(unix)]
use portcullis::{
    Hub, Role, Status,
    hub::{Admission, Kind},
    peer::{Peer, PeerConfig, Target},
};
#[cfg(unix)]
use sample_contract::{BlobsClient, BlobsServer, EchoClient, EchoServer, FlowsClient, FlowsServer};

#[cfg(unix)]
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Long enough to be no part of what is looked at.
#[cfg(unix)]
const LONG: Duration = Duration::from_secs(600);

#[cfg(unix)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_default();
    let path = args.next().unwrap_or_default();
    let done = match mode.as_str() {
        "mute" => mute().await,
        "half" => half().await,
        "serve" => over_tokio(async |peer| serve(&peer).await).await,
        #[cfg(target_os = "linux")]
        "ring-serve" => over_a_ring(async |peer| serve(&peer).await),
        "call" => over_tokio(async |peer| call(&peer).await).await,
        #[cfg(target_os = "linux")]
        "ring-call" => over_a_ring(async |peer| call(&peer).await),
        "read" => read().await,
        "leave" => leave().await,
        "serve-blobs" => serve_blobs().await,
        "watch-blobs" => over_tokio(async |peer| watch_blobs(&peer, false).await).await,
        "hoard-blobs" => over_tokio(async |peer| watch_blobs(&peer, true).await).await,
        #[cfg(target_os = "linux")]
        "ring-watch-blobs" => over_a_ring(async |peer| watch_blobs(&peer, false).await),
        "hand-on" => hand_on().await,
        "kept" => kept(),
        "environment" => environment().await,
        "visit" => visit(&path).await,
        "hub" => hub().await,
        "listen" => listen(&path).await,
        "stubborn" => stubborn().await,
        "crash" => crash().await,
        "break" => break_rules().await,
        "supervise" => supervise().await,
        _ => Err("usage: echo-peer mute|half|serve|call|read|leave|serve-blobs|watch-blobs|hoard-blobs|hand-on|kept|environment|visit|hub|listen|stubborn|crash|break|supervise [PATH]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-peer {mode}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn main() {}

/// Does something as a peer on tokio.
#[cfg(unix)]
async fn over_tokio(work: impl AsyncFnOnce(Peer) -> Outcome) -> Outcome {
    work(connect()?).await
}

/// Does something as a peer without a runtime, whose frames go over a ring.
#[cfg(target_os = "linux")]
fn over_a_ring(work: impl AsyncFnOnce(Peer) -> Outcome) -> Outcome {
    let mut peer = BlockingPeer::inherited_with_ring(&Ring::default(), &PeerConfig::default())?;
    let handle = peer.peer().clone();
    peer.block_on(work(handle))
}

/// Says how far this process is.
#[cfg(unix)]
fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever listened may be gone.
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
}

#[cfg(unix)]
fn connect() -> std::io::Result<Peer> {
    portcullis::client::connect_inherited(&PeerConfig::default())
}

/// Is there, and says nothing.
#[cfg(unix)]
async fn mute() -> Outcome {
    say("mute");
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// Says half of its hello, waits a while, says the rest, and serves.
#[cfg(unix)]
async fn half() -> Outcome {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let hello = hello_frame();
    let (first, rest) = hello.split_at(hello.len() / 2);
    (&socket).write_all(first)?;
    say("half");
    tokio::time::sleep(Duration::from_millis(500)).await;
    (&socket).write_all(rest)?;
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// Serves the echo and the flows until the connection ends.
#[cfg(unix)]
async fn serve(peer: &Peer) -> Outcome {
    let seen = Seen::default();
    let _echo = peer.serve(EchoServer::new(EchoService::new(&seen)), "").await?;
    let _flows = peer.serve(FlowsServer::new(FlowsService::new(&seen)), "").await?;
    say("serving");
    say(peer.closed().await.reason.name());
    Ok(())
}

/// Serves blobs: what is handed over is published.
#[cfg(unix)]
async fn serve_blobs() -> Outcome {
    let peer = connect()?;
    let service = Arc::new(BlobsService::new(&Seen::default()));
    let serving = peer.serve(BlobsServer::from_arc(Arc::clone(&service)), "").await?;
    service.publish_with(serving.publisher());
    say("serving");
    say(peer.closed().await.reason.name());
    Ok(())
}

/// Says of each scan its name and the sum of its points; with `keep`, it gives none of them back.
#[cfg(unix)]
async fn watch_blobs(peer: &Peer, keep: bool) -> Outcome {
    let blobs: BlobsClient = peer.bind(Target::Any).await?;
    let mut scanned = blobs.subscribe_scanned();
    // Behind the subscription: it stands once this is answered.
    blobs.small(1).await?;
    say("watching");
    let mut kept = Vec::new();
    while let Some(scan) = scanned.next().await? {
        let sum: u64 = scan.points.iter().map(|byte| u64::from(*byte)).sum();
        say(&format!("{}:{sum}", scan.name));
        if keep {
            kept.push(scan);
        }
    }
    Ok(())
}

/// Makes a call that nobody answers, and says how it ends.
#[cfg(unix)]
async fn call(peer: &Peer) -> Outcome {
    let echo: EchoClient = peer.bind(Target::Any).await?;
    let never = echo.with_timeout(LONG).never();
    say("calling");
    match never.await {
        Err(error) if error.status() == Status::Unavailable => say("unavailable"),
        other => return Err(format!("{other:?}").into()),
    }
    say(peer.closed().await.reason.name());
    Ok(())
}

/// Reads a stream, slowly and for ever.
#[cfg(unix)]
async fn read() -> Outcome {
    let peer = connect()?;
    let flows: FlowsClient = peer.bind(Target::Any).await?;
    let mut count = flows.count(u32::MAX, None);
    for _ in 0..40 {
        count.next().await?;
    }
    say("reading");
    while count.next().await?.is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(())
}

/// Says goodbye, and stays.
#[cfg(unix)]
async fn leave() -> Outcome {
    let peer = connect()?;
    peer.ready().await.map_err(|goodbye| goodbye.to_string())?;
    peer.close();
    // The driver has to have its turn.
    tokio::time::sleep(Duration::from_millis(50)).await;
    say("left");
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// Starts another process that gets the same socket, and serves.
#[cfg(unix)]
async fn hand_on() -> Outcome {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut other = std::process::Command::new(std::env::current_exe()?);
    other.arg("kept").stdin(socket).spawn()?;
    // Its end of the socket must not be open here as well.
    drop(other);
    over_tokio(async |peer| serve(&peer).await).await
}

/// Keeps a socket that another process was given, and says what it is good for once that one is dead.
#[cfg(unix)]
fn kept() -> Outcome {
    use rustix::event::{PollFd, PollFlags, poll};

    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    say("kept");
    // It reads nothing, and waits for nothing but the end.
    let mut waiting = [PollFd::new(&socket, PollFlags::empty())];
    poll(&mut waiting, None)?;
    say(if (&socket).write_all(&hello_frame()).is_err() { "refused" } else { "written" });
    Ok(())
}

/// Says which variables of its environment it knows.
#[cfg(unix)]
async fn environment() -> Outcome {
    let peer = connect()?;
    let mut names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    names.sort();
    say(&names.join(" "));
    peer.close();
    Ok(())
}

/// Connects to a hub that listens, and stays until its standard input ends.
#[cfg(unix)]
async fn visit(path: &str) -> Outcome {
    let peer = portcullis::client::connect_unix(path, &PeerConfig::default())?;
    peer.ready().await.map_err(|goodbye| goodbye.to_string())?;
    say("visiting");
    say(peer.closed().await.reason.name());
    Ok(())
}

#[cfg(unix)]
fn served() -> Result<(Hub, [portcullis::hub::Hosted; 2]), Box<dyn std::error::Error>> {
    let role = Role::new("all").call("sample.echo.*").call("sample.flows.*");
    let hub = Hub::builder(contract()).role(role).build()?;
    let echo = hub.serve(EchoServer::new(EchoService::default()))?;
    let flows = hub.serve(FlowsServer::new(FlowsService::default()))?;
    Ok((hub, [echo, flows]))
}

#[cfg(unix)]
fn admission(label: &str) -> Admission {
    Admission::new(label, "all", Kind::Native)
}

/// A main process: with a hub, and a child of its own that makes a call.
#[cfg(unix)]
async fn hub() -> Outcome {
    let (hub, _served) = served()?;
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    // The child's words go where this process's go.
    command.arg("call").stdout(File::from(std::io::stdout().as_fd().try_clone_to_owned()?));
    let mut child = hub.spawn(command, &admission("child"))?;
    child.wait().await?;
    Ok(())
}

/// A main process that listens on a path.
#[cfg(unix)]
async fn listen(path: &str) -> Outcome {
    let (hub, _served) = served()?;
    let _listening = hub.listen_unix(path, |_| Some(admission("visitor")))?;
    say("listening");
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// Serves, and takes no hint that it should end.
#[cfg(unix)]
async fn stubborn() -> Outcome {
    use tokio::signal::unix::{SignalKind, signal};

    let mut asked = signal(SignalKind::terminate())?;
    let peer = connect()?;
    let _echo = peer.serve(EchoServer::new(EchoService::default()), "").await?;
    say("serving");
    say(peer.closed().await.reason.name());
    asked.recv().await;
    say("asked");
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// Fails as soon as it is connected.
#[cfg(unix)]
async fn crash() -> Outcome {
    let peer = connect()?;
    peer.ready().await.map_err(|goodbye| goodbye.to_string())?;
    std::process::exit(3);
}

/// Says hello, breaks the protocol, and stays.
#[cfg(unix)]
async fn break_rules() -> Outcome {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    (&socket).write_all(&hello_frame())?;
    (&socket).write_all(&hello_frame())?;
    tokio::time::sleep(LONG).await;
    Ok(())
}

/// A main process that supervises one that serves, whose number it says.
#[cfg(unix)]
async fn supervise() -> Outcome {
    use portcullis::supervisor::{Spec, Supervisor};

    let role = Role::new("all").serve("sample.echo").serve("sample.flows");
    let hub = Hub::builder(contract()).role(role).build()?;
    let supervisor = Supervisor::new(&hub);
    // The child's words go where this process's go.
    let mut child = supervisor.start(Spec::new(admission("child"), || {
        let mut command = tokio::process::Command::new(std::env::current_exe()?);
        command.arg("serve").stdout(File::from(std::io::stdout().as_fd().try_clone_to_owned()?));
        Ok(command)
    }));
    child.ready().await.map_err(|exit| format!("{exit:?}"))?;
    say(&child.status().process.unwrap_or_default().to_string());
    tokio::time::sleep(LONG).await;
    Ok(())
}
