//! A live studio: the real processes, started and ended from outside, and the doors to it.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use conformance::transport::{Browser, Folder};
use portcullis_proto::schema::Schema;

use crate::door::{Door, Line, Opening, Way};

/// How long a studio may take to start, to write another launcher, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The role of whoever comes over the socket.
pub(super) const VISITOR: &str = "visitor";

/// A studio that runs.
pub(super) struct Studio {
    child: Child,
    /// Where visitors connect.
    pub(super) socket: PathBuf,
    summary: PathBuf,
    printed: Arc<Mutex<Vec<String>>>,
    complaints: Option<std::thread::JoinHandle<String>>,
    _folder: Folder,
}

/// What a studio says of itself when it has ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// Connections that it ended for violations.
    pub(super) violations: u64,
    /// Requests and values that it denied.
    pub(super) denied: u64,
    /// Processes that it had to start again.
    pub(super) restarts: u64,
    /// What stands in its log.
    pub(super) complaints: String,
    /// Whether it ended in order.
    pub(super) in_order: bool,
}

impl Studio {
    /// Starts the studio of that binary, and waits until it lets windows in.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub(super) fn start(program: &Path) -> Result<Self> {
        let folder = Folder::default();
        let socket = folder.path().join("hub");
        let summary = std::env::temp_dir().join(format!("hostile-{}.json", std::process::id()));
        let mut child = Command::new(program)
            .args(["--quiet", "--no-kill", "--source", "pattern:64x36@30", "--socket"])
            .arg(&socket)
            .arg("--summary")
            .arg(&summary)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let printed = Arc::new(Mutex::new(Vec::new()));
        let output = child.stdout.take().context("its output is piped")?;
        let lines = Arc::clone(&printed);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(io::Result::ok) {
                lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut errors = child.stderr.take().context("its errors are piped")?;
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = errors.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        let complaints = Some(complaints);
        let studio = Self { child, socket, summary, printed, complaints, _folder: folder };
        studio.until("another window's address", |lines| {
            lines.iter().find(|line| line.trim_start().starts_with("log ")).cloned()
        })?;
        Ok(studio)
    }

    /// Main's process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether main has not ended.
    pub(super) fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut(&[String]) -> Option<T>) -> Result<T> {
        let pause = Duration::from_millis(20);
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            let found = look(&self.printed.lock().unwrap_or_else(PoisonError::into_inner));
            if let Some(found) = found {
                return Ok(found);
            }
            std::thread::sleep(pause);
        }
        bail!("the studio does not print {what}")
    }

    /// Lets a browser in, by the launcher that waits to be used; another one is there a second later.
    ///
    /// # Errors
    ///
    /// When there is no launcher, or the gate does not take its form.
    pub(super) fn browser(&self, runtime: &tokio::runtime::Runtime) -> Result<Browser> {
        let (page, path) = self.until("a launcher that can be used", |lines| {
            let paths = lines.iter().rev().filter_map(|line| line.split_whitespace().last());
            let mut paths = paths.filter(|path| path.ends_with(".html") && path.starts_with('/'));
            let path = paths.next()?;
            Some((std::fs::read_to_string(path).ok()?, path.to_owned()))
        })?;
        let between = |from: &str, to: &str| {
            let (_, rest) = page.split_once(from)?;
            rest.split_once(to).map(|(found, _)| found.to_owned())
        };
        let address = between("action=\"http://", "/enter").context("an address")?;
        let code = between("name=\"code\" value=\"", "\"").context("a code")?;
        let address: SocketAddr = address.parse().context("an address")?;
        let form = format!("code={code}");
        let browser = runtime.block_on(Browser::enter(address, &form)).context("let in")?;
        // The gate removes it when it was used.
        self.until("that a launcher was used", |_| (!Path::new(&path).exists()).then_some(()))?;
        Ok(browser)
    }

    /// Ends it as a user would, and reads what it has to say.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub(super) fn end(mut self) -> Result<Summary> {
        let process = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
        let pause = Duration::from_millis(50);
        let mut ended = None;
        for _ in 0..PATIENCE.as_millis() / pause.as_millis() {
            ended = self.child.try_wait()?;
            if ended.is_some() {
                break;
            }
            std::thread::sleep(pause);
        }
        let Some(status) = ended else { bail!("the studio does not end") };
        let complaints = self.complaints.take().and_then(|thread| thread.join().ok());
        let text = std::fs::read_to_string(&self.summary).unwrap_or_default();
        let said: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let restarts = said["restarts"]
            .as_object()
            .map(|each| each.values().filter_map(serde_json::Value::as_u64).sum());
        Ok(Summary {
            violations: said["violations"].as_u64().unwrap_or_default(),
            denied: said["denied"].as_u64().unwrap_or_default(),
            restarts: restarts.unwrap_or_default(),
            complaints: complaints.unwrap_or_default(),
            in_order: status.success() && !said.is_null(),
        })
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.summary);
    }
}

/// A door of a studio.
#[derive(Clone, Debug)]
pub(super) struct StudioDoor {
    /// Which one.
    pub(super) way: Way,
    /// Where visitors connect.
    pub(super) socket: PathBuf,
    /// Who comes through the gate.
    pub(super) browser: Browser,
}

impl Door for StudioDoor {
    fn way(&self) -> Way {
        self.way
    }

    fn schema(&self) -> &Schema {
        camera_studio_contract::contract()
    }

    fn browser(&self) -> Option<&Browser> {
        Some(&self.browser)
    }

    fn window<'a>(&'a self, role: &'a str) -> &'a str {
        // Cases of a house have roles of their own; here main says what one is.
        if role == VISITOR { "log" } else { role }
    }

    fn open<'a>(&'a self, _: &'a str, role: &'a str, _: Option<&'a str>) -> Opening<'a> {
        Box::pin(async move {
            match self.way {
                Way::Page => {
                    let role = if role == "any" { "viewer" } else { role };
                    Line::page(&self.browser, self.window(role)).await
                }
                Way::Path | Way::Pair => Line::unix(UnixStream::connect(&self.socket)?),
            }
        })
    }
}
