//! The application that was linked with this addon: its contract, and its services in Rust.

use std::sync::OnceLock;

use portcullis::Hub;
use portcullis::hub::Hosted;
use portcullis::schema::Schema;

/// Serves an application's services on a hub; the error is a sentence.
pub(crate) type Services = fn(&Hub) -> Result<Vec<Hosted>, String>;

/// What [`export!`](crate::export) has linked in.
pub(crate) struct Application {
    pub(crate) contract: fn() -> &'static Schema,
    pub(crate) services: Services,
}

static APPLICATION: OnceLock<Application> = OnceLock::new();

/// Notes the application, before any code of it runs: this must not do anything else.
pub fn register(contract: fn() -> &'static Schema, services: Services) {
    // A second `export!` in one addon does not link, so that there is never another.
    let _ = APPLICATION.set(Application { contract, services });
}

/// The application, if this is one's own addon.
pub(crate) fn application() -> Option<&'static Application> {
    APPLICATION.get()
}
