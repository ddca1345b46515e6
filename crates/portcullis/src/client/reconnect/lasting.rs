//! A binding that outlives connections and instances, and the calls that are made by it.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::codec::Message;
use portcullis_proto::error::{Error, Retry};
use portcullis_proto::peer::{Binding, Calling, Subscription, Target};
use portcullis_proto::rpc::{Call, CallError, ChannelInfo, Client, Interface};
use portcullis_proto::status::Status;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::handle::Reconnecting;
use super::place::Place;
use super::subscription::LastingSubscription;
use crate::backoff::{Waits, roll};

/// A callee that wants a call at once again gets it after this.
const AFTER_AT_LEAST: Duration = Duration::from_millis(1);

/// A binding that outlives connections and instances: it is made anew when it is needed and its connection, or the instance
/// behind it, is another one. Cheap to clone; all clones share one binding at the hub.
pub struct Lasting<C> {
    place: Arc<Place>,
    time: Time,
    client: PhantomData<fn() -> C>,
}

/// How long calls may take, all tries and waits together.
#[derive(Clone, Debug)]
enum Time {
    /// As the channel declares.
    Declared,
    /// This long.
    Of(Duration),
    /// Until an outer call runs out, and not longer than declared.
    Within(Call),
}

impl<C: Client> Lasting<C> {
    pub(super) fn new(reconnecting: Reconnecting, target: Target) -> Self {
        let place = Place::new(reconnecting, C::Interface::descriptor(), target);
        Self { place: Arc::new(place), time: Time::Declared, client: PhantomData }
    }

    /// The same binding, with calls that take at most `timeout`, waits and all tries included.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { time: Time::Of(timeout), ..self.clone() }
    }

    /// The same binding, with calls that belong to an outer one and end when its time runs out.
    #[must_use]
    pub fn within(&self, call: &Call) -> Self {
        let time = match call.remaining() {
            Some(_) => Time::Within(call.clone()),
            None => self.time.clone(),
        };
        Self { time, ..self.clone() }
    }

    /// The client of the connection and instance that are there now: for streams and notifications, which nobody makes
    /// again.
    ///
    /// # Errors
    ///
    /// `unavailable`, not sent, when none is there; [`Self::ready`] waits.
    pub fn now(&self) -> Result<C, Error> {
        self.place.present().map(|binding| self.client(&binding)).ok_or_else(|| {
            let text = format!("it is not bound now ({})", self.place.reconnecting.state());
            let error = Error::new(Status::Unavailable, text).on(self.place.interface());
            error.retrying(Retry::Later).unsent()
        })
    }

    /// Waits until connection and instance are there.
    ///
    /// # Errors
    ///
    /// `permission_denied`, `contract_mismatch` and whatever else the hub refuses for good; `unavailable` when the
    /// connection has ended for good.
    pub async fn ready(&self) -> Result<C, Error> {
        Ok(self.client(&self.place.binding().await?))
    }

    /// Makes a call, on whichever client is there: `call` is run for each try. It waits for connection and instance inside
    /// its deadline, which is that of the channel, unless told. One that is lost is made again inside the deadline when its
    /// channel is `idempotent` or its request had not left; one that is `idempotent` also when the callee wants it later.
    ///
    /// # Errors
    ///
    /// The application's own, and any other; [`Error::was_sent`] tells whether any try may have been carried out.
    /// `deadline_exceeded` when no connection or instance was there in time.
    pub async fn call<T, F>(&self, call: impl Fn(&C) -> Calling<T, F>) -> Result<T, F>
    where
        T: Message,
        F: CallError,
    {
        let present = self.place.present();
        let nowhere = self.place.reconnecting.nowhere();
        // What is called nowhere cannot leave, and tells all the same which channel it is.
        let calling = call(&self.client(present.as_ref().unwrap_or(nowhere)));
        let mut tries = self.tries(calling.channel());
        if present.is_some()
            && let Some(outcome) = tries.outcome(calling.await)
        {
            return outcome;
        }
        // Every turn is a try, and waits for its turn; the deadline ends it.
        loop {
            let binding = match timeout_at(tries.deadline, self.binding(tries.due)).await {
                Ok(Ok(binding)) => binding,
                Ok(Err(error)) => return Err(tries.told(error).into()),
                Err(_) => return Err(tries.told(self.nobody_came(tries.channel)).into()),
            };
            let left = tries.deadline.saturating_duration_since(Instant::now());
            let calling = call(&C::from_binding(binding.with_timeout(left)));
            if let Some(outcome) = tries.outcome(calling.await) {
                return outcome;
            }
        }
    }

    /// Subscribes to a topic, on whichever client is there: `subscribe` is run each time that the subscription is made. Nothing is
    /// subscribed before the first value is waited for.
    pub fn subscribe<T: Message>(
        &self,
        subscribe: impl Fn(&C) -> Subscription<T> + Send + 'static,
    ) -> LastingSubscription<C, T> {
        LastingSubscription::new(self.clone(), Box::new(subscribe))
    }

    fn client(&self, binding: &Binding) -> C {
        C::from_binding(match &self.time {
            Time::Declared => binding.clone(),
            Time::Of(timeout) => binding.with_timeout(*timeout),
            Time::Within(call) => binding.within(call),
        })
    }

    fn tries(&self, channel: &'static ChannelInfo) -> Tries {
        let due = Instant::now();
        let time = match &self.time {
            Time::Declared => channel.deadline,
            Time::Of(timeout) => *timeout,
            Time::Within(call) => {
                call.remaining().map_or(channel.deadline, |left| left.min(channel.deadline))
            }
        };
        Tries { channel, deadline: due + time, due, waits: self.waits(), sent: false }
    }

    /// Waits until `due`, and until connection and instance are there.
    pub(super) async fn binding(&self, due: Instant) -> Result<Binding, Error> {
        let waiting = async {
            sleep_until(due).await;
            Ok(())
        };
        let (binding, ()) = tokio::try_join!(self.place.binding(), waiting)?;
        // It may have left again meanwhile; the next one is waited for by the rules.
        if binding.is_gone() { self.place.binding().await } else { Ok(binding) }
    }

    pub(super) fn waits(&self) -> Waits {
        Waits::new(self.place.reconnecting.backoff())
    }

    #[cold]
    fn nobody_came(&self, channel: &ChannelInfo) -> Error {
        let state = self.place.reconnecting.state();
        let text = format!("the time for the call ran out before it could leave ({state})");
        Error::new(Status::DeadlineExceeded, text).on(channel.name).retrying(Retry::Later).unsent()
    }
}

