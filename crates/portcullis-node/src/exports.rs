//! What JavaScript sees: functions, and hubs as numbers. A call of a method costs ten times what a call of a function does
//! (docs/decisions/node-addon.md). Each entry point catches panics, and lends no memory.
#![allow(
    missing_docs,
    reason = "the exports are documented where they are used, in packages/node/src/addon.ts"
)]
#![allow(unsafe_code, reason = "the code of `#[napi]` calls Node-API")]
#![allow(
    private_interfaces,
    unreachable_pub,
    reason = "`#[napi]` takes public items; they are public in JavaScript"
)]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Function, Unknown};
use napi_derive::napi;
use portcullis::hub::{Admission, Goodbye, Reason};

use crate::application::application;
use crate::bytes;
use crate::code::{Code, Result, caught, error};
use crate::config::{Config, grant, kind};
use crate::live::Live;
use crate::record::BUFFER_BYTES_MIN;
use crate::report;
use crate::wakeups::Wakeups;

/// The version of this interface; the package refuses an addon of another.
const INTERFACE: u32 = 4;

thread_local! {
    /// The hubs of this thread, which has one environment of Node's; by handle. Handles are not used again.
    static HUBS: RefCell<Vec<Option<Box<Live>>>> = const { RefCell::new(Vec::new()) };
}

/// Works on a hub.
fn with<T>(hub: u32, work: impl FnOnce(&mut Live) -> Result<T>) -> Result<T> {
    caught(|| {
        HUBS.with(|hubs| {
            let mut hubs = hubs
                .try_borrow_mut()
                .map_err(|_| error(Code::Node, "the addon was called from inside itself"))?;
            match hubs.get_mut(hub as usize) {
                Some(Some(live)) => work(live),
                _ => Err(error(Code::Closed, "the hub is closed")),
            }
        })
    })
}

/// Ends a hub, if it has not ended yet. What is not drained is lost.
fn end(hub: usize) -> Result<()> {
    caught(|| {
        // Dropped when the table is free again: a service's destructor is the application's code.
        let ended = HUBS.with(|hubs| {
            hubs.try_borrow_mut().ok().and_then(|mut hubs| hubs.get_mut(hub).and_then(Option::take))
        });
        drop(ended);
        Ok(())
    })
}

fn large_enough(buffer: &[u8]) -> Result<()> {
    if buffer.len() < BUFFER_BYTES_MIN {
        let text = format!("a buffer to drain into has at least {BUFFER_BYTES_MIN} bytes");
        return Err(error(Code::NotBytes, text));
    }
    Ok(())
}

#[napi(catch_unwind)]
pub fn interface_version() -> u32 {
    INTERFACE
}

#[napi(catch_unwind)]
pub fn contract() -> Option<String> {
    application().map(|application| (application.contract)().to_json())
}

#[napi(catch_unwind)]
pub fn create(env: Env, config: String, wake: Function<'_, (), Unknown<'static>>) -> Result<u32> {
    caught(|| {
        let wakeups = Arc::new(Wakeups::default());
        wakeups.call(&wake).map_err(|problem| error(Code::Node, problem))?;
        let live = Box::new(Live::new(Config::from_json(&config)?, wakeups)?);
        let hub = HUBS.with(|hubs| {
            let mut hubs = hubs.borrow_mut();
            hubs.push(Some(live));
            hubs.len() - 1
        });
        // With its environment, be that the process or a worker thread.
        let hook = env.add_env_cleanup_hook(hub, |hub| drop(end(hub)));
        hook.map_err(|problem| error(Code::Node, problem))?;
        u32::try_from(hub).map_err(|problem| error(Code::Node, problem))
    })
}

#[napi(catch_unwind)]
pub fn take_warnings(hub: u32) -> Result<Vec<String>> {
    with(hub, |live| Ok(live.take_warnings()))
}

#[napi(catch_unwind)]
pub fn roles(hub: u32) -> Result<Vec<String>> {
    with(hub, |live| Ok(live.hub().roles()))
}

