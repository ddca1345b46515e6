//! The browser gate on real sockets. Tests of faults carry the fault's number.

#[path = "web_gate/limits.rs"]
mod limits;
#[path = "web_gate/origins.rs"]
mod origins;
#[path = "web_gate/pages.rs"]
mod pages;
#[path = "web_gate/sockets.rs"]
mod sockets;
#[path = "web_gate/support.rs"]
mod support;
#[path = "web_gate/tickets.rs"]
mod tickets;
