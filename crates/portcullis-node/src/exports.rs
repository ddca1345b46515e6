//! What JavaScript sees: one class and two functions. Each entry point catches panics, and lends no memory.
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
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Function, Unknown};
use napi_derive::napi;
use portcullis::hub::{Admission, Goodbye, Reason};

use crate::application::application;
use crate::bytes;
use crate::code::{Code, Result, caught, error};
use crate::config::{Config, kind};
use crate::live::Live;
use crate::record::BUFFER_BYTES_MIN;
use crate::report;
use crate::wakeups::Wakeups;

/// The version of this interface; the package refuses an addon of another.
const INTERFACE: u32 = 1;

/// The version of the interface between this addon and its package.
#[napi(js_name = "interfaceVersion", catch_unwind)]
pub fn interface_version() -> u32 {
    INTERFACE
}

/// The schema of the application that this addon was built for; null in the prebuilt one.
#[napi(js_name = "contract", catch_unwind)]
pub fn contract() -> Option<String> {
    application().map(|application| (application.contract)().to_json())
}

type Slot = RefCell<Option<Live>>;

/// A hub, as long as it is open.
#[napi(js_name = "NativeHub")]
pub struct NativeHub {
    live: Rc<Slot>,
}

/// Ends a hub with its environment, be that the process or a worker thread.
fn end(live: &Weak<Slot>) {
    let live = live.upgrade().and_then(|live| live.borrow_mut().take());
    // A service's destructor is the application's code.
    let _ = caught(|| {
        drop(live);
        Ok(())
    });
}

impl NativeHub {
    fn with<T>(&self, work: impl FnOnce(&mut Live) -> Result<T>) -> Result<T> {
        caught(|| {
            let mut live = (self.live.try_borrow_mut())
                .map_err(|_| error(Code::Node, "the addon was called from inside itself"))?;
            match live.as_mut() {
                Some(live) => work(live),
                None => Err(error(Code::Closed, "the hub is closed")),
            }
        })
    }
}

fn large_enough(buffer: &[u8]) -> Result<()> {
    if buffer.len() < BUFFER_BYTES_MIN {
        let text = format!("a buffer to drain into has at least {BUFFER_BYTES_MIN} bytes");
        return Err(error(Code::NotBytes, text));
    }
    Ok(())
}

#[napi]
impl NativeHub {
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, config: String, wake: Function<'_, (), Unknown<'static>>) -> Result<Self> {
        caught(|| {
            let wakeups = Arc::new(Wakeups::default());
            wakeups.call(&wake).map_err(|problem| error(Code::Node, problem))?;
            let config = Config::from_json(&config)?;
            let live = Rc::new(RefCell::new(Some(Live::new(config, wakeups)?)));
            let hook = Rc::downgrade(&live);
            env.add_env_cleanup_hook(hook, |live| end(&live))
                .map_err(|problem| error(Code::Node, problem))?;
            Ok(Self { live })
        })
    }

    #[napi(catch_unwind)]
    pub fn attach(&self, label: String, role: String, kind_name: String) -> Result<u32> {
        self.with(|live| live.attach(&Admission { label, role, kind: kind(&kind_name)? }))
    }

    #[napi(catch_unwind)]
    pub fn deliver(&self, env: Env, peer: u32, message: Unknown<'_>) -> Result<()> {
        self.with(|live| {
            live.deliver(peer, bytes::input(&env, &message)?);
            Ok(())
        })
    }

    #[napi(catch_unwind)]
    pub fn exchange(
        &self,
        env: Env,
        peer: u32,
        message: Unknown<'_>,
        mut buffer: Unknown<'_>,
    ) -> Result<u32> {
        self.with(|live| {
            let (message, buffer) = bytes::input_and_output(&env, &message, &mut buffer)?;
            large_enough(buffer)?;
            live.deliver(peer, message);
            Ok(live.drain(buffer) as u32)
        })
    }

    #[napi(catch_unwind)]
    pub fn drain(&self, env: Env, mut buffer: Unknown<'_>) -> Result<u32> {
        self.with(|live| {
            let buffer = bytes::output(&env, &mut buffer)?;
            large_enough(buffer)?;
            Ok(live.drain(buffer) as u32)
        })
    }

    #[napi(catch_unwind)]
    pub fn lost(&self, peer: u32, why: String) -> Result<()> {
        self.with(|live| {
            live.lost(peer, &why);
            Ok(())
        })
    }

    #[napi(catch_unwind)]
    pub fn close(&self, peer: u32, reason: u32, message: Option<String>) -> Result<()> {
        self.with(|live| {
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

    #[napi(js_name = "closeAll", catch_unwind)]
    pub fn close_all(&self) -> Result<()> {
        self.with(|live| {
            live.close_all();
            Ok(())
        })
    }

    #[napi(catch_unwind)]
    pub fn shutdown(&self, grace_ms: u32) -> Result<()> {
        self.with(|live| {
            live.shutdown(Duration::from_millis(grace_ms.into()));
            Ok(())
        })
    }

    #[napi(js_name = "takeEvents", catch_unwind)]
    pub fn take_events(&self) -> Result<String> {
        self.with(|live| Ok(live.take_events()))
    }

    #[napi(catch_unwind)]
    pub fn peers(&self) -> Result<String> {
        self.with(|live| Ok(report::peers(live.hub())))
    }

    #[napi(catch_unwind)]
    pub fn counters(&self) -> Result<String> {
        self.with(|live| Ok(report::counters(&live.hub().counters())))
    }

    #[napi(js_name = "openWork", catch_unwind)]
    pub fn open_work(&self) -> Result<u32> {
        self.with(|live| Ok(u32::try_from(live.hub().open_work()).unwrap_or(u32::MAX)))
    }

    /// Ends the hub at once; what is not drained is lost.
    #[napi(catch_unwind)]
    pub fn dispose(&self) -> Result<()> {
        caught(|| {
            let live = (self.live.try_borrow_mut())
                .map_err(|_| error(Code::Node, "the addon was called from inside itself"))?
                .take();
            drop(live);
            Ok(())
        })
    }
}
