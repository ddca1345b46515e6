//! What is measured about pictures: how bright each is and how much moves (`light`), and how they
//! arrive (`statistics`, over `histogram`). Times are arguments; there is no clock here.

mod histogram;
mod light;
mod statistics;

pub use histogram::{BUCKETS, Histogram};
pub use light::{Light, LightMeter};
pub use statistics::{Arrival, Statistics, StatisticsReport};
