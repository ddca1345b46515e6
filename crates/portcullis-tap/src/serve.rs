//! For a native main: serves [`Tap`](crate::Tap) on its hub. Each call has a tap of its own, which ends with it.

use portcullis::hub::{self, Hosted, Hub, ServeError, TapMessage as Passed};
use portcullis::{Call, Error, Failure, Json, Sink, Status, Timestamp, schema};
use schema::Schema;
use schema::shown::Extent;

use crate::{
    BATCH_MAX, Tap, TapBatch, TapBody, TapError, TapExtent, TapFilter, TapKind, TapMessage,
    TapServer,
};

/// Room for the JSON of a body, in bytes.
const JSON_BYTES_MAX: usize = 16 * 1024;

/// Serves [`Tap`](crate::Tap) until what is returned is dropped. Who may call it, its role says.
///
/// # Errors
///
/// The hub's contract does not have the interface, or main serves it already.
pub fn serve(hub: &Hub) -> Result<Hosted, ServeError> {
    hub.serve(TapServer::new(Service { hub: hub.clone() }))
}

struct Service {
    hub: Hub,
}

impl Tap for Service {
    async fn watch(
        &self,
        cx: &Call,
        filter: TapFilter,
        mut out: Sink<TapBatch>,
    ) -> Result<(), Failure<TapError>> {
        let wanted = hub::TapFilter { peers: filter.peers, channels: filter.channels };
        let mut tap = self.hub.tap(&wanted).map_err(refused)?;
        let schema = self.hub.schema();
        if let Some(caller) = cx.caller() {
            tracing::warn!(label = %caller.label, role = %caller.role, "the messages of this hub are tapped");
        }
        // The caller knows that it has begun; and a stream that has begun has no deadline any more.
        out.send(&TapBatch::default()).await?;
        let mut missed = 0;
        // Every turn waits for messages, and for room. It ends when the caller has enough: then nobody polls it any more.
        loop {
            let passed = tap.next(BATCH_MAX as usize).await;
            let messages = passed.iter().map(|passed| message(passed, &schema)).collect();
            let batch = TapBatch { missed: tap.missed() - missed, messages };
            missed = tap.missed();
            out.send(&batch).await?;
        }
    }
}

fn refused(error: hub::TapError) -> Failure<TapError> {
    match error {
        hub::TapError::NoSuchChannel { pattern, nearest } => {
            Failure::App(TapError::NoSuchChannel { pattern, nearest })
        }
        hub::TapError::TooManyTaps => {
            Failure::App(TapError::TooManyTaps { taps_max: hub::TAPS_MAX as u32 })
        }
        other => Failure::Error(Error::new(Status::InvalidArgument, other.to_string())),
    }
}

fn message(passed: &Passed, schema: &Schema) -> TapMessage {
    let record = &passed.record;
    let shown = record.show(schema, JSON_BYTES_MAX);
    TapMessage {
        at: Timestamp::from_system(passed.at),
        kind: kind(record.kind),
        channel: record.channel.to_string(),
        from: label(&record.from),
        to: record.to.as_deref().map(label),
        bytes: record.bytes,
        correlation: record.correlation,
        body: shown.and_then(|shown| {
            // What a schema shows is JSON, whatever the body is.
            let json = Json::new(shown.json).ok()?;
            Some(TapBody { json, extent: extent(shown.extent) })
        }),
    }
}

fn label(label: &str) -> String {
    if label.is_empty() { hub::MAIN_LABEL.to_owned() } else { label.to_owned() }
}

fn kind(kind: hub::TapKind) -> TapKind {
    match kind {
        hub::TapKind::Request => TapKind::Request,
        hub::TapKind::Outcome { status, duration } => {
            TapKind::Outcome { status: status.name().to_owned(), duration }
        }
        hub::TapKind::Notification => TapKind::Notification,
        hub::TapKind::ItemUp => TapKind::ItemUp,
        hub::TapKind::ItemDown => TapKind::ItemDown,
        hub::TapKind::Value { subscribers, missed } => TapKind::Value { subscribers, missed },
        _ => TapKind::Denied,
    }
}

fn extent(extent: Extent) -> TapExtent {
    match extent {
        Extent::Whole => TapExtent::Whole,
        Extent::Cut => TapExtent::Cut,
        Extent::Malformed(kind) => TapExtent::Malformed { error: kind.name().to_owned() },
    }
}

#[cfg(unix)]
mod listening {
    use std::fmt;
    use std::path::PathBuf;

    use portcullis::hub::{Admission, Hosted, Hub, Kind, ListenError, ServeError, UnixListening};

    /// What a reader of the tap is called.
    const LABEL: &str = "tap";

    /// The tap is served, and its socket stands, until this is dropped.
    #[derive(Debug)]
    #[must_use = "the tap ends when this is dropped"]
    pub struct Listening {
        listening: UnixListening,
        _hosted: Hosted,
    }

    impl Listening {
        /// Where `portcullis tap --socket` connects.
        pub fn path(&self) -> &std::path::Path {
            self.listening.path()
        }
    }

    /// Why a hub cannot be tapped over a socket.
    #[derive(Debug)]
    #[non_exhaustive]
    pub enum StartError {
        /// The interface cannot be served.
        Serve(ServeError),
        /// The socket cannot stand there.
        Listen(ListenError),
        /// The hub has no such role.
        UnknownRole(String),
    }

    impl fmt::Display for StartError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match self {
                Self::Serve(error) => error.fmt(f),
                Self::Listen(error) => error.fmt(f),
                Self::UnknownRole(role) => write!(f, "there is no role `{role}`"),
            }
        }
    }

    impl std::error::Error for StartError {}

    /// Switches the tap on: serves it, and listens at `path` for `portcullis tap`, with `role` for whoever connects there. Only
    /// processes of this user can, and the socket's folder must be this user's alone; see [`Hub::listen_unix`].
    ///
    /// ```
    /// use portcullis::{Hub, Role};
    /// # mod notes {
    /// #     portcullis::contract! { name = "notes", interfaces = [portcullis_tap::Tap] }
    /// # }
    /// # use std::os::unix::fs::DirBuilderExt;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = std::env::temp_dir().join(format!("portcullis-tap-listen-{}", std::process::id()));
    /// # std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    ///
    /// let hub = Hub::builder(notes::contract())
    ///     .role(Role::new("developer").call("portcullis.tap.*"))
    ///     .build()?;
    /// // Only where the user has asked for it: `notes --tap PATH`.
    /// let tap = portcullis_tap::listen(&hub, folder.join("tap"), "developer")?;
    /// # drop(tap);
    /// # std::fs::remove_dir_all(folder)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing is served then.
    pub fn listen(
        hub: &Hub,
        path: impl Into<PathBuf>,
        role: &str,
    ) -> Result<Listening, StartError> {
        if !hub.has_role(role) {
            return Err(StartError::UnknownRole(role.to_owned()));
        }
        let hosted = super::serve(hub).map_err(StartError::Serve)?;
        let role = role.to_owned();
        let admit = move |_: &_| Some(Admission::new(LABEL, role.clone(), Kind::Native));
        let listening = hub.listen_unix(path.into(), admit).map_err(StartError::Listen)?;
        Ok(Listening { listening, _hosted: hosted })
    }
}

#[cfg(unix)]
pub use listening::{Listening, StartError, listen};
