//! The hub and its peers on a bench: virtual time, seeded faults, no threads. Tests are named after the faults they show.

mod attacks;
mod basics;
mod bench;
mod budgets;
mod callers;
mod ends;
mod exhaustion;
mod faults;
mod frames;
mod grants;
mod handling;
mod holding;
mod peers;
mod protocol;
mod queues;
mod roles;
mod script;
mod turns;
mod words;
