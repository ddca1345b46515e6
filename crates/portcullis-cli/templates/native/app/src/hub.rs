//! Main, the trusted side: says who may do what, serves the notes, and keeps the worker running.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use portcullis::hub::{Admission, Kind};
use portcullis::supervisor::{Phase, Restart, Spec, Supervisor};
use portcullis::{Hub, Role};
use tokio::process::Command;

use my_app_contract::{NotesServer, contract};

use crate::notes::Memory;

/// Runs until the worker has done its work.
pub async fn run() -> Result<(), Box<dyn Error>> {
    let writer = Role::new("writer").call("notes.list.*").subscribe("notes.list.*");
    let hub = Hub::builder(contract()).role(writer).build()?;
    let memory = Arc::new(Memory::default());
    let served = hub.serve(NotesServer::from_arc(memory.clone()))?;
    memory.publish_by(served.publisher());

    let supervisor = Supervisor::new(&hub);
    let admission = Admission::new("worker", "writer", Kind::Native);
    let spec = Spec::new(admission, || {
        let mut command = Command::new(env::current_exe()?);
        command.arg("worker");
        Ok(command)
    });
    // A worker that ends well has done its work; one that dies is started again.
    let mut worker = supervisor.start(spec.restart(Restart::Transient));

    while let Some(status) = worker.changed().await {
        if let Some(exit) = status.exit.filter(|_| status.process.is_none()) {
            println!("main: the worker has ended: {exit}");
        }
        if status.phase == Phase::GaveUp {
            return Err("the worker cannot be kept running".into());
        }
    }
    hub.shutdown(Duration::from_secs(1)).await;
    Ok(())
}
