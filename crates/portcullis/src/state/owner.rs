//! The owner's side: the one value, its versions, and whoever is told of them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_proto::codec::{CodecError, Encoder, Message};
use portcullis_proto::error::Error;
use portcullis_proto::status::Status;

use super::version::{Stale, StateVersion, Versioned};

/// A value that one peer owns and others follow and change. Clones are the same state.
///
/// A change has a version one above that before it, and is published in that order. Followers get the value first, then
/// changes; a slow one may miss some, and gets the last (`#[state]`). It needs no runtime.
///
/// ```
/// use portcullis::{Call, SharedState, Stale, StateVersion, Versioned};
///
/// #[portcullis::message]
/// #[derive(Clone, Debug, Default, PartialEq)]
/// pub struct Settings {
///     pub mirror: bool,
/// }
///
/// #[portcullis::interface(name = "studio.settings", version = 1)]
/// pub trait SettingsStore {
///     /// Changes the settings, if they are still of the version that the change was made from.
///     #[call]
///     async fn replace(&self, cx: &Call, change: Versioned<Settings>) -> Result<StateVersion, Stale>;
///     /// The settings.
///     #[state]
///     fn settings(value: Versioned<Settings>);
/// }
///
/// struct Store(SharedState<Settings>);
///
/// impl SettingsStore for Store {
///     async fn replace(&self, _: &Call, change: Versioned<Settings>) -> Result<StateVersion, Stale> {
///         self.0.replace(change)
///     }
/// }
/// # #[cfg(feature = "tokio")]
/// # async fn serve(hub: &portcullis::Hub) -> Result<(), Box<dyn std::error::Error>> {
///
/// let state = SharedState::new(Settings::default());
/// let served = hub.serve(SettingsStoreServer::new(Store(state.clone())))?;
/// let publisher: SettingsStorePublisher = served.publisher();
/// state.publish_to(move |settings| publisher.settings(settings))?;
/// // The owner's own change.
/// state.update(|settings| settings.mirror = true)?;
/// # Ok(())
/// # }
/// ```
pub struct SharedState<T> {
    shared: Arc<Shared<T>>,
}

/// Told of a value; false when it is never to be told of another.
type Watcher<T> = Box<dyn FnMut(&Versioned<T>) -> bool + Send>;

struct Shared<T> {
    /// Held from the decision on a change until all have been told of it: that is the one order of all changes.
    watchers: Mutex<Vec<Watcher<T>>>,
    /// Held for an assignment at most, so that it can be read while others are told.
    present: Mutex<Arc<Versioned<T>>>,
}

impl<T> SharedState<T> {
    /// A state that begins with `initial`, as number 0 of an epoch of its own.
    pub fn new(initial: T) -> Self {
        Self::in_epoch(super::chance() as u32, initial)
    }

    fn in_epoch(epoch: u32, value: T) -> Self {
        let version = StateVersion { epoch, ..StateVersion::default() };
        let present = Mutex::new(Arc::new(Versioned { version, value }));
        Self { shared: Arc::new(Shared { watchers: Mutex::default(), present }) }
    }

    /// The value now, and its version.
    pub fn get(&self) -> Arc<Versioned<T>> {
        Arc::clone(&lock(&self.shared.present))
    }

    /// A change from outside: takes effect if it was made from the version that is now. The handler of the contract's call is
    /// this one line. A handler that amends the value first must keep the limits that it came with.
    ///
    /// # Errors
    ///
    /// [`Stale`] with the version that is now; nothing has changed then.
    pub fn replace(&self, change: Versioned<T>) -> Result<StateVersion, Stale> {
        self.commit(|present| {
            let now = present.version;
            if change.version == now { Ok(change.value) } else { Err(Stale { now }) }
        })
    }

    /// Tells `watcher` the value now, and every later one in the order of the versions, for as long as the state lives. It may
    /// read the state; a change from inside of it would wait for itself. It must not wait for anybody: changes wait for it.
    pub fn watch(&self, mut watcher: impl FnMut(&Versioned<T>) + Send + 'static) {
        let mut watchers = lock(&self.shared.watchers);
        watcher(&self.get());
        watchers.push(Box::new(move |state| {
            watcher(state);
            true
        }));
    }

    /// As [`Self::watch`], for a publisher: `state.publish_to(move |value| publisher.settings(value))`. One whose hub or
    /// connection is gone (`unavailable`) is dropped; what another failure has kept from followers, the next change tells.
    ///
    /// # Errors
    ///
    /// Of publishing the value that is now; nothing later is published then.
    pub fn publish_to(
        &self,
        mut publish: impl FnMut(&Versioned<T>) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let mut watchers = lock(&self.shared.watchers);
        publish(&self.get())?;
        watchers.push(Box::new(move |state| {
            !publish(state).is_err_and(|error| error.status() == Status::Unavailable)
        }));
        Ok(())
    }

    fn commit<E>(
        &self,
        change: impl FnOnce(&Versioned<T>) -> Result<T, E>,
    ) -> Result<StateVersion, E> {
        let mut watchers = lock(&self.shared.watchers);
        let present = self.get();
        let next =
            Arc::new(Versioned { value: change(&present)?, version: present.version.next() });
        *lock(&self.shared.present) = Arc::clone(&next);
        watchers.retain_mut(|watcher| watcher(&next));
        Ok(next.version)
    }
}

impl<T: Message + Clone> SharedState<T> {
    /// The owner's own change, of whatever the value is now. Others wait meanwhile: `change` must not wait for anybody, nor
    /// change the state in any other way.
    ///
    /// # Errors
    ///
    /// When the changed value breaks a limit of its contract; nothing has changed then.
    pub fn update(&self, change: impl FnOnce(&mut T)) -> Result<StateVersion, CodecError> {
        self.commit(|present| {
            // Of a copy: when `change` panics, the value is as it was.
            let mut value = present.value.clone();
            change(&mut value);
            value.encode(&mut Encoder::new(&mut Vec::new()))?;
            Ok(value)
        })
    }
}

/// What is under these locks is whole at every moment, so a panic of a watcher leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Clone for SharedState<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T: Default> Default for SharedState<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedState").field("present", &self.get()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
