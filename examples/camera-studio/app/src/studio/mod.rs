//! Main: the hub, the processes and the windows of the studio, from the first to the last. Each part is a file of its
//! own; here they are put together, in order, and ended in order.

mod camera;
mod cameras;
mod children;
mod context;
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
mod services;
mod settings;
mod visitors;
mod windows;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use camera_studio_contract::contract;
use portcullis::hub::{Hosted, Hub};
use portcullis::sandbox::Feature;
use portcullis_desktop::registry::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval_at, sleep_until, timeout};

use crate::cli;
use crate::clock;
use crate::renderer::Kind;
use context::Context;
pub use error::StudioError;
use figures::Figures;
use renderers::{Renderer, Runner};
use services::Services;
pub use services::host;

/// When the kill happens in a run without an end.
const KILL_AFTER: Duration = Duration::from_secs(5);
/// A run that is shorter than this has no middle.
const KILL_RUN_MIN: Duration = Duration::from_secs(4);
/// How long receivers have, at the end, to tell of the last pictures.
const LAST_REPORTS: Duration = Duration::from_millis(1500);
/// How long processes have to end before they are killed.
const GRACE: Duration = Duration::from_secs(2);

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
    let renderers = [Kind::Statistics, Kind::Light].map(Renderer::new);
    let registry = desk::start(&hub, &renderers.each_ref().map(|(each, _)| Arc::clone(each)))?;
    let registry = Arc::new(registry);
    let (context, failures) =
        Context::new(&hub, roles::MAIN, program, options.light_meter.clone())?;
    // Kept until the peers have been told: to them everything ends at once, and nothing has failed.
    let mut hosted = Vec::new();
    let outcome =
        serve(options, &sources, &context, &registry, &mut hosted, failures, renderers).await;
    // Everything ends with main: peers are told, processes have a moment, then they are killed.
    context.close();
    registry.quit(GRACE).await;
    context.join(GRACE).await;
    outcome
}

async fn serve(
    options: &cli::Studio,
    sources: &[crate::source::SourceSpec],
    context: &Context,
    registry: &Arc<Registry>,
    hosted: &mut Vec<Hosted>,
    mut failures: mpsc::Receiver<StudioError>,
    renderers: [(Arc<Renderer>, Runner); 2],
) -> Result<(), StudioError> {
    let hub = &context.hub;
    let mut windows = windows::Windows::bind(options.port)?;
    let Services { cameras, receivers, observer } = Services::start(context, sources, hosted)?;
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
        context.spawn(runner.run(context.clone(), Arc::clone(registry)));
        renderer
    });
    windows.open(hub);
    // They are let in for as long as this is held.
    let _visitors =
        options.socket.as_deref().map(|path| visitors::listen(hub, path)).transpose()?;
    let tap = options.tap.as_deref();
    // Every message can be read for as long as this is held.
    let _tap = tap.map(|path| portcullis_tap::listen(hub, path, roles::DEVELOPER)).transpose()?;
    registry.ready();
    say(&greeting(&windows, tap));

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
                    let mut lines = vec![figures.line(began.elapsed())];
                    lines.extend(figures.receiver_lines());
                    say(&lines);
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
            _ = registry.quit_asked() => break,
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

fn greeting(windows: &windows::Windows, tap: Option<&Path>) -> Vec<String> {
    let mut lines = vec![
        "The studio is running. Open this file in a browser; it lets that browser in, once:"
            .to_owned(),
        format!("  {}", windows.launcher()),
        "Then, in the same browser:".to_owned(),
    ];
    lines.extend(windows.addresses().map(|(kind, address)| format!("  {kind:<10}{address}")));
    if let Some(path) = tap {
        let path = path.display();
        lines.push(format!("Every message can be read: portcullis tap --socket {path}"));
    }
    lines.push(confinement(&portcullis::sandbox::missing()));
    lines
}

/// What holds for cameras and renderers on this system.
fn confinement(missing: &[Feature]) -> String {
    let begin = "Cameras and renderers run in a sandbox";
    match missing {
        [] => format!("{begin}."),
        all if all.len() == Feature::ALL.len() => {
            "Cameras and renderers run without a sandbox: this system has none.".to_owned()
        }
        some => {
            let names: Vec<String> = some.iter().map(Feature::to_string).collect();
            format!("{begin}, but without {}: this system lacks it.", names.join(" and "))
        }
    }
}

/// Prints lines. That nobody reads them is no reason to end.
fn say(lines: &[String]) {
    let mut output = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(output, "{line}");
    }
    let _ = output.flush();
}
