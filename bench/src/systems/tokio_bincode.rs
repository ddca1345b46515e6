//! What a good programmer writes by hand in a day: length, id and bincode over tokio, a map of
//! oneshot channels for the replies, one write for each burst. No deadline, no limits, no policy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bincode::config::{Configuration, standard};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::{Notify, oneshot};

use super::TokioSystem;
use crate::load::{Load, Work};
use crate::message::{Item, Reply, Request};

/// Hand-written tokio and bincode.
pub(crate) struct TokioBincode;

impl TokioSystem for TokioBincode {
    const NAME: &'static str = "tokio-bincode";
    const ABOUT: &'static str = "hand-written tokio and bincode 2, no deadline, no limits";
    type Client = Client;

    fn does(load: Load) -> bool {
        load.work == Work::Stream
    }

    async fn serve(mut link: UnixStream) -> Result<()> {
        let (mut inbox, mut outbox) = (Vec::new(), Vec::new());
        let mut items = 0;
        while read_burst(&mut link, &mut inbox).await? > 0 {
            take_frames(&mut inbox, |id, body| match id {
                ITEM => {
                    let item: Item = decode(body)?;
                    item.check(items)?;
                    items += 1;
                    Ok(())
                }
                LAST => put_frame(&mut outbox, LAST, std::mem::take(&mut items)),
                id => put_frame(&mut outbox, id, decode::<Request>(body)?.answer()),
            })?;
            link.write_all(&outbox).await?;
            outbox.clear();
        }
        Ok(())
    }

    async fn connect(link: UnixStream) -> Result<Client> {
        let (from, to) = link.into_split();
        let client = Client::default();
        tokio::spawn(send_requests(client.clone(), to));
        tokio::spawn(receive_replies(client.clone(), from));
        Ok(client)
    }

    async fn pump(client: &Client, until: Instant) -> Result<u64> {
        let mut count = 0;
        while Instant::now() < until {
            let outbox = std::mem::take(&mut client.state().outbox);
            let mut burst = outbox;
            while burst.len() < READ_LEN {
                put_frame(&mut burst, ITEM, Item::new(count))?;
                count += 1;
            }
            client.state().outbox = burst;
            client.0.filled.notify_one();
            // Until that has left: a sender that is ahead of the socket only holds more memory.
            client.0.sent.notified().await;
        }
        let (sender, counted) = oneshot::channel();
        {
            let state = &mut *client.state();
            state.counting = Some(sender);
            put_frame(&mut state.outbox, LAST, 0_u64)?;
        }
        client.0.filled.notify_one();
        ensure!(counted.await? == count, "not all of {count} items came");
        Ok(count)
    }
}

/// Ids that are none: an item, and the end of a burst of them.
const ITEM: u32 = u32::MAX;
const LAST: u32 = u32::MAX - 1;

/// A handle on the connection.
#[derive(Clone, Default)]
pub(crate) struct Client(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Told when the outbox is no longer empty.
    filled: Notify,
    /// Told when it has been written.
    sent: Notify,
}

#[derive(Default)]
struct State {
    outbox: Vec<u8>,
    next_id: u32,
    pending: HashMap<u32, oneshot::Sender<Reply>>,
    counting: Option<oneshot::Sender<u64>>,
}

impl Client {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl super::Client for Client {
    async fn call(&self, request: Request) -> Result<Reply> {
        let (sender, reply) = oneshot::channel();
        {
            let state = &mut *self.state();
            let id = state.next_id;
            state.next_id = id.wrapping_add(1);
            state.pending.insert(id, sender);
            if state.outbox.is_empty() {
                self.0.filled.notify_one();
            }
            put_frame(&mut state.outbox, id, request)?;
        }
        reply.await.context("the connection has ended")
    }
}

async fn send_requests(client: Client, mut to: impl AsyncWrite + Unpin) -> Result<()> {
    let mut sending = Vec::new();
    loop {
        client.0.filled.notified().await;
        std::mem::swap(&mut sending, &mut client.state().outbox);
        to.write_all(&sending).await?;
        sending.clear();
        client.0.sent.notify_one();
    }
}

async fn receive_replies(client: Client, mut from: impl AsyncRead + Unpin) -> Result<()> {
    let mut inbox = Vec::new();
    while read_burst(&mut from, &mut inbox).await? > 0 {
        let mut state = client.state();
        take_frames(&mut inbox, |id, body| {
            if id == LAST {
                let sender = state.counting.take().context("a count that nobody waits for")?;
                let _ = sender.send(decode(body)?);
                return Ok(());
            }
            let reply = decode(body)?;
            let sender = state.pending.remove(&id).context("a reply that nobody waits for")?;
            // Whoever dropped the call has no use for its reply.
            let _ = sender.send(reply);
            Ok(())
        })?;
    }
    Ok(())
}

/// Reads all that is there, up to [`READ_LEN`] bytes.
async fn read_burst(from: &mut (impl AsyncRead + Unpin), inbox: &mut Vec<u8>) -> Result<usize> {
    inbox.reserve(READ_LEN);
    Ok(from.read_buf(inbox).await?)
}

/// Room for one read.
const READ_LEN: usize = 16 * 1024;
const CODEC: Configuration = standard();
/// A frame's length (of what follows it) and id.
const HEADER_LEN: usize = 8;

fn put_frame(outbox: &mut Vec<u8>, id: u32, body: impl bincode::Encode) -> Result<()> {
    let start = outbox.len();
    outbox.extend_from_slice(&[0; HEADER_LEN]);
    bincode::encode_into_std_write(body, outbox, CODEC)?;
    let len = (outbox.len() - start - 4) as u32;
    outbox[start..start + 4].copy_from_slice(&len.to_le_bytes());
    outbox[start + 4..start + HEADER_LEN].copy_from_slice(&id.to_le_bytes());
    Ok(())
}

fn decode<T: bincode::Decode<()>>(body: &[u8]) -> Result<T> {
    Ok(bincode::decode_from_slice(body, CODEC)?.0)
}

fn take_frames(inbox: &mut Vec<u8>, mut each: impl FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
    let mut rest = inbox.as_slice();
    while let Some((len, after)) = rest.split_first_chunk() {
        let Some((frame, after)) = after.split_at_checked(u32::from_le_bytes(*len) as usize) else {
            break;
        };
        let (id, body) = frame.split_first_chunk().context("a frame without an id")?;
        each(u32::from_le_bytes(*id), body)?;
        rest = after;
    }
    let used = inbox.len() - rest.len();
    inbox.drain(..used);
    Ok(())
}