#[napi(catch_unwind)]
pub fn change_peer(
    hub: u32,
    peer: u32,
    gives: bool,
    action: String,
    name: String,
    for_ms: Option<f64>,
) -> Result<()> {
    with(hub, |live| live.change_peer(peer, &grant(&action, &name, for_ms)?, gives))
}

#[napi(catch_unwind)]
pub fn change_role(
    hub: u32,
    role: String,
    gives: bool,
    action: String,
    name: String,
    for_ms: Option<f64>,
) -> Result<()> {
    with(hub, |live| live.change_role(&role, &grant(&action, &name, for_ms)?, gives))
}

#[napi(catch_unwind)]
pub fn attach(
    hub: u32,
    label: String,
    role: String,
    kind_name: String,
    user: Option<String>,
) -> Result<u32> {
    let mut admission = Admission::new(label, role, kind(&kind_name)?);
    admission.user = user;
    with(hub, |live| live.attach(&admission))
}

#[napi(catch_unwind)]
pub fn deliver(env: Env, hub: u32, peer: u32, message: Unknown<'_>) -> Result<()> {
    with(hub, |live| {
        live.deliver(peer, bytes::input(&env, &message)?);
        Ok(())
    })
}

#[napi(catch_unwind)]
pub fn exchange(
    env: Env,
    hub: u32,
    peer: u32,
    length: u32,
    mut buffer: Unknown<'_>,
) -> Result<u32> {
    with(hub, |live| {
        let buffer = bytes::output(&env, &mut buffer)?;
        large_enough(buffer)?;
        let Some(message) = buffer.get(..length as usize) else {
            return Err(error(Code::NotBytes, "the message does not fit into the buffer"));
        };
        live.deliver(peer, message);
        Ok(live.drain(buffer) as u32)
    })
}

#[napi(catch_unwind)]
pub fn drain(env: Env, hub: u32, mut buffer: Unknown<'_>) -> Result<u32> {
    with(hub, |live| {
        let buffer = bytes::output(&env, &mut buffer)?;
        large_enough(buffer)?;
        Ok(live.drain(buffer) as u32)
    })
}

#[napi(catch_unwind)]
pub fn lost(hub: u32, peer: u32, why: String) -> Result<()> {
    with(hub, |live| {
        live.lost(peer, &why);
        Ok(())
    })
}

#[napi(catch_unwind)]
pub fn close(hub: u32, peer: u32, reason: u32, message: Option<String>) -> Result<()> {
    with(hub, |live| {
        let reason = Reason::from_code(reason)
            .ok_or_else(|| error(Code::Config, format!("{reason} is no reason")))?;
        let goodbye = match message {
            Some(message) => Goodbye::because(reason, message),
            None => Goodbye::new(reason),
        };
        live.close(peer, goodbye);
        Ok(())
    })
}

#[napi(catch_unwind)]
pub fn close_all(hub: u32) -> Result<()> {
    with(hub, |live| {
        live.close_all();
        Ok(())
    })
}

#[napi(catch_unwind)]
pub fn shutdown(hub: u32, grace_ms: u32) -> Result<()> {
    with(hub, |live| {
        live.shutdown(Duration::from_millis(grace_ms.into()));
        Ok(())
    })
}

#[napi(catch_unwind)]
pub fn take_events(hub: u32) -> Result<String> {
    with(hub, |live| Ok(live.take_events()))
}

#[napi(catch_unwind)]
pub fn peers(hub: u32) -> Result<String> {
    with(hub, |live| Ok(report::peers(live.hub())))
}

#[napi(catch_unwind)]
pub fn counters(hub: u32) -> Result<String> {
    with(hub, |live| Ok(report::counters(&live.hub().counters())))
}

#[napi(catch_unwind)]
pub fn open_work(hub: u32) -> Result<u32> {
    with(hub, |live| Ok(u32::try_from(live.hub().open_work()).unwrap_or(u32::MAX)))
}

#[napi(catch_unwind)]
pub fn dispose(hub: u32) -> Result<()> {
    end(hub as usize)
}
