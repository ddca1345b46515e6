//! Programs that serve an instance for a while, and publish.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis_proto::error::Error;
use portcullis_proto::peer::Serving;
use portcullis_proto::rpc::Service;
use portcullis_proto::status::Status;
use sample_contract::{EchoServer, FlowsServer, TopicsPublisher, TopicsServer};

use super::{Done, HUB_MS, Program, SERVED_MS_MAX};
use crate::bench::{FlowsService, TopicsService};
use crate::service::Noted;
use crate::topics::Key;

/// How long a report may take beyond the time it was given, in milliseconds.
const REPORT_SLACK_MS: u32 = 2_000;
/// Most rounds of a publisher.
const ROUNDS_MAX: u64 = 300;

impl Program {
    pub(super) async fn serve_echo(&mut self) -> Done {
        let service = Noted::new(&self.world, &self.ledger);
        let _serving = self.serve(EchoServer::new(service)).await?;
        self.pause(SERVED_MS_MAX).await;
        Ok(())
    }

    pub(super) async fn serve_flows(&mut self) -> Done {
        let _serving = self.serve(FlowsServer::new(FlowsService)).await?;
        self.pause(SERVED_MS_MAX).await;
        Ok(())
    }

    pub(super) async fn serve(&self, service: impl Service) -> Result<Serving, Status> {
        let serving = self.peer.serve(service, self.instance.clone());
        self.outcome("serve", HUB_MS, serving).await
    }

    /// Serves topics and publishes numbers that count up, some with a report.
    pub(super) async fn serve_topics(&mut self) -> Done {
        // Nothing is published by calls here.
        let service = TopicsServer::new(TopicsService(Arc::new(OnceLock::new())));
        let serving = self.serve(service).await?;
        let publisher: TopicsPublisher = serving.publisher();
        let pace = [0, 5, 50, 1_000][self.rng.index(4)];
        for _ in 0..self.rng.below(ROUNDS_MAX) {
            if self.rng.one_in(6) {
                self.publish_reported(&publisher).await?;
            }
            self.publish("ticked", |value| publisher.ticked(&(value as u32)))?;
            self.publish("kept", |value| publisher.kept(&(value as u32)))?;
            self.publish("strict", |value| publisher.strict(&(value as u32)))?;
            self.publish("level", |value| publisher.level(&value))?;
            self.pause(pace).await;
        }
        self.pause(SERVED_MS_MAX / 4).await;
        Ok(())
    }

    fn publish(&self, topic: &'static str, send: impl FnOnce(u64) -> Result<(), Error>) -> Done {
        let key: Key = (self.instance.clone(), topic);
        let value = self.ledger.topics(|topics| topics.publish(&key));
        let Err(error) = send(value) else { return Ok(()) };
        self.ledger.topics(|topics| topics.take_back(&key));
        match error.status() {
            Status::ResourceExhausted => Ok(()),
            how if self.is_expected("publish", how) => Err(how),
            how => {
                self.broken(&format!("publish: {error}"));
                Err(how)
            }
        }
    }

    /// Publishes `ticked` or `kept`, and holds what the report says against what is read. Without a report nobody knows
    /// whether the value was published, so that this publisher is over.
    async fn publish_reported(&mut self, publisher: &TopicsPublisher) -> Done {
        let within_ms = [20, 500, 3_000][self.rng.index(3)];
        let within = Duration::from_millis(within_ms.into());
        let topic = ["ticked", "kept"][self.rng.index(2)];
        let key: Key = (self.instance.clone(), topic);
        let (value, before) =
            self.ledger.topics(|topics| (topics.publish(&key), topics.subscribed(&key)));
        let number = value as u32;
        let reporting = match topic {
            "ticked" => publisher.ticked_reported(&number, within),
            _ => publisher.kept_reported(&number, within),
        };
        // Its caller waits a little longer than the report takes.
        let report = self.outcome("report", within_ms + REPORT_SLACK_MS, reporting).await?;
        self.ledger.topics(|topics| topics.report(&key, value, report, before));
        Ok(())
    }
}
