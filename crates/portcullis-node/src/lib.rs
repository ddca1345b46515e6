//! Portcullis as a Node addon: a thin driver of the hub in Node's or Electron's main process. JavaScript brings bytes and
//! takes bytes; policy, validation and routing are the hub's. `@portcullis/node` is its only caller.
//!
//! An application whose services are in Rust builds an addon of its own: a `cdylib` that depends on this crate, with one
//! line of code.
//!
//! ```ignore
//! portcullis_node::export!(my_contract::contract, services);
//!
//! fn services(hub: &portcullis::Hub) -> Result<Vec<portcullis::hub::Hosted>, portcullis::hub::ServeError> {
//!     Ok(vec![hub.serve(CamerasServer::new(Studio))?])
//! }
//! ```
#![cfg_attr(
    test,
    allow(dead_code, reason = "`#[napi]` exports nothing to tests, and they have no Node")
)]

mod application;
mod bytes;
mod code;
mod config;
mod exports;
mod live;
mod record;
mod report;
mod wakeups;

/// What the code of [`export!`] stands on. Not for use by hand: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use napi;

    pub use crate::application::register;
}

/// Makes an application's own addon: `export!(contract, services)`.
///
/// `contract` is the function that `portcullis::contract!` has made; it is the hub's contract unless JavaScript names
/// another. `services` is a `fn(&portcullis::Hub) -> Result<Vec<portcullis::hub::Hosted>, E>`, called once for each hub, inside
/// its runtime; what it returns is served until the hub closes. `E` is anything that can be shown.
#[macro_export]
macro_rules! export {
    ($contract:path, $services:path) => {
        $crate::__private::napi::ctor::declarative::ctor! {
            #[ctor(unsafe)]
            #[allow(unsafe_code, reason = "the addon has to be known before Node asks it for its exports")]
            fn portcullis_node_register() {
                $crate::__private::register($contract, |hub| {
                    $services(hub).map_err(|error| ::std::string::ToString::to_string(&error))
                });
            }
        }
    };
}
