//! The application is one program: without an argument it is main, and main starts it again as its worker.

mod hub;
mod notes;
mod worker;

use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("worker") => worker::run().await,
        _ => hub::run().await,
    }
}