/// The tries of one call so far.
struct Tries {
    channel: &'static ChannelInfo,
    deadline: Instant,
    /// Before it there is no next try.
    due: Instant,
    waits: Waits,
    /// A try before may have been carried out.
    sent: bool,
}

impl Tries {
    /// What the call ends with; `None` when it is tried again.
    #[inline]
    fn outcome<T, F: CallError>(&mut self, outcome: Result<T, F>) -> Option<Result<T, F>> {
        match outcome {
            Ok(value) => Some(Ok(value)),
            Err(failure) => self.failed(failure).map(Err),
        }
    }

    #[cold]
    fn failed<F: CallError>(&mut self, failure: F) -> Option<F> {
        let Some(error) = failure.as_error() else { return Some(failure) };
        let due = self.wait_after(error).map(|wait| Instant::now() + wait);
        if let Some(due) = due.filter(|due| *due < self.deadline) {
            self.due = due;
            self.sent |= error.was_sent();
            return None;
        }
        Some(if self.sent && !error.was_sent() { self.told(error.clone()).into() } else { failure })
    }

    /// How long to wait before the call is tried again after it ended with `error`; `None`: it is not.
    fn wait_after(&mut self, error: &Error) -> Option<Duration> {
        let idempotent = self.channel.idempotent;
        let mut wait = || self.waits.next(Duration::ZERO, roll());
        match error.status() {
            Status::Unavailable if idempotent || !error.was_sent() => Some(wait()),
            Status::ResourceExhausted | Status::Aborted if idempotent => match error.retry() {
                Retry::Never => None,
                Retry::Later => Some(wait()),
                Retry::After(ms) => Some(Duration::from_millis(ms.into()).max(AFTER_AT_LEAST)),
            },
            _ => None,
        }
    }

    /// The error with what is known of all tries: one that never left may have followed one that did.
    fn told(&self, error: Error) -> Error {
        if self.sent { Error::from_body(error.status(), error.body().clone()) } else { error }
    }
}

impl<C> Clone for Lasting<C> {
    fn clone(&self) -> Self {
        Self { place: Arc::clone(&self.place), time: self.time.clone(), client: PhantomData }
    }
}

impl<C> fmt::Debug for Lasting<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lasting")
            .field("interface", &self.place.interface())
            .field("binding", &self.place.present())
            .finish_non_exhaustive()
    }
}
