//! A follower's side: a copy that goes with the subscription, and changes that are made again when others were first.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use portcullis_proto::codec::Message;
use portcullis_proto::error::Error;
use portcullis_proto::rpc::Failure;
use portcullis_proto::status::Status;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::error::{MayBeStale, UpdateError};
use super::values::Values;
use super::version::{Stale, StateVersion, Versioned};

/// How long an update may take, with all its tries, unless [`SharedCopy::with_timeout`] says otherwise.
const UPDATE_TIME: Duration = Duration::from_secs(5);
/// How often an update is sent, before it is given up because others were always first.
const TRIES_MAX: u32 = 64;
/// Tries that follow each other at once. Two that change the state again and again may stay in step, so that one of them is
/// always late: from then on there is a wait by chance between tries.
const TRIES_AT_ONCE: u32 = 3;
/// The wait is at most so long for each try before, and for this many of them.
const WAIT_EACH: Duration = Duration::from_millis(1);
const WAITS_MAX: u32 = 16;

/// A copy of a [`SharedState`](super::SharedState) that another peer owns. Clones share it.
///
/// ```no_run
/// # use portcullis::{Call, SharedCopy, Stale, StateVersion, Versioned};
/// # #[portcullis::interface(name = "studio.level", version = 1)]
/// # pub trait Level {
/// #     #[call]
/// #     async fn replace(&self, cx: &Call, change: Versioned<u32>) -> Result<StateVersion, Stale>;
/// #     #[state]
/// #     fn level(value: Versioned<u32>);
/// # }
/// # async fn follow(client: LevelClient) -> Result<(), Box<dyn std::error::Error>> {
/// let level = SharedCopy::follow(client.watch_level(), move |change| client.replace(change));
/// // Of whatever the value is by then: applied once, however often it had to be made again.
/// level.update(|level| *level += 1).await?;
/// # Ok(())
/// # }
/// ```
pub struct SharedCopy<T, E = Stale> {
    shared: Arc<Shared<T, E>>,
    seen: watch::Receiver<Known<T>>,
    /// What this handle has returned last.
    returned: Option<StateVersion>,
    timeout: Duration,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<StateVersion, Failure<E>>> + Send>>;

struct Shared<T, E> {
    replace: Box<dyn Fn(Versioned<T>) -> Answer<E> + Send + Sync>,
    /// Whoever holds it sends; it tells what must be known before the next change is made.
    turn: Mutex<Option<Answered>>,
    task: JoinHandle<()>,
}

/// How the owner has answered a change.
#[derive(Clone, Copy)]
struct Answered {
    /// The version that it was made from.
    base: StateVersion,
    /// The version that is now: the changed one's, or that of others, which were first.
    now: StateVersion,
}

struct Known<T> {
    state: Option<Arc<Versioned<T>>>,
    ended: Option<Error>,
}

impl<T, E> Drop for Shared<T, E> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<T: Message + Clone, E: MayBeStale> SharedCopy<T, E> {
    /// Follows the values of `subscription` in a task of its own; changes are sent by `replace`. With a subscription and calls
    /// of [`client::reconnect`](crate::client::reconnect) the copy outlives connections and restarts of the owner.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn follow<F>(
        subscription: impl Values<T>,
        replace: impl Fn(Versioned<T>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<StateVersion, Failure<E>>> + Send + 'static,
    {
        let (known, seen) = watch::channel(Known { state: None, ended: None });
        let shared = Shared {
            replace: Box::new(move |change| Box::pin(replace(change))),
            turn: Mutex::default(),
            task: tokio::spawn(follow(subscription, known)),
        };
        Self { shared: Arc::new(shared), seen, returned: None, timeout: UPDATE_TIME }
    }

    /// The same copy, whose updates may take so long with all their tries; five seconds otherwise.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The last value that was received; `None` before the first.
    pub fn current(&self) -> Option<Arc<Versioned<T>>> {
        self.seen.borrow().state.clone()
    }

    /// The next value that this handle has not returned yet, and waits for it. When several came meanwhile, the last.
    ///
    /// # Errors
    ///
    /// What the subscription ended with; nothing comes any more then.
    pub async fn changed(&mut self) -> Result<Arc<Versioned<T>>, Error> {
        // Every turn waits for news.
        loop {
            {
                let known = self.seen.borrow_and_update();
                if let Some(state) = &known.state
                    && self.returned != Some(state.version)
                {
                    self.returned = Some(state.version);
                    return Ok(Arc::clone(state));
                }
                if let Some(error) = &known.ended {
                    return Err(error.clone());
                }
            }
            self.seen.changed().await.map_err(|_| gone())?;
        }
    }

    /// Applies `change` to the value that is known, and sends the result. When others have changed the state before, it is
    /// applied to what they made of it and sent again. Updates of one copy leave one after the other.
    ///
    /// Returns the version that the change has; the value of [`Self::current`] may be an older one for a moment.
    ///
    /// # Errors
    ///
    /// See [`UpdateError`].
    pub async fn update(
        &self,
        change: impl Fn(&mut T) + Send,
    ) -> Result<StateVersion, UpdateError<E>> {
        let deadline = Instant::now() + self.timeout;
        let late = || Error::new(Status::DeadlineExceeded, "the time for the update ran out");
        let turn = timeout_at(deadline, self.shared.turn.lock()).await;
        let mut answered = turn.map_err(|_| UpdateError::Failed(late()))?;
        for tries in 0..TRIES_MAX {
            timeout_at(deadline, wait(tries)).await.map_err(|_| UpdateError::Failed(late()))?;
            let known = timeout_at(deadline, self.known(*answered)).await;
            let base = known.map_err(|_| late()).flatten().map_err(UpdateError::Failed)?;
            let mut value = base.value.clone();
            change(&mut value);
            let sent = (self.shared.replace)(Versioned { version: base.version, value });
            let outcome = timeout_at(deadline, sent).await;
            let base = base.version;
            match outcome.unwrap_or_else(|_| Err(late().into())) {
                Ok(now) => {
                    *answered = Some(Answered { base, now });
                    return Ok(now);
                }
                Err(Failure::App(error)) => match error.stale() {
                    Some(Stale { now }) => *answered = Some(Answered { base, now }),
                    None => return Err(UpdateError::Refused(error)),
                },
                Err(Failure::Error(error)) => return Err(UpdateError::of_call(error)),
            }
        }
        Err(UpdateError::Contended { tries: TRIES_MAX })
    }

    /// The value that the next change can be made from.
    async fn known(&self, answered: Option<Answered>) -> Result<Arc<Versioned<T>>, Error> {
        let may = |version: StateVersion| {
            answered.is_none_or(|Answered { base, now }| version.has_reached(base, now))
        };
        let mut seen = self.seen.clone();
        let ready = |known: &Known<T>| {
            known.ended.is_some() || known.state.as_ref().is_some_and(|state| may(state.version))
        };
        let known = seen.wait_for(ready).await.map_err(|_| gone())?;
        match (&known.ended, &known.state) {
            (None, Some(state)) => Ok(Arc::clone(state)),
            (ended, _) => Err(ended.clone().unwrap_or_else(gone)),
        }
    }
}

/// Part company with others who are in step, before one more try.
async fn wait(tries: u32) {
    if tries >= TRIES_AT_ONCE {
        let longest = WAIT_EACH * tries.min(WAITS_MAX);
        let micros = super::chance() % (longest.as_micros() as u64);
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}

fn gone() -> Error {
    Error::new(Status::Unavailable, "the state is not followed any more")
}

/// Takes in what is published, until it ends.
async fn follow<T: Message>(mut subscription: impl Values<T>, known: watch::Sender<Known<T>>) {
    // Every turn waits for a value.
    let error = loop {
        match subscription.next_value().await {
            Ok(Some(next)) => known.send_if_modified(|known| {
                let before = known.state.as_ref().map(|state| state.version);
                let news = next.version.is_news_to(before);
                if news {
                    known.state = Some(Arc::new(next));
                }
                news
            }),
            Ok(None) => break gone(),
            Err(error) => break error,
        };
    };
    known.send_modify(|known| known.ended = Some(error));
}

impl<T, E> Clone for SharedCopy<T, E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), seen: self.seen.clone(), ..*self }
    }
}

impl<T, E> fmt::Debug for SharedCopy<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.seen.borrow().state.as_ref().map(|state| state.version);
        f.debug_struct("SharedCopy").field("version", &version).finish_non_exhaustive()
    }
}
