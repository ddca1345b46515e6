//! ipc-channel, as its documentation shows it: typed channels with serde, a channel of bytes for large ones, a one-shot
//! server to begin with, whose name travels over the link.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use ::ipc_channel::ipc::{
    self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcReceiver, IpcSender,
};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{Outgoing, System};
use crate::frame;
use crate::load::{IN_FLIGHT, Load, Work};
use crate::message::{Item, Reply, Request};
use crate::meter::{Meter, Sample};

/// ipc-channel.
pub(crate) struct IpcChannel;

/// Of a stream.
#[derive(Serialize, Deserialize)]
enum Streamed {
    Item(Item),
    Last,
}

impl System for IpcChannel {
    fn name(&self) -> &'static str {
        "ipc-channel"
    }

    fn about(&self) -> &'static str {
        "ipc-channel 0.23, typed channels over its Unix sockets, a channel of bytes for deliveries"
    }

    fn does(&self, _load: Load) -> bool {
        true
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let (requests, replies): (IpcReceiver<(u64, Request)>, _) = accept(link)?;
        let replies: IpcSender<(u64, Reply)> = replies;
        loop {
            let (id, request) = requests.recv()?;
            replies.send((id, request.answer()))?;
        }
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let (requests, theirs): (IpcSender<(u64, Request)>, _) = ipc::channel()?;
        let (back, replies): (_, IpcReceiver<(u64, Reply)>) = ipc::channel()?;
        connect(link, (theirs, back))?;
        if work == Work::InFlight {
            return meter.pump_blocking(|until| keep_in_flight(&requests, &replies, until));
        }
        meter.one_at_a_time_blocking(|number| {
            requests.send((number, Request::new(number)))?;
            replies.recv()?.1.check(number)
        })
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        if load.work == Work::Stream {
            let (items, counts): (IpcReceiver<Streamed>, IpcSender<u64>) = accept(link)?;
            let mut count = 0;
            loop {
                match items.recv()? {
                    Streamed::Item(item) => {
                        item.check(count)?;
                        count += 1;
                    }
                    Streamed::Last => counts.send(std::mem::take(&mut count))?,
                }
            }
        }
        let (bytes, sums): (IpcBytesReceiver, IpcSender<u64>) = accept(link)?;
        loop {
            sums.send(frame::sum(&bytes.recv()?))?;
        }
    }

    fn send(&self, load: Load, mut links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        if load.work == Work::Stream {
            let (items, theirs) = ipc::channel()?;
            let (back, counts) = ipc::channel()?;
            connect(links.pop().context("a stream has a receiver")?, (theirs, back))?;
            return meter.pump_blocking(|until| stream(&items, &counts, until));
        }
        let mut all = Vec::new();
        for link in links {
            let (bytes, theirs): (IpcBytesSender, IpcBytesReceiver) = ipc::bytes_channel()?;
            let (back, sums): (IpcSender<u64>, IpcReceiver<u64>) = ipc::channel()?;
            connect(link, (theirs, back))?;
            all.push((bytes, sums));
        }
        let mut outgoing = Outgoing::new(load.bytes);
        let sums = outgoing.sums;
        meter.deliver_blocking(load.work, |number| {
            let bytes = outgoing.numbered(number);
            for (channel, _) in &all {
                channel.send(bytes)?;
            }
            for (_, answers) in &all {
                sums.check(number, answers.recv()?)?;
            }
            Ok(())
        })
    }
}

/// Hands the other process its ends: it has made a one-shot server, whose name comes over the link.
fn connect<T: Serialize + for<'de> Deserialize<'de>>(mut link: UnixStream, ends: T) -> Result<()> {
    let mut name = String::new();
    link.read_to_string(&mut name)?;
    Ok(IpcSender::connect(name)?.send(ends)?)
}

fn accept<T: Serialize + for<'de> Deserialize<'de>>(mut link: UnixStream) -> Result<T> {
    let (server, name) = IpcOneShotServer::new()?;
    link.write_all(name.as_bytes())?;
    // The other side reads to the end.
    link.shutdown(std::net::Shutdown::Write)?;
    Ok(server.accept()?.1)
}

/// Keeps the calls in flight; replies come in order.
fn keep_in_flight(
    requests: &IpcSender<(u64, Request)>,
    replies: &IpcReceiver<(u64, Reply)>,
    until: Instant,
) -> Result<u64> {
    let (mut asked, mut answered) = (0, 0);
    loop {
        let more = Instant::now() < until;
        while more && asked - answered < IN_FLIGHT as u64 {
            requests.send((asked, Request::new(asked)))?;
            asked += 1;
        }
        if asked == answered {
            return Ok(answered);
        }
        // One is waited for; what has come besides is taken, too, so that both sides go on in bursts.
        let mut next = Some(replies.recv()?);
        while let Some((id, reply)) = next {
            ensure!(id == answered, "replies come in order");
            reply.check(answered)?;
            answered += 1;
            next = replies.try_recv().ok();
        }
    }
}

/// Sends items until the instant given, and waits until the other side has counted them.
fn stream(items: &IpcSender<Streamed>, counts: &IpcReceiver<u64>, until: Instant) -> Result<u64> {
    let mut count = 0;
    while Instant::now() < until {
        items.send(Streamed::Item(Item::new(count)))?;
        count += 1;
    }
    items.send(Streamed::Last)?;
    let counted = counts.recv()?;
    ensure!(counted == count, "of {count} items, {counted} came");
    Ok(count)
}
