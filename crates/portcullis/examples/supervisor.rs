//! Kills a supervised process again and again, and says how soon those who wait know of it, and how soon its successor has
//! answered: `cargo run --release -p portcullis --example supervisor`. With `--stuck` it also stops one and waits for the
//! keep-alive, which takes half a minute.
#![allow(clippy::disallowed_methods, reason = "it measures")]

#[cfg(not(unix))]
fn main() {}

#[allow(unreachable_pub, reason = "in an application, a crate of its own")]
mod contract {
    //! The contract; in an application, a crate of its own.
    use portcullis::Call;

    /// Answers, or does not.
    #[portcullis::interface(name = "example.oracle", version = 1)]
    pub trait Oracle {
        /// Answers with the number.
        #[call(deadline = "5s")]
        async fn answer(&self, cx: &Call, number: u32) -> u32;
        /// Never answers.
        #[call(deadline = "5m")]
        async fn never(&self, cx: &Call);
    }

    portcullis::contract! { name = "example", interfaces = [Oracle] }
}

#[cfg(unix)]
type Outcome = Result<(), Box<dyn std::error::Error>>;

#[cfg(unix)]
#[tokio::main]
async fn main() -> Outcome {
    match std::env::args().nth(1).as_deref() {
        Some("worker") => example::work().await,
        Some("--stuck") => example::measure(true).await,
        _ => example::measure(false).await,
    }
}

#[cfg(unix)]
mod example {
    use std::time::{Duration, Instant};

    use portcullis::hub::{Admission, Kind};
    use portcullis::peer::{Peer, PeerConfig, Target};
    use portcullis::supervisor::{Phase, RestartPolicy, Spec, Supervised, Supervisor};
    use portcullis::{Call, Hub, Role};
    use tokio::process::Command;

    use super::Outcome;
    use super::contract::{Oracle, OracleClient, OracleServer, contract};

    /// Kills in each row.
    const KILLS: usize = 50;
    /// Calls that wait at each kill.
    const WAITING: usize = 8;

    struct Answers;

    impl Oracle for Answers {
        async fn answer(&self, _: &Call, number: u32) -> u32 {
            number
        }

        async fn never(&self, _: &Call) {
            std::future::pending().await
        }
    }

    pub(super) async fn work() -> Outcome {
        let peer = portcullis::client::connect_inherited(&PeerConfig::default())?;
        let _served = peer.serve(OracleServer::new(Answers), "").await?;
        peer.closed().await;
        Ok(())
    }

    fn spec(initial: Duration) -> Spec {
        let policy = RestartPolicy {
            initial,
            // Each wait is the first one.
            steady: Duration::ZERO,
            restarts: 1_000,
            ..RestartPolicy::default()
        };
        let admission = Admission::new("oracle", "worker", Kind::Native);
        let command = || {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("worker");
            Ok(command)
        };
        Spec::new(admission, command).serves("example.oracle").policy(policy)
    }

    pub(super) async fn measure(stuck: bool) -> Outcome {
        let role = Role::new("worker").serve("example.oracle");
        let asks = Role::new("main").call("example.oracle.*");
        let hub = Hub::builder(contract()).role(role).role(asks).build()?;
        let supervisor = Supervisor::new(&hub);
        let main = hub.connect("main", "main", &PeerConfig::default())?;

        let mut oracle = supervisor.start(spec(Duration::ZERO));
        let (mut told, mut back) = (Vec::new(), Vec::new());
        for _ in 0..KILLS {
            let (first, second) = kill(&mut oracle, &main).await?;
            told.push(first);
            back.push(second);
        }
        row("a kill, until all who wait are told", told);
        row("a kill, until the successor has answered, without a wait", back);
        oracle.stop().await;

        let mut oracle = supervisor.start(spec(RestartPolicy::default().initial));
        let mut back = Vec::new();
        for _ in 0..KILLS {
            back.push(kill(&mut oracle, &main).await?.1);
        }
        row("the same with the first wait of 100 ms, less 20 % by chance", back);

        if stuck {
            let bound = up(&mut oracle, &main, 0).await?;
            let never = bound.never();
            let process = oracle.status().process.unwrap_or_default().to_string();
            let began = Instant::now();
            Command::new("kill").args(["-STOP", &process]).status().await?;
            let run = oracle.status().run;
            println!("stopped; {}", never.await.err().map_or_else(String::new, |e| e.to_string()));
            row("a stop, until who waits is told", vec![began.elapsed()]);
            up(&mut oracle, &main, run).await?.answer(1).await?;
            row("a stop, until the successor has answered", vec![began.elapsed()]);
        }
        supervisor.stop().await;
        Ok(())
    }

    /// Kills it while calls wait: how long until all have ended, and until another has answered.
    async fn kill(
        oracle: &mut Supervised,
        main: &Peer,
    ) -> Result<(Duration, Duration), Box<dyn std::error::Error>> {
        let bound = up(oracle, main, 0).await?;
        // Answered, so that those before it are there.
        let waiting: Vec<_> = (0..WAITING).map(|_| bound.never()).collect();
        bound.answer(1).await?;
        let run = oracle.status().run;
        let began = Instant::now();
        oracle.kill();
        for never in waiting {
            if never.await.is_ok() {
                return Err("nobody answers that".into());
            }
        }
        let told = began.elapsed();
        up(oracle, main, run).await?.answer(2).await?;
        Ok((told, began.elapsed()))
    }

    /// Binds to the run after that of this number.
    async fn up(
        oracle: &mut Supervised,
        main: &Peer,
        run: u32,
    ) -> Result<OracleClient, Box<dyn std::error::Error>> {
        loop {
            let status = oracle.status();
            if status.phase == Phase::Ready && status.run > run {
                return Ok(main.bind(Target::Label("oracle".to_owned())).await?);
            }
            oracle.changed().await.ok_or("it has ended")?;
        }
    }

    fn row(what: &str, mut times: Vec<Duration>) {
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100];
        println!(
            "{what}: {:.2?} median, {:.2?} p90, {:.2?} at most ({} times)",
            at(50),
            at(90),
            at(100),
            times.len()
        );
    }
}
