//! A hub over the sample contract on a Unix socket, for peers in other languages: `sample-hub PATH`. It serves the
//! interfaces in main, takes every process of this user in as `all`, says `ready`, and ends when its input ends.

use std::io::Read;
use std::sync::{Arc, OnceLock};

use conformance::service::{BlobsService, EchoService, FlowsService, SharedService};
use portcullis::hub::{Admission, Kind};
use portcullis::{Call, Hub, Role};
use sample_contract::{
    BlobsServer, EchoServer, FlowsServer, SharedPublisher, SharedServer, Topics, TopicsPublisher,
    TopicsServer, contract,
};

/// Publishes when it is called.
#[derive(Default)]
struct TopicsService {
    publisher: OnceLock<TopicsPublisher>,
}

impl Topics for TopicsService {
    async fn emit(&self, _: &Call, number: u32, times: u32) {
        let Some(publisher) = self.publisher.get() else { return };
        for _ in 0..times {
            // Whoever has left since is not missed here.
            let _ = publisher.ticked(&number);
            let _ = publisher.kept(&number);
            let _ = publisher.strict(&number);
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: sample-hub PATH")?;
    let interfaces =
        ["sample.blobs", "sample.echo", "sample.flows", "sample.shared", "sample.topics"];
    let role = interfaces
        .into_iter()
        .fold(Role::new("all"), |role, name| role.call(format!("{name}.*")).serve(name));
    let role = ["sample.blobs.*", "sample.shared.*", "sample.topics.*"]
        .into_iter()
        .fold(role, |role, topics| role.subscribe(topics).publish(topics));
    let hub = Hub::builder(contract()).role(role).build()?;
    let service = Arc::new(TopicsService::default());
    let topics = hub.serve(TopicsServer::from_arc(Arc::clone(&service)))?;
    let _ = service.publisher.set(topics.publisher());
    let service = Arc::new(BlobsService::default());
    let blobs = hub.serve(BlobsServer::from_arc(Arc::clone(&service)))?;
    service.publish_with(blobs.publisher());
    let service = SharedService::default();
    let state = service.state.clone();
    let shared = hub.serve(SharedServer::new(service))?;
    let publisher: SharedPublisher = shared.publisher();
    state.publish_to(move |tally| publisher.tally(tally))?;
    let _echo = hub.serve(EchoServer::new(EchoService::default()))?;
    let flows: FlowsService = Default::default();
    let _flows = hub.serve(FlowsServer::new(flows))?;
    let _socket = hub.listen_unix(path, |_| Some(Admission::new("peer", "all", Kind::Native)))?;
    println!("ready");
    // Whoever started it holds its input open, so that it never outlives them.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
