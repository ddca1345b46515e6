//! Ways out of the sandbox, each tried by a real process that main has started, and each denied (f38); and what happens
//! on a kernel that lacks a part of it.
#![cfg(target_os = "linux")]

use conformance::WATCHDOG;
use conformance::probe::{Control, Finished, Lacks, Outcome, Place, Run, Sandbox, all, fatal};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sandbox-probe");
/// What the status of a sandbox says where the kernel has no landlock.
const NO_RULES: &str = "landlock's rules for files";

/// Runs the probe at a place of its own, on whatever this kernel has.
async fn probed(run: Run) -> Finished {
    let mut place = Place::new(PROGRAM).expect("a place");
    let ended = tokio::time::timeout(WATCHDOG, place.run(Run { allow: true, ..run })).await;
    let finished = ended.expect("it does not hang").expect("it was started");
    assert!(place.bystander_lives(), "{finished:?}");
    assert_eq!(place.hub().counters().violations(), 0);
    finished
}

/// All ways were tried, and the process has worked before and after: its connection, its time, its threads.
fn assert_worked(finished: &Finished, sandbox: &str) {
    assert!(finished.status.success(), "{finished:?}");
    let entered = finished.entered.as_deref().expect("it has connected");
    assert!(entered.starts_with(sandbox), "{entered}");
    for attempt in all() {
        assert!(finished.outcome(attempt.name).is_some(), "{} was not tried", attempt.name);
    }
}

fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn f38_no_way_leads_out_of_a_renderer() {
    let finished = probed(Run::new(Sandbox::Renderer)).await;
    assert_worked(&finished, "sandbox renderer");
    assert!(all().count() + fatal().count() > 40);
    for (name, outcome) in &finished.outcomes {
        assert!(outcome.is_denied(), "{name}: {outcome}");
    }
}

#[tokio::test]
async fn f38_a_worker_gets_what_was_stated_and_nothing_beside_it() {
    let finished = probed(Run::new(Sandbox::Worker)).await;
    assert_worked(&finished, "sandbox worker");
    let rules = finished.entered.as_ref().is_some_and(|status| !status.contains(NO_RULES));
    for (name, outcome) in &finished.outcomes {
        let of_worker = all().any(|attempt| attempt.name == name && attempt.of_worker);
        if of_worker || name.starts_with('+') {
            assert_eq!(*outcome, Outcome::Done, "{name}");
        } else if rules {
            assert!(outcome.is_denied(), "{name}: {outcome}");
        }
    }
    assert!(finished.outcomes.iter().filter(|(name, _)| name.starts_with('+')).count() >= 5);
}

/// The same ways are open where nothing is entered: the attempts are able to succeed.
#[tokio::test]
async fn f38_without_a_sandbox_the_ways_are_open() {
    let mut place = Place::new(PROGRAM).expect("a place");
    let ended = tokio::time::timeout(WATCHDOG, place.run(Run::new(Sandbox::None))).await;
    let finished = ended.expect("it does not hang").expect("it was started");
    assert!(finished.status.success(), "{finished:?}");
    for attempt in all() {
        let outcome = finished.outcome(attempt.name);
        match attempt.control {
            Control::Harmful => assert_eq!(outcome, None, "{}", attempt.name),
            Control::Superuser if !is_superuser() => {}
            _ => {
                let outcome = outcome.expect(attempt.name);
                assert!(!outcome.is_denied(), "{}: {outcome}", attempt.name);
            }
        }
    }
    assert!(place.bystander_lives());
}

#[tokio::test]
async fn f38_what_reaches_into_the_kernel_or_others_ends_the_process() {
    for attempt in fatal() {
        for sandbox in [Sandbox::None, Sandbox::Renderer, Sandbox::Worker] {
            if sandbox == Sandbox::None && (attempt.control == Control::Harmful || !is_superuser())
            {
                continue;
            }
            let run = Run { only: Some(attempt.name.to_owned()), ..Run::new(sandbox) };
            let outcome = probed(run).await.outcome(attempt.name).expect("tried");
            let denied = sandbox != Sandbox::None;
            assert_eq!(outcome.is_denied(), denied, "{} in {sandbox:?}: {outcome}", attempt.name);
        }
    }
}

/// A renderer opens nothing, so the filter alone closes every way that landlock closes too.
#[tokio::test]
async fn f38_without_landlock_every_way_out_of_a_renderer_is_closed_all_the_same() {
    let finished = probed(Run { lacks: Lacks::Landlock, ..Run::new(Sandbox::Renderer) }).await;
    assert_worked(&finished, "sandbox renderer, without landlock's rules for files");
    for (name, outcome) in &finished.outcomes {
        assert!(outcome.is_denied(), "{name}: {outcome}");
    }
}

/// What landlock closes is closed without the filter, too: each is a wall of its own.
#[tokio::test]
async fn f38_without_the_filter_landlock_closes_files_and_sockets() {
    let finished = probed(Run {
        lacks: Lacks::Filter,
        only: Some("read a file of main's".to_owned()),
        ..Run::new(Sandbox::Renderer)
    });
    let finished = finished.await;
    let status = finished.entered.clone().expect("it has connected");
    assert!(status.contains("without the system call filter"), "{status}");
    if status.contains(NO_RULES) {
        return;
    }
    for (name, needs) in [
        ("read a file of main's", NO_RULES),
        ("make a file", NO_RULES),
        ("open main's memory", NO_RULES),
        ("start a program", NO_RULES),
        ("connect by TCP", "the network"),
        ("kill main", "scopes"),
        ("kill a bystander", "scopes"),
        ("connect to an abstract socket", "scopes"),
    ] {
        if status.contains(needs) {
            continue;
        }
        let only = Some(name.to_owned());
        let run = Run { lacks: Lacks::Filter, only, ..Run::new(Sandbox::Renderer) };
        let outcome = probed(run).await.outcome(name).expect("tried");
        assert!(outcome.is_denied(), "{name}: {outcome}");
    }
}

#[tokio::test]
async fn f38_a_kernel_that_lacks_a_part_fails_closed_and_names_it() {
    for sandbox in [Sandbox::Renderer, Sandbox::Worker] {
        for (lacks, part) in
            [(Lacks::Landlock, NO_RULES), (Lacks::Filter, "the system call filter")]
        {
            let place = Place::new(PROGRAM).expect("a place");
            let run = Run { lacks, ..Run::new(sandbox) };
            let ended = tokio::time::timeout(WATCHDOG, place.run(run)).await;
            let finished = ended.expect("it does not hang").expect("it was started");
            assert_eq!(finished.status.code(), Some(1), "{finished:?}");
            assert!(finished.said.contains(part), "{}", finished.said);
            assert!(finished.said.contains("allow_missing"), "{}", finished.said);
            // It has not even connected.
            assert!(finished.entered.is_none() && finished.outcomes.is_empty(), "{finished:?}");
        }
    }
}

#[tokio::test]
async fn a_peer_without_a_runtime_works_inside() {
    let finished = probed(Run { blocking: true, ..Run::new(Sandbox::Renderer) }).await;
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.outcome("who"), Some(Outcome::Done));
}

#[tokio::test]
async fn whoever_has_connected_already_has_nothing_to_enter_with() {
    let finished = probed(Run { late: true, ..Run::new(Sandbox::Renderer) }).await;
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert!(finished.said.contains("no socket to enter with"), "{}", finished.said);
}
