//! The browser gate: an HTTP server on loopback that ends in admitted WebSockets. It knows nothing
//! of frames, sessions of the protocol, or the hub; it hands out connections.
//!
//! Any page in the world can make a browser send requests to loopback, and any local user can
//! connect to it. So a page proves four things before it has a WebSocket:
//!
//! 1. Somebody with access to the user's own files let the browser in: a [`Launcher`] file, which
//!    only this user can read, posts a one-time code to `/enter` and gets an HttpOnly,
//!    SameSite=Strict cookie.
//! 2. The request names the gate by its own address (Host), so no rebound DNS name leads here.
//! 3. The page is of a listed [`Origin`]. It shows the cookie to `POST /ticket`, names its window
//!    kind (`window=viewer`) and gets a ticket as text.
//! 4. The ticket is fresh, unused and this session's. The page offers it as a subprotocol to
//!    `/connect`; the gate selects `portcullis.v1` and never repeats the ticket.
//!
//! ```js
//! const body = new URLSearchParams({ window: "viewer" });
//! const ticket = await (await fetch("/ticket", { method: "POST", body })).text();
//! const socket = new WebSocket(`ws://${location.host}/connect`, ["portcullis.v1", `ticket.${ticket}`]);
//! ```
//!
//! The fetch must keep its default mode: with `mode: "same-origin"` the Fetch standard lets a
//! browser that was told to send no referrer make the Origin `null`, and that is refused.
//!
//! What it does not protect from: a program that runs as the same user (it can read the launcher
//! and the browser's own store), and a server of another local user on another port of the same
//! address that the user is brought to visit, as browsers send cookies to every port of a host.
//! Such a server would still have to use the cookie while the gate is up.
//!
//! ```no_run
//! use portcullis::web::{Files, Gate, GateConfig};
//!
//! # async fn run() -> Result<(), portcullis::web::GateError> {
//! let files = Files::new().file("/viewer", "text/html", "<!doctype html><title>Viewer</title>");
//! let gate = Gate::bind(GateConfig::new().files(files).windows(["viewer"]))?;
//! let launcher = gate.launcher("/viewer")?;
//! println!("open {}", launcher.path().display());
//! while let Some(mut page) = gate.accept().await {
//!     while let Some(Ok(message)) = page.socket.recv().await {
//!         let _ = page.socket.send(message).await;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

// What arrives here comes from anybody; a panic would be theirs to trigger.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod config;
mod denial;
mod fields;
mod files;
#[cfg(feature = "unstable-fuzz")]
#[doc(hidden)]
pub mod fuzz;
mod gate;
mod halves;
mod http;
mod launcher;
mod origin;
mod secret;
mod socket;
mod ticket;
mod turns;
mod upgrade;

pub use config::{
    BODY_BYTES_MAX, CODE_LIFE, EXCHANGE_TIMEOUT, GateConfig, GateError, HALF_OPEN_MAX,
    HEAD_BYTES_MAX, HEAD_TIMEOUT, HEADERS_MAX, MESSAGE_BYTES_MAX, SOCKETS_MAX, TICKET_LIFE,
    WINDOW_BYTES_MAX, WINDOWS_MAX,
};
pub use denial::{Denial, GateCounters};
pub use fields::{COOKIES_MAX, SUBPROTOCOL, SUBPROTOCOLS_MAX, TICKET_PREFIX};
pub use files::Files;
pub use gate::{Admitted, Gate};
pub use launcher::{EntryCode, Launcher};
pub use origin::{NotAnOrigin, ORIGIN_BYTES_MAX, ORIGINS_ALLOWED_MAX, Origin};
pub use socket::{
    CLOSE_REASON_BYTES_MAX, CLOSE_TIMEOUT, WebSocket, WebSocketReader, WebSocketWriter, WsError,
};
pub use ticket::{CODES_MAX, SESSIONS_MAX, SessionId, TICKETS_PER_SESSION_MAX};
