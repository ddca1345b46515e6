//! Tries ways out of the sandbox: without arguments it is main, and prints how each way went without a sandbox, in a
//! renderer's and in a worker's. With arguments it is the process that tries.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        table::print()
    } else {
        conformance::probe::run(arguments.into_iter())
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("there is no sandbox for processes on this system");
}

#[cfg(target_os = "linux")]
mod table {
    use std::process::ExitCode;

    use conformance::probe::{Attempt, Finished, Outcome, Place, Run, Sandbox, all, fatal};

    const SANDBOXES: [Sandbox; 3] = [Sandbox::None, Sandbox::Renderer, Sandbox::Worker];

    /// Fails when a way was open.
    #[tokio::main(flavor = "current_thread")]
    pub(super) async fn print() -> ExitCode {
        match rows().await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("sandbox-probe: {error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn rows() -> std::io::Result<bool> {
        let program = std::env::current_exe()?;
        let mut runs = Vec::new();
        for sandbox in SANDBOXES {
            let finished = Place::new(&program)?.run(Run::new(sandbox)).await?;
            println!("{}", finished.entered.as_deref().unwrap_or(&finished.said));
            runs.push(finished);
        }
        let mut closed = 0;
        let mut ways = 0;
        println!("{:<42}{:<14}{:<14}worker", "attempt", "no sandbox", "renderer");
        for attempt in all() {
            let outcomes = runs.iter().map(|run| run.outcome(attempt.name)).collect();
            ways += 1;
            closed += usize::from(row(&attempt, outcomes));
        }
        for attempt in fatal() {
            let mut outcomes = Vec::new();
            for sandbox in SANDBOXES {
                let mut run = Run::new(sandbox);
                run.only = Some(attempt.name.to_owned());
                let finished: Finished = Place::new(&program)?.run(run).await?;
                outcomes.push(finished.outcome(attempt.name));
            }
            ways += 1;
            closed += usize::from(row(&attempt, outcomes));
        }
        println!("{closed} of {ways} ways are closed");
        Ok(closed == ways)
    }

    /// Prints a row, and tells whether the way is closed where it should be.
    fn row(attempt: &Attempt, outcomes: Vec<Option<Outcome>>) -> bool {
        let word = |outcome: &Option<Outcome>| match outcome {
            Some(outcome) => outcome.to_string(),
            None => "not tried".to_owned(),
        };
        let words: Vec<String> = outcomes.iter().map(word).collect();
        let cells: String = words.iter().map(|word| format!("{word:<14}")).collect();
        println!("{:<42}{}", attempt.name, cells.trim_end());
        let denied =
            |at: usize| outcomes.get(at).copied().flatten().is_some_and(Outcome::is_denied);
        denied(1) && (attempt.of_worker || denied(2))
    }
}
