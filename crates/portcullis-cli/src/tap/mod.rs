//! `portcullis tap`: connects to a hub's socket and prints what passes, until it is ended, or the application is.

mod line;

use std::io::{self, Write as _};
use std::path::Path;

use portcullis::client::BlockingPeer;
use portcullis::hub::{Goodbye, Reason};
use portcullis::peer::{PeerConfig, Target};
use portcullis::rpc::Interface as _;
use portcullis::{Error, Failure, Incoming, Status};
use portcullis_tap::{TapBatch, TapClient, TapError, TapFilter, TapInterface, TapMessage};

/// The name under which main's log knows this program.
const CLIENT: &str = "portcullis tap";

/// What is printed, and how much.
pub(crate) struct Printing {
    pub(crate) json: bool,
    /// Characters of a line; 0 for all.
    pub(crate) width: usize,
    /// Messages after which it ends.
    pub(crate) count: Option<u64>,
}

/// Prints until nobody reads, as many were printed as were asked for, or the application ends.
pub(crate) fn run(socket: &Path, filter: TapFilter, printing: &Printing) -> Result<bool, String> {
    let at = socket.display();
    let config = PeerConfig {
        client: CLIENT.to_owned(),
        interfaces: vec![TapInterface::descriptor()],
        ..PeerConfig::default()
    };
    let connected = BlockingPeer::connect(socket, &config);
    let mut connection = connected.map_err(|error| format!("{at}: {}", unconnected(&error)))?;
    let peer = connection.peer().clone();
    let welcome = connection.block_on(peer.ready());
    welcome.map_err(|goodbye| format!("{at}: {}", unwelcome(&goodbye)))?;
    let bound = connection.block_on(peer.bind::<TapClient>(Target::Any));
    let tap = bound.map_err(|error| format!("{at}: {}", unbound(&error)))?;
    let mut stream = tap.watch(filter);
    let mut printed = 0;
    // Every turn waits for a batch.
    loop {
        let batch = match next(&mut connection, &mut stream) {
            Ok(Some(batch)) => batch,
            Ok(None) => return Ok(true),
            Err(message) => return Err(format!("{at}: {message}")),
        };
        let left = printing.count.map_or(u64::MAX, |count| count.saturating_sub(printed));
        let take = usize::try_from(left).unwrap_or(usize::MAX).min(batch.messages.len());
        let messages = batch.messages.get(..take).unwrap_or_default();
        match print(batch.missed, messages, printing) {
            Ok(()) => printed += take as u64,
            // Whoever reads has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(true),
            Err(error) => return Err(format!("cannot print: {error}")),
        }
        if printing.count.is_some_and(|count| printed >= count) {
            return Ok(true);
        }
    }
}

type Stream = Incoming<TapBatch, (), Failure<TapError>>;

/// The next batch; `None` when the application has ended.
fn next(connection: &mut BlockingPeer, stream: &mut Stream) -> Result<Option<TapBatch>, String> {
    match connection.block_on(stream.next()) {
        Ok(batch) => Ok(batch),
        Err(Failure::App(error)) => Err(refused(error)),
        Err(Failure::Error(error)) => match error.status() {
            Status::Unavailable => {
                eprintln!("portcullis: the application has ended its tap");
                Ok(None)
            }
            Status::PermissionDenied => Err("the grant of `portcullis.tap` has ended".to_owned()),
            _ => Err(error.to_string()),
        },
    }
}

fn print(missed: u64, messages: &[TapMessage], printing: &Printing) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if missed > 0 {
        writeln!(out, "{}", line::missed(missed, printing.json))?;
    }
    for message in messages {
        if printing.json {
            writeln!(out, "{}", line::json(message))?;
        } else {
            writeln!(out, "{}", line::text(message, printing.width))?;
        }
    }
    out.flush()
}

fn unconnected(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no socket; does the application run, with its tap switched on?".to_owned()
        }
        io::ErrorKind::ConnectionRefused => {
            "nobody listens there; does the application run, with its tap switched on?".to_owned()
        }
        io::ErrorKind::PermissionDenied => "only the user whose it is may connect".to_owned(),
        _ => error.to_string(),
    }
}

fn unwelcome(goodbye: &Goodbye) -> String {
    match goodbye.reason {
        Reason::ContractMismatch | Reason::VersionMismatch => {
            format!("the application was built with another version: {}", goodbye.message)
        }
        Reason::Closed => "the application lets nobody in who connects here".to_owned(),
        _ => goodbye.to_string(),
    }
}

fn unbound(error: &Error) -> String {
    match error.status() {
        Status::PermissionDenied => {
            "whoever connects here may not tap: its role is not granted `portcullis.tap.*`"
                .to_owned()
        }
        Status::Unavailable => "the application has not switched its tap on".to_owned(),
        _ => error.to_string(),
    }
}

fn refused(error: TapError) -> String {
    match error {
        TapError::NoSuchChannel { pattern, nearest } => {
            let meant = nearest.map(|nearest| format!("; did you mean `{nearest}`?"));
            format!("the contract has no channel `{pattern}`{}", meant.unwrap_or_default())
        }
        TapError::TooManyTaps { taps_max } => {
            format!("the application has {taps_max} taps already, as many as it may have")
        }
    }
}
