//! Main: the hub, the processes and the windows of the studio, from the first to the last. Each part is a file of its
//! own; here they are put together, in order, and ended in order.

mod camera;
mod cameras;
mod children;
mod demonstration;
mod desk;
mod error;
mod figures;
mod log;
mod notices;
mod observer;
mod pages;
mod receivers;
mod renderers;
mod roles;
mod settings;
mod windows;

use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camera_studio_contract::{
    CameraWorkerInterface, LiveInterface, MeasurementsInterface, contract,
};
use portcullis::hub::{Goodbye, Hosted, Hub, Reason};
use portcullis::peer::{Peer, PeerConfig};
use portcullis::rpc::Interface;
use portcullis_desktop::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::cli;
use crate::clock;
use crate::renderer::Kind;
use children::{Restarts, Spawner};
pub use error::StudioError;
use figures::Figures;
use renderers::{Renderer, Runner};
use settings::Controls;

/// When the kill happens in a run without an end.
const KILL_AFTER: Duration = Duration::from_secs(5);
/// A run that is shorter than this has no middle.
const KILL_RUN_MIN: Duration = Duration::from_secs(4);
/// How long receivers have, at the end, to tell of the last pictures.
const LAST_REPORTS: Duration = Duration::from_millis(1500);
/// How long processes have to end before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// What every part of main may need.
#[derive(Clone)]
struct Context {
    hub: Hub,
    /// Main's own client, for what it asks of others.
    main: Peer,
    spawner: Spawner,
    controls: watch::Sender<Controls>,
    restarts: Restarts,
    /// All windows, and the end of the studio.
    registry: Arc<Registry>,
    log: Arc<log::Log>,
    /// Whoever finds that the studio cannot go on says so here.
    fatal: mpsc::Sender<StudioError>,
    closing: Arc<AtomicBool>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Context {
    /// Runs a task that is waited for when the studio ends.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }

    /// Whether processes that end now are not to be started again.
    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }
}

/// Ends the studio when a process was built from another contract: starting it again would not help.
fn contract_differs(context: &Context, label: &str, goodbye: &Goodbye) {
    if matches!(goodbye.reason, Reason::ContractMismatch | Reason::VersionMismatch) {
        let error = StudioError::Contract { label: label.to_owned(), why: goodbye.to_string() };
        // When one has said so already, that one is enough.
        let _ = context.fatal.try_send(error);
    }
}

/// Runs the studio until its time is over, or until it is told to end.
///
/// # Errors
///
/// See [`StudioError`]; everything that was started has ended then.
pub fn run(options: &cli::Studio) -> Result<(), StudioError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(start(options));
    runtime.shutdown_timeout(GRACE);
    outcome
}

async fn start(options: &cli::Studio) -> Result<(), StudioError> {
    let sources = options.cameras.sources().map_err(StudioError::Arguments)?;
    let builder = Hub::builder(contract()).observe_calls(true);
    let hub = roles::all().into_iter().fold(builder, |builder, role| builder.role(role)).build()?;
    let program = match &options.child_program {
        Some(program) => program.clone(),
        None => std::env::current_exe()?,
    };
    let config = PeerConfig {
        client: "main".to_owned(),
        interfaces: vec![CameraWorkerInterface::descriptor()],
        ..PeerConfig::default()
    };
    let (fatal, failures) = mpsc::channel(1);
    let renderers = [Kind::Statistics, Kind::Light].map(Renderer::new);
    let registry = desk::start(&hub, &renderers.each_ref().map(|(each, _)| Arc::clone(each)))?;
    let context = Context {
        main: hub.connect("main", roles::MAIN, &config)?,
        spawner: Spawner::new(hub.clone(), program),
        controls: watch::channel(Controls::default()).0,
        restarts: Restarts::default(),
        registry: Arc::new(registry),
        log: Arc::default(),
        fatal,
        closing: Arc::default(),
        tasks: Arc::default(),
        hub,
    };
    // Kept until the peers have been told: to them everything ends at once, and nothing has failed.
    let mut hosted = Vec::new();
    let outcome = serve(options, &sources, &context, &mut hosted, failures, renderers).await;
    end(&context).await;
    outcome
}

/// Everything ends with main: peers are told, processes have a moment, then they are killed.
async fn end(context: &Context) {
    context.closing.store(true, Ordering::Relaxed);
    context.registry.quit(GRACE).await;
    let mut tasks =
        std::mem::take(&mut *context.tasks.lock().unwrap_or_else(PoisonError::into_inner));
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        // Processes are killed when what holds them is dropped.
        tasks.shutdown().await;
    }
}

