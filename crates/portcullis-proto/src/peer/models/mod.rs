//! Models of a peer, run by loom in every order in which its threads can come to its lock: the one that carries bytes, those
//! that call, and those that drop and close. What is promised to callers is held against each. `docs/reliability.md` says
//! what was left out once to see that it is found.

mod bench;
mod bindings;
mod calls;
mod handlers;
mod hub;
mod serving;
mod streams;
mod wakers;

use bench::{Sleeper, block_on, in_every_order, polled};
use hub::Hub;
