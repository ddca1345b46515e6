//! The registry in memory: real codec, sessions and policy, a clock that stands still until the test moves it.

mod application;
mod support;
mod windows;
