//! An executor without threads: a task is polled when it was woken, and at no other time, so that a wake-up that is
//! missing shows as a test that stands still.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

/// Says that somebody was woken.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn raised() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn lower(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raise();
    }
}

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Task {
    future: Boxed,
    woken: Arc<Flag>,
}

/// All tasks of a simulation.
#[derive(Default)]
pub(crate) struct Tasks(Vec<Option<Task>>);

impl Tasks {
    pub(crate) fn spawn(&mut self, future: Boxed) -> usize {
        let task = Some(Task { future, woken: Flag::raised() });
        match self.0.iter().position(Option::is_none) {
            Some(free) => {
                self.0[free] = task;
                free
            }
            None => {
                self.0.push(task);
                self.0.len() - 1
            }
        }
    }

    /// Those that were woken.
    pub(crate) fn woken(&self) -> Vec<usize> {
        let woken = |task: &Option<Task>| task.as_ref().is_some_and(|task| task.woken.is_raised());
        (0..self.0.len()).filter(|index| woken(&self.0[*index])).collect()
    }

    pub(crate) fn poll(&mut self, index: usize) {
        let Some(task) = &mut self.0[index] else { return };
        task.woken.lower();
        let waker = Waker::from(Arc::clone(&task.woken));
        if task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            // Dropped outside of the table: what it held may look at anything.
            drop(self.0[index].take());
        }
    }

    /// Drops a task as a runtime does that aborts it.
    pub(crate) fn abort(&mut self, index: usize) {
        drop(self.0[index].take());
    }

    pub(crate) fn alive(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

/// What a task will have returned.
pub(crate) struct Handle<T> {
    pub(super) task: usize,
    pub(super) result: Arc<Mutex<Option<T>>>,
}

impl<T> Handle<T> {
    /// Takes the result; `None` while there is none.
    pub(crate) fn take(&self) -> Option<T> {
        self.result.lock().expect("nothing panics under this lock").take()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.result.lock().expect("nothing panics under this lock").is_some()
    }
}
