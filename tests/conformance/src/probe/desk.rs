//! Main's half: a place with things to get at, and runs of the process in it, each started by a hub.

use std::fs::{self, Permissions};
use std::io::Read;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use portcullis::hub::{Admission, Hosted, Kind, UnixListening};
use portcullis::{Call, Hub, Role};

use super::{Desk, DeskServer, Outcome, Targets};

/// Leaves a descriptor open for the probe, as a careless program would, and becomes it.
const CARELESS: &str = r#"exec 9<"$0"; exec "$0" "$@""#;

/// Which sandbox a process enters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sandbox {
    /// None: what shows that the attempts are able to succeed.
    #[default]
    None,
    /// That of a renderer.
    Renderer,
    /// That of a worker, with a path to read, one to write and a device.
    Worker,
}

/// What the kernel lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lacks {
    /// Nothing but what it lacks anyway.
    #[default]
    Nothing,
    /// Landlock.
    Landlock,
    /// The system call filter.
    Filter,
}

impl Lacks {
    /// What is written on the command line for each.
    const NAMES: [(&str, Self); 3] =
        [("nothing", Self::Nothing), ("landlock", Self::Landlock), ("filter", Self::Filter)];
}

/// How a process is run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Which sandbox it enters.
    pub sandbox: Sandbox,
    /// What the kernel lacks for it.
    pub lacks: Lacks,
    /// Whether it enters all the same.
    pub allow: bool,
    /// Whether it connects without a runtime, and tries nothing.
    pub blocking: bool,
    /// Whether it takes its socket before it enters, which is the wrong way round.
    pub late: bool,
    /// The one attempt that it makes, instead of all.
    pub only: Option<String>,
    /// What a worker may read and write: the place says it.
    pub stated: [PathBuf; 2],
}

impl Run {
    /// A run in a sandbox, on this kernel.
    pub fn new(sandbox: Sandbox) -> Self {
        Self { sandbox, ..Self::default() }
    }

    fn arguments(&self) -> Vec<String> {
        let sandbox = match self.sandbox {
            Sandbox::None => "none",
            Sandbox::Renderer => "renderer",
            Sandbox::Worker => "worker",
        };
        let lacks = Lacks::NAMES.iter().find(|(_, lacks)| *lacks == self.lacks);
        let mut words = vec![sandbox.to_owned(), lacks.map_or("", |(name, _)| name).to_owned()];
        words.extend([self.allow, self.blocking, self.late].map(|flag| flag.to_string()));
        words.extend(self.stated.iter().map(|path| path.display().to_string()));
        words.extend(self.only.clone());
        words
    }

    pub(super) fn parse(words: &[String]) -> Option<Self> {
        let [sandbox, lacks, allow, blocking, late, readable, writable, only @ ..] = words else {
            return None;
        };
        let sandbox = match sandbox.as_str() {
            "none" => Sandbox::None,
            "renderer" => Sandbox::Renderer,
            "worker" => Sandbox::Worker,
            _ => return None,
        };
        let (_, lacks) = Lacks::NAMES.into_iter().find(|(name, _)| name == lacks)?;
        Some(Self {
            sandbox,
            lacks,
            allow: allow.parse().ok()?,
            blocking: blocking.parse().ok()?,
            late: late.parse().ok()?,
            only: only.first().cloned(),
            stated: [readable.into(), writable.into()],
        })
    }
}

/// How a run went.
#[derive(Debug)]
pub struct Finished {
    /// How the process ended.
    pub status: ExitStatus,
    /// What its sandbox said of itself, once it had connected.
    pub entered: Option<String>,
    /// Each attempt, and how it went.
    pub outcomes: Vec<(String, Outcome)>,
    /// What it printed: the error with which it ended.
    pub said: String,
}

impl Finished {
    /// How an attempt went.
    pub fn outcome(&self, name: &str) -> Option<Outcome> {
        self.outcomes.iter().find(|(tried, _)| tried == name).map(|(_, outcome)| *outcome)
    }
}

#[derive(Default)]
struct Told {
    entered: Option<String>,
    outcomes: Vec<(String, Outcome)>,
}

