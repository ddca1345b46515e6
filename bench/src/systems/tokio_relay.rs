//! The floor of a relay: [`tokio_bincode`](super::tokio_bincode) through a third process in the
//! middle, which copies bytes and looks at nothing.

use std::os::unix::net::UnixStream;

use anyhow::{Context, Result};
use tokio::io::copy_bidirectional;

use super::tokio_bincode::TokioBincode;
use super::{System, TokioSystem, block_on, drive_client, for_tokio};
use crate::load::{Load, Work};
use crate::meter::{Meter, Sample};

/// Hand-written tokio and bincode, relayed.
pub(crate) struct TokioRelay;

impl System for TokioRelay {
    fn name(&self) -> &'static str {
        "tokio-relay"
    }

    fn about(&self) -> &'static str {
        "tokio-bincode through a third process that copies bytes blindly"
    }

    fn does(&self, load: Load) -> bool {
        matches!(load.work, Work::Call | Work::InFlight)
    }

    fn helper(&self) -> Option<&'static str> {
        Some(TokioBincode::NAME)
    }

    fn serve(&self, link: UnixStream, helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let mut from = for_tokio(link)?;
            let mut to = for_tokio(helper.context("a relay needs someone to relay to")?)?;
            copy_bidirectional(&mut from, &mut to).await?;
            Ok(())
        })
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let client = TokioBincode::connect(for_tokio(link)?).await?;
            drive_client(client, work, meter).await
        })
    }
}
