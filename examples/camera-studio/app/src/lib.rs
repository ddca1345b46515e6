//! The parts of the camera studio that are plain computation: pictures, where they come from, and
//! what is measured about them. Processes and channels are the binary's business.

pub mod analysis;
pub mod cli;
pub mod picture;
pub mod probe;
pub mod source;
