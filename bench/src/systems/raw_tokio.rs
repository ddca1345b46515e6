//! The floor of everything on tokio: a hand-written ping-pong of 32 fixed bytes, no types, no ids.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;

use anyhow::Result;
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Outgoing, System, block_on, for_tokio};
use crate::frame;
use crate::load::{Load, Work};
use crate::message::{RAW_LEN, raw_answer, raw_check, raw_request};
use crate::meter::{Meter, Sample};

/// The raw socket through tokio.
pub(crate) struct RawTokio;

impl System for RawTokio {
    fn name(&self) -> &'static str {
        "raw-tokio"
    }

    fn about(&self) -> &'static str {
        "Unix socket through tokio, 32 fixed bytes, no types"
    }

    fn does(&self, load: Load) -> bool {
        // Without ids there is nothing to tell calls in flight apart, and items are those of `tokio-bincode`.
        !matches!(load.work, Work::InFlight | Work::Stream)
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        block_on(async {
            let mut link = for_tokio(link)?;
            let mut message = [0; RAW_LEN];
            loop {
                match link.read_exact(&mut message).await {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
                raw_answer(&mut message);
                link.write_all(&message).await?;
            }
        })
    }

    fn drive(&self, _work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let mut link = for_tokio(link)?;
            let call = async |number| {
                let mut message = raw_request(number);
                link.write_all(&message).await?;
                link.read_exact(&mut message).await?;
                raw_check(&message, number)
            };
            meter.one_at_a_time(call).await
        })
    }
    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        block_on(async {
            let mut link = for_tokio(link)?;
            let mut bytes = vec![0; load.bytes];
            loop {
                link.read_exact(&mut bytes).await?;
                link.write_all(&frame::sum(&bytes).to_le_bytes()).await?;
            }
        })
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        block_on(async {
            let mut links = links.into_iter().map(for_tokio).collect::<Result<Vec<_>>>()?;
            let mut outgoing = Outgoing::new(load.bytes);
            let sums = outgoing.sums;
            let deliver = async |number| {
                let bytes = outgoing.numbered(number);
                try_join_all(links.iter_mut().map(|link| link.write_all(bytes))).await?;
                for link in &mut links {
                    let mut sum = [0; 8];
                    link.read_exact(&mut sum).await?;
                    sums.check(number, u64::from_le_bytes(sum))?;
                }
                Ok(())
            };
            meter.deliver(load.work, deliver).await
        })
    }
}