struct Service {
    targets: Targets,
    told: Arc<Mutex<Told>>,
}

impl Service {
    fn told(&self, with: impl FnOnce(&mut Told)) {
        with(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Desk for Service {
    async fn targets(&self, _: &Call) -> Targets {
        self.targets.clone()
    }

    async fn entered(&self, _: &Call, status: String) {
        self.told(|told| told.entered = Some(status));
    }

    async fn report(&self, _: &Call, attempt: String, outcome: Outcome) {
        self.told(|told| told.outcomes.push((attempt, outcome)));
    }

    async fn bytes(&self, _: &Call, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }

    async fn who(&self, cx: &Call) -> String {
        cx.caller().map_or_else(String::new, |caller| caller.label.clone())
    }
}

/// A hub, and what a process that it starts could want to get at. Fresh for each run, as some attempts change it.
pub struct Place {
    hub: Hub,
    program: PathBuf,
    folder: PathBuf,
    told: Arc<Mutex<Told>>,
    bystander: Child,
    _served: (Hosted, UnixListening, TcpListener, UnixListener),
}

impl Place {
    /// A place for `program`, which is the probe. On a tokio runtime.
    pub fn new(program: impl Into<PathBuf>) -> std::io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let program = program.into();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-probe-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        for part in ["", "readable", "writable", "main"] {
            fs::create_dir(folder.join(part))?;
            fs::set_permissions(folder.join(part), Permissions::from_mode(0o700))?;
        }
        fs::write(folder.join("main/secret"), "secret")?;
        fs::write(folder.join("main/kept"), "kept")?;
        fs::write(folder.join("readable/open"), "open")?;
        let bystander = std::process::Command::new(&program)
            .arg("bystander")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let tcp = TcpListener::bind("127.0.0.1:0")?;
        let named = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        let path = |part: &str| folder.join(part).display().to_string();
        let targets = Targets {
            main: std::process::id(),
            bystander: bystander.id(),
            folder: path("main"),
            readable: path("readable"),
            writable: path("writable"),
            port: tcp.local_addr()?.port(),
            name,
        };
        let failed = |error: &dyn std::fmt::Display| std::io::Error::other(error.to_string());
        let role = Role::new("probe").call("probe.desk.*");
        let hub = Hub::builder(super::contract()).role(role).build();
        let hub = hub.map_err(|error| failed(&error))?;
        let told = Arc::default();
        let served = hub
            .serve(DeskServer::new(Service { targets, told: Arc::clone(&told) }))
            .map_err(|error| failed(&error))?;
        let listening =
            hub.listen_unix(folder.join("main/hub"), |_| None).map_err(|error| failed(&error))?;
        let _served = (served, listening, tcp, named);
        Ok(Self { hub, program, folder, told, bystander, _served })
    }

    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Whether the other process lives.
    pub fn bystander_lives(&mut self) -> bool {
        matches!(self.bystander.try_wait(), Ok(None))
    }

    /// Runs the process to its end. Of a kind that ends in the attempt, that is how it went.
    pub async fn run(&self, mut run: Run) -> std::io::Result<Finished> {
        run.stated = ["readable", "writable"].map(|part| self.folder.join(part));
        let (mut said, writer) = std::io::pipe()?;
        let mut command = tokio::process::Command::new("sh");
        command.arg("-c").arg(CARELESS).arg(&self.program).args(run.arguments()).stdout(writer);
        let admission = Admission::new("probe", "probe", Kind::Native);
        let mut process = self.hub.spawn(command, &admission).map_err(std::io::Error::other)?;
        let (status, _) = process.wait().await?;
        let mut text = String::new();
        said.read_to_string(&mut text)?;
        let told = std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner));
        let mut outcomes = told.outcomes;
        if let (Some(name), Some(signal)) = (run.only, signal_of(status)) {
            outcomes.push((name, Outcome::Killed { signal }));
        }
        Ok(Finished { status, entered: told.entered, outcomes, said: text })
    }
}

fn signal_of(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

impl Drop for Place {
    fn drop(&mut self) {
        // It may have been killed by what was tried.
        let _ = self.bystander.kill();
        let _ = self.bystander.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
