//! `portcullis.application`: the phases of the application's life, and quitting. Who starts and ends it is main's business.

use portcullis::Call;

use crate::REASON_BYTES_MAX;

/// Where the application is in its life. Each phase follows one before it: `starting`, `ready`, then any number of
/// times `suspending` and `resumed`, at last `quitting`.
#[portcullis::message]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationPhase {
    /// Main sets itself up: what it will serve may not be there yet.
    Starting,
    /// Everything is there.
    Ready,
    /// The machine is about to sleep: a good moment to put down what must not be lost.
    Suspending,
    /// The machine has slept and is awake again. Nothing else has changed since [`Self::Ready`].
    Resumed,
    /// The application ends. Until the time is over calls are still answered; whoever holds the quit is waited for as long.
    Quitting {
        /// How long peers have from now, in milliseconds.
        grace_ms: u32,
    },
}

/// Why the application does not quit, or does not wait.
#[portcullis::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuitError {
    /// Main does not want it.
    Refused {
        /// Why, in a sentence.
        #[limit(len <= REASON_BYTES_MAX)]
        reason: String,
    },
    /// It quits already: a hold comes too late, and to ask again changes nothing.
    Quitting,
}

/// The life of the application. Served by main.
///
/// A window with work that must not be lost takes a hold while it has such work ([`Self::hold`]), puts the work down when the
/// phase becomes `quitting`, and then lets go ([`Self::release`]). Without a hold nobody is waited for, so that quitting is
/// quick where nothing is at stake.
#[portcullis::interface(name = "portcullis.application", version = 1)]
pub trait Application {
    /// Asks main to end the application. Answered before it begins; that it has begun is told by the phase.
    #[call(deadline = "2s")]
    async fn quit(&self, cx: &Call) -> Result<(), QuitError>;

    /// From now on, quitting waits for the caller, within its grace: until [`Self::release`], or until the caller's connection ends.
    /// A second hold of the same peer replaces the reason of the first.
    #[call(deadline = "2s", idempotent)]
    async fn hold(
        &self,
        cx: &Call,
        #[limit(len <= REASON_BYTES_MAX)] reason: String,
    ) -> Result<(), QuitError>;

    /// Quitting no longer waits for the caller. Nothing happens when it holds nothing.
    #[call(deadline = "2s", idempotent)]
    async fn release(&self, cx: &Call);

    /// The phase, whenever it has changed.
    #[state]
    fn phase(value: ApplicationPhase);
}