async fn serve(
    options: &cli::Studio,
    sources: &[crate::source::SourceSpec],
    context: &Context,
    hosted: &mut Vec<Hosted>,
    mut failures: mpsc::Receiver<StudioError>,
    renderers: [(Arc<Renderer>, Runner); 2],
) -> Result<(), StudioError> {
    let hub = &context.hub;
    let mut windows = windows::Windows::bind(options.port)?;
    let observer = observer::Observer::start(hub, Arc::clone(&context.log));
    let (receivers, receivers_hosted) = receivers::Receivers::serve(hub)?;
    let (cameras, cameras_hosted) = cameras::Studio::serve(context, sources)?;
    hosted.extend([
        context.log.serve(hub)?,
        receivers_hosted,
        cameras_hosted,
        settings::Store::serve(hub, context.controls.clone())?,
        notices::Board::serve(hub)?,
        hub.host_topics::<LiveInterface>("")?,
        hub.host_topics::<MeasurementsInterface>("")?,
    ]);
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        // What a failure comes from is said before what comes of it.
        biased;
        error = failures.recv() => return Err(error.unwrap_or_else(gone)),
        plugged = cameras.plug_all() => plugged?,
        _ = tokio::signal::ctrl_c() => return Ok(()),
        _ = terminated.recv() => return Ok(()),
    }
    // They run for as long as they are held here.
    let [victim, _light] = renderers.map(|(renderer, runner)| {
        context.spawn(runner.run(context.clone()));
        renderer
    });
    windows.open(hub);
    context.registry.ready();
    say(&greeting(&windows));

    let began = clock::monotonic();
    let start = tokio::time::Instant::from_std(began);
    let until = options.duration.map(|duration| start + duration);
    let mut figures = Figures {
        hub: hub.clone(),
        cameras: Arc::clone(&cameras),
        receivers: Arc::clone(&receivers),
        observer,
        restarts: context.restarts.clone(),
        before: (0, 0),
    };
    let kill_after = match options.duration {
        None => Some(KILL_AFTER),
        Some(run) => (run >= KILL_RUN_MIN).then_some(run / 2),
    };
    let kill_after = kill_after.filter(|_| !options.no_kill);
    let killing = async {
        match kill_after {
            Some(after) => {
                sleep_until(start + after).await;
                match demonstration::run(&victim, &receivers).await {
                    Some(outcome) => outcome,
                    // Somebody has closed it before.
                    None => std::future::pending().await,
                }
            }
            None => std::future::pending().await,
        }
    };
    let mut killing = std::pin::pin!(killing);
    let mut killed = None;
    let mut seconds = interval_at(start + Duration::from_secs(1), Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // Until the time is over, or somebody ends the studio.
    loop {
        tokio::select! {
            _ = seconds.tick() => {
                if !options.quiet {
                    say(&[figures.line(began.elapsed())]);
                }
                if windows.renew_launcher() {
                    say(&[format!("to let in another browser, open {}", windows.launcher())]);
                }
            }
            outcome = &mut killing, if killed.is_none() => {
                say(&[outcome.to_string()]);
                killed = Some(outcome);
            }
            () = async { match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }} => break,
            error = failures.recv() => return Err(error.unwrap_or_else(gone)),
            _ = context.registry.quit_asked() => break,
            _ = tokio::signal::ctrl_c() => break,
            _ = terminated.recv() => break,
        }
    }
    let ran = began.elapsed();
    cameras.settle().await;
    last_reports(&receivers).await;
    let summary = figures.summary(ran, killed);
    say(&summary.lines());
    if let Some(path) = &options.summary {
        let failed = |error| StudioError::Summary { path: path.clone(), error };
        let text = serde_json::to_string_pretty(&summary)
            .map_err(|error| StudioError::Internal(error.to_string()))?;
        std::fs::write(path, text + "\n").map_err(failed)?;
    }
    Ok(())
}

/// Waits until every receiver that is there has reported once more, or for as long as that usually takes.
async fn last_reports(receivers: &receivers::Receivers) {
    let since = clock::monotonic();
    let all = async {
        // Every turn waits for a report.
        loop {
            let reported = receivers.reported.notified();
            let late =
                |each: &receivers::Receiver| each.present && each.at.is_none_or(|at| at < since);
            if !receivers.all().values().any(late) {
                return;
            }
            reported.await;
        }
    };
    let _ = timeout(LAST_REPORTS, all).await;
}

fn gone() -> StudioError {
    StudioError::Internal("the studio has lost its own parts".to_owned())
}

fn greeting(windows: &windows::Windows) -> Vec<String> {
    let mut lines = vec![
        "The studio is running. Open this file in a browser; it lets that browser in, once:"
            .to_owned(),
        format!("  {}", windows.launcher()),
        "Then, in the same browser:".to_owned(),
    ];
    lines.extend(windows.addresses().map(|(kind, address)| format!("  {kind:<10}{address}")));
    lines
}

/// Prints lines. That nobody reads them is no reason to end.
fn say(lines: &[String]) {
    let mut output = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(output, "{line}");
    }
    let _ = output.flush();
}
