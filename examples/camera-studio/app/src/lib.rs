//! The camera studio. Plain computation: pictures, where they come from, and what is measured about them (`picture`,
//! `source`, `analysis`, `probe`). Processes: `studio` is main, `worker` a camera, `renderer` a native receiver. The binary
//! only chooses among them.

pub mod analysis;
mod child;
pub mod cli;
mod clock;
pub mod picture;
pub mod probe;
pub mod renderer;
pub mod source;
pub mod studio;
mod text;
pub mod worker;
