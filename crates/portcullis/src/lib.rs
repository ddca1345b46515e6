//! Skeleton.

#[cfg(feature = "web")]
pub mod web;
