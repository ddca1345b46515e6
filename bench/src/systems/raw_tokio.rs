//! The floor of everything on tokio: a hand-written ping-pong of 32 fixed bytes, no types, no ids.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{System, block_on, for_tokio};
use crate::message::{RAW_LEN, raw_answer, raw_check, raw_request};
use crate::meter::{Meter, Sample, Work};

/// The raw socket through tokio.
pub(crate) struct RawTokio;

impl System for RawTokio {
    fn name(&self) -> &'static str {
        "raw-tokio"
    }

    fn about(&self) -> &'static str {
        "Unix socket through tokio, 32 fixed bytes, no types"
    }

    fn works(&self) -> &'static [Work] {
        // Without ids there is nothing to tell calls in flight apart.
        &[Work::Call]
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
}
