//! The process that tries: it enters, connects, goes each way and tells main how it went.

use std::error::Error;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use portcullis::peer::{Peer, PeerConfig, Target};
use portcullis::rpc::Interface;
use portcullis::sandbox::{
    DESCRIPTORS_MAX, Entered, FILE_BYTES_MAX, Feature, MEMORY_BYTES_MAX, Profile,
};
use rustix::process::{Resource, getrlimit};

use super::desk::{Run, Sandbox};
use super::{Attempt, Control, DeskClient, DeskInterface, Outcome, Targets};
use super::{all, fatal, old_kernel};

/// How many bytes show that large messages pass.
const BYTES: usize = 300_000;

/// Runs the process as its arguments say.
pub fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    let arguments: Vec<String> = arguments.collect();
    let done = match arguments.first().map(String::as_str) {
        Some("bystander") => {
            // Until main closes the pipe.
            std::io::stdin().read_to_end(&mut Vec::new()).map(drop).map_err(Into::into)
        }
        _ => match Run::parse(&arguments) {
            Some(run) => inside(&run),
            None => Err("main starts this with arguments of its own".into()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Main reads it.
            let _ = writeln!(std::io::stdout(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn inside(run: &Run) -> Result<(), Box<dyn Error>> {
    old_kernel::pretend(run.lacks)?;
    let config = PeerConfig {
        client: "probe".to_owned(),
        interfaces: vec![DeskInterface::descriptor()],
        ..PeerConfig::default()
    };
    let early = run.late.then(|| connected(&config)).transpose()?;
    let entered = profile(run).map(Profile::enter).transpose()?;
    drop(early);
    if run.blocking {
        return blocking(entered.ok_or("there is no sandbox to block in")?, &config);
    }
    let mut builder = match run.sandbox {
        Sandbox::Worker => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let (peer, status) = match entered {
            Some(entered) => {
                let status = entered.status().to_string();
                (entered.connect(&config)?, status)
            }
            None => (portcullis::client::connect_inherited(&config)?, "no sandbox".to_owned()),
        };
        tell(run, &peer, status).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

/// A connection that is made before anything was entered.
fn connected(config: &PeerConfig) -> Result<(tokio::runtime::Runtime, Peer), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let peer = {
        let _inside = runtime.enter();
        portcullis::client::connect_inherited(config)?
    };
    Ok((runtime, peer))
}

fn profile(run: &Run) -> Option<Profile> {
    let profile = match run.sandbox {
        Sandbox::None => return None,
        Sandbox::Renderer => Profile::renderer(),
        Sandbox::Worker => {
            let [readable, writable] = &run.stated;
            Profile::worker().read(readable).write(writable).device("/dev/null")
        }
    };
    if !run.allow {
        return Some(profile);
    }
    Some(Feature::ALL.into_iter().fold(profile, Profile::allow_missing))
}

async fn tell(run: &Run, peer: &Peer, status: String) -> Result<(), Box<dyn Error>> {
    let desk: DeskClient = peer.bind(Target::Any).await?;
    desk.entered(status).await?;
    let targets = desk.targets().await?;
    for attempt in all().chain(fatal()).filter(|attempt| wanted(run, attempt)) {
        let outcome = Outcome::of((attempt.run)(&targets));
        desk.report(attempt.name.to_owned(), outcome).await?;
    }
    if run.sandbox == Sandbox::Worker && run.only.is_none() {
        for (name, outcome) in stated(&targets) {
            desk.report(name.to_owned(), Outcome::of(outcome)).await?;
        }
    }
    works(&desk).await?;
    if run.sandbox != Sandbox::None && !limited() {
        return Err("its limits are not those of the profile".into());
    }
    peer.close();
    // Until the goodbye is on its way.
    peer.closed().await;
    Ok(())
}

/// What kills its process is tried only where it is asked for.
fn wanted(run: &Run, attempt: &Attempt) -> bool {
    let harmless = run.sandbox != Sandbox::None || attempt.control != Control::Harmful;
    harmless
        && match &run.only {
            Some(name) => attempt.name == name,
            None => all().any(|one| one.name == attempt.name),
        }
}

/// What a worker may do with what was stated, and just beside it.
fn stated(to: &Targets) -> [(&'static str, std::io::Result<()>); 7] {
    let writable = |name: &str| std::path::Path::new(&to.writable).join(name);
    let readable = |name: &str| std::path::Path::new(&to.readable).join(name);
    [
        ("+ read a stated file", std::fs::read(readable("open")).map(drop)),
        ("+ make a file", std::fs::write(writable("made"), "text")),
        ("+ rename a file", std::fs::rename(writable("made"), writable("renamed"))),
        ("+ remove a file", std::fs::remove_file(writable("renamed"))),
        ("+ open a device", std::fs::File::options().write(true).open("/dev/null").map(drop)),
        ("write a file for reading", std::fs::write(readable("open"), "text")),
        ("open another device", std::fs::File::open("/dev/zero").map(drop)),
    ]
}

/// The limits are those of the profile.
fn limited() -> bool {
    let held = |resource| getrlimit(resource).maximum.unwrap_or(u64::MAX);
    held(Resource::Core) == 0
        && held(Resource::Nofile) <= DESCRIPTORS_MAX
        && held(Resource::As) <= MEMORY_BYTES_MAX
        && held(Resource::Fsize) <= FILE_BYTES_MAX
        && held(Resource::Nproc) < u64::MAX
}

/// The connection, time and threads go on inside.
async fn works(desk: &DeskClient) -> Result<(), Box<dyn Error>> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let made = std::thread::Builder::new().name("inside".to_owned()).spawn(|| vec![7; BYTES])?;
    let bytes = made.join().map_err(|_| "a thread has panicked")?;
    let blocking = tokio::task::spawn_blocking(|| 7).await?;
    if desk.bytes(bytes).await? != vec![blocking; BYTES] {
        return Err("other bytes came back".into());
    }
    Ok(())
}

fn blocking(entered: Entered, config: &PeerConfig) -> Result<(), Box<dyn Error>> {
    let status = entered.status().to_string();
    let mut client = entered.connect_blocking(config)?;
    let peer = client.peer().clone();
    client.block_on(async {
        let desk: DeskClient = peer.bind(Target::Any).await?;
        desk.entered(status).await?;
        desk.report("who".to_owned(), Outcome::Done).await?;
        Ok(())
    })
}
