//! The `probe` command: reads a source without any process or channel, and prints what it measures.
//! It shows whether a file can be used, and what the analysis makes of it.

use std::io::Write;

use crate::analysis::LightMeter;
use crate::picture::Picture;
use crate::source::{self, SourceError, SourceSpec};

/// Reads up to `pictures` pictures of a source, and writes one line for each, then one for all. A
/// source that ends earlier is no error, unless it had no picture at all.
pub fn probe(
    spec: &SourceSpec,
    variant: u32,
    pictures: u32,
    output: &mut impl Write,
) -> Result<(), ProbeError> {
    let mut source = source::open(spec, variant)?;
    writeln!(output, "{spec}: {} at {} pictures a second", source.size(), source.rate())?;
    let interval_us = source.rate().interval_us();
    let mut picture = Picture::new(source.size());
    let mut meter = LightMeter::default();
    for turn in 0..u64::from(pictures) {
        match source.read(turn * interval_us, &mut picture) {
            Err(SourceError::Ended { .. }) if turn > 0 => break,
            read => read?,
        }
        let light = meter.measure(&picture);
        let (sequence, brightness, motion) = (picture.sequence, light.brightness, light.motion);
        writeln!(output, "{sequence:6}  brightness {brightness:.3}  motion {motion:.4}")?;
    }
    Ok(())
}

/// Why a probe ended early.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The lines could not be written.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}
