//! A hub of one version of the contract on a Unix socket, for peers of the other in other languages: `evolution-hub old|new
//! PATH`. It serves the catalog in main, takes every process of this user in, says `ready`, and ends when its input ends.

use std::io::Read;

use evolution::{new, old};
use portcullis::Hub;
use portcullis::hub::{Admission, Hosted, Kind};
use portcullis::testing::{ANYTHING, anything};

type Failed = Box<dyn std::error::Error>;

fn old_main() -> Result<(Hub, Hosted), Failed> {
    let hub = Hub::builder(old::contract()).role(anything(old::contract())).build()?;
    let served = hub.serve(old::CatalogServer::new(old::Shelf))?;
    served.publisher::<old::CatalogPublisher>().latest(&old::item("lamp"))?;
    Ok((hub, served))
}

fn new_main() -> Result<(Hub, Hosted), Failed> {
    let hub = Hub::builder(new::contract()).role(anything(new::contract())).build()?;
    let served = hub.serve(new::CatalogServer::new(new::Shelf))?;
    served.publisher::<new::CatalogPublisher>().latest(&new::item("lamp"))?;
    Ok((hub, served))
}

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let usage = "usage: evolution-hub old|new PATH";
    let mut arguments = std::env::args().skip(1);
    let (hub, _served) = match arguments.next().as_deref() {
        Some("old") => old_main()?,
        Some("new") => new_main()?,
        _ => return Err(usage.into()),
    };
    let path = arguments.next().ok_or(usage)?;
    let _socket =
        hub.listen_unix(path, |_| Some(Admission::new("peer", ANYTHING, Kind::Native)))?;
    println!("ready");
    // Whoever started it holds its input open, so that it never outlives them.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
