//! What main itself serves and publishes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use portcullis_hub::{InstanceId, PublishError};
use portcullis_proto::codec::Body;
use portcullis_proto::error::Error;
use portcullis_proto::peer::{PublishTo, Publisher, Reporting};
use portcullis_proto::rpc::{ChannelInfo, Interface, Publish, Service};
use portcullis_proto::status::Status;
use tokio::sync::oneshot;

use super::shared::{Hub, Shared};

/// Why main cannot serve an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServeError {
    /// The hub's contract has no such interface in this shape, or main serves it under this name already.
    Refused(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(name) => write!(
                f,
                "`{name}` cannot be served: the hub's contract does not have it in this shape, or main serves it already"
            ),
        }
    }
}

impl std::error::Error for ServeError {}

/// An instance that main serves, until this is dropped.
#[must_use = "the instance is withdrawn when this is dropped"]
pub struct Hosted {
    hub: Arc<Shared>,
    instance: InstanceId,
}

impl Hub {
    /// Serves an interface in main.
    ///
    /// # Errors
    ///
    /// See [`ServeError`].
    pub fn serve(&self, service: impl Service) -> Result<Hosted, ServeError> {
        self.serve_as(service, "")
    }

    /// As [`Self::serve`], under a name by which clients can tell instances apart.
    ///
    /// # Errors
    ///
    /// See [`ServeError`].
    pub fn serve_as(&self, service: impl Service, instance: &str) -> Result<Hosted, ServeError> {
        let service: Arc<dyn Service> = Arc::new(service);
        let name = service.descriptor().name;
        self.host(name, instance, Some(service))
    }

    /// Hosts the topics of an interface in main, without a service behind its calls.
    ///
    /// # Errors
    ///
    /// See [`ServeError`].
    pub fn host_topics<I: Interface>(&self, instance: &str) -> Result<Hosted, ServeError> {
        self.host(I::NAME, instance, None)
    }

    fn host(
        &self,
        name: &str,
        instance: &str,
        service: Option<Arc<dyn Service>>,
    ) -> Result<Hosted, ServeError> {
        // A service that is refused is dropped only once the lock is gone.
        let _keep = service.clone();
        let served = self.0.turn(|core, _, turn| core.serve(name, instance, service, turn));
        match served {
            Some(instance) => Ok(Hosted { hub: Arc::clone(&self.0), instance }),
            None => Err(ServeError::Refused(name.to_owned())),
        }
    }
}

impl Hosted {
    /// The publisher of the instance's topics.
    pub fn publisher<P: Publish>(&self) -> P {
        let to = MainPublisher { hub: self.hub.weak(), instance: self.instance };
        P::from_publisher(Publisher::new(Arc::new(to)))
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.hub.turn(|core, now, turn| core.unserve(self.instance, now, turn));
    }
}

impl fmt::Debug for Hosted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hosted").field(&self.instance).finish()
    }
}

/// Publishes straight into the hub. It does not keep the hub alive: services hold publishers.
struct MainPublisher {
    hub: std::sync::Weak<Shared>,
    instance: InstanceId,
}

fn failed(error: &PublishError, channel: &'static ChannelInfo) -> Error {
    let status = match error {
        PublishError::Gone => Status::Unavailable,
        PublishError::Invalid(error) => return Error::invalid(error).on(channel.name),
        _ => Status::InvalidArgument,
    };
    Error::new(status, error.to_string()).on(channel.name)
}

impl MainPublisher {
    fn hub(&self, channel: &'static ChannelInfo) -> Result<Arc<Shared>, Error> {
        let gone = || Error::new(Status::Unavailable, "the hub is gone").on(channel.name);
        self.hub.upgrade().ok_or_else(gone)
    }
}

impl PublishTo for MainPublisher {
    fn publish(&self, channel: &'static ChannelInfo, value: &Body) -> Result<(), Error> {
        self.hub(channel)?
            .turn(|core, now, turn| core.publish(self.instance, channel.ordinal, value, now, turn))
            .map_err(|error| failed(&error, channel))
    }

    fn publish_reported(
        &self,
        channel: &'static ChannelInfo,
        within: Duration,
        value: &Body,
    ) -> Reporting {
        let hub = match self.hub(channel) {
            Ok(hub) => hub,
            Err(error) => return Reporting::new(std::future::ready(Err(error))),
        };
        let within_ms = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        let (sender, receiver) = oneshot::channel();
        // The waiter is put in before the turn is acted on: the report may be complete already.
        let published = {
            let now = hub.clock.now();
            let mut turn = portcullis_hub::Turn::default();
            let mut state = hub.lock();
            let published = state.core.publish_reported(
                self.instance,
                channel.ordinal,
                value,
                within_ms,
                now,
                &mut turn,
            );
            if let Ok(key) = published {
                state.reports.insert(key, sender);
            }
            drop(state);
            hub.turn_with(&mut turn, |_, _, _| ());
            published
        };
        let key = match published {
            Ok(key) => key,
            Err(error) => return Reporting::new(std::future::ready(Err(failed(&error, channel)))),
        };
        Reporting::new(async move {
            let mut receiver = receiver;
            if let Ok(report) = tokio::time::timeout(within, &mut receiver).await {
                return report.map_err(|_| Error::new(Status::Unavailable, "the hub is gone"));
            }
            hub.turn(|core, _, turn| core.expire_report(key, turn));
            receiver.await.map_err(|_| Error::new(Status::Unavailable, "the hub is gone"))
        })
    }
}
