//! An embedder that carries whole messages between a hub and a client, as the addon does for JavaScript.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use portcullis::Hub;
use portcullis::hub::{Admission, Embedded as Carried};
use portcullis::link::{Framing, Link, RecvBuffer};
use tokio::sync::{Notify, mpsc};

use super::{BoxFuture, BoxLink, Transport};

/// How long the last words of a connection may take.
const LINGER: Duration = Duration::from_secs(2);

/// Messages carried by hand.
#[derive(Debug, Default)]
pub struct Embedded;

impl Transport for Embedded {
    fn open<'a>(&'a self, hub: &'a Hub, admission: &'a Admission) -> BoxFuture<'a, BoxLink> {
        Box::pin(async move {
            let woken = Arc::new(Notify::new());
            let wake = Arc::clone(&woken);
            let embedded = hub
                .attach_embedded(admission, Arc::new(move |_| wake.notify_one()))
                .expect("admitted");
            let (up, ups) = mpsc::channel(1);
            // What the client does not take stays in the hub.
            let (down, downs) = mpsc::channel(1);
            tokio::spawn(carry(embedded, woken, ups, down));
            BoxLink::new(Messages { up: Up::new(up), downs })
        })
    }
}

async fn carry(
    embedded: Carried,
    woken: Arc<Notify>,
    mut ups: mpsc::Receiver<Vec<u8>>,
    down: mpsc::Sender<Vec<u8>>,
) {
    let mut out = Vec::new();
    // Every turn takes in a message, hands one out, or waits.
    loop {
        let ended = embedded.ended().is_some();
        let room =
            if ended { tokio::time::timeout(LINGER, down.reserve()).await.ok() } else { None };
        if ended {
            if let Some(Ok(room)) = room
                && embedded.transmit(&mut out).moved
            {
                room.send(std::mem::take(&mut out));
                continue;
            }
            return;
        }
        tokio::select! {
            room = down.reserve(), if embedded.has_output() => match room {
                Ok(room) => {
                    embedded.transmit(&mut out);
                    room.send(std::mem::take(&mut out));
                }
                Err(_) => return embedded.lost("the client is gone"),
            },
            message = ups.recv() => match message {
                Some(message) => embedded.deliver(&message),
                None => return embedded.lost("the client is gone"),
            },
            () = woken.notified() => {}
        }
    }
}

/// The client's end.
struct Messages {
    up: Up,
    downs: mpsc::Receiver<Vec<u8>>,
}

type Sending = BoxFuture<'static, Option<mpsc::OwnedPermit<Vec<u8>>>>;

/// A sender that is asked for room first.
struct Up {
    sender: mpsc::Sender<Vec<u8>>,
    reserving: Option<Sending>,
}

impl Up {
    fn new(sender: mpsc::Sender<Vec<u8>>) -> Self {
        Self { sender, reserving: None }
    }

    fn poll_send(&mut self, context: &mut Context<'_>, message: &[u8]) -> Poll<io::Result<usize>> {
        let reserving = self.reserving.get_or_insert_with(|| {
            let sender = self.sender.clone();
            Box::pin(async move { sender.reserve_owned().await.ok() })
        });
        let permit = std::task::ready!(reserving.as_mut().poll(context));
        self.reserving = None;
        Poll::Ready(match permit {
            Some(permit) => {
                permit.send(message.to_vec());
                Ok(message.len())
            }
            None => Err(io::ErrorKind::BrokenPipe.into()),
        })
    }
}

impl Link for Messages {
    fn framing(&self) -> Framing {
        Framing::Messages
    }

    fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut RecvBuffer,
    ) -> Poll<io::Result<usize>> {
        self.downs.poll_recv(context).map(|message| {
            let message = message.unwrap_or_default();
            into.extend(&message);
            Ok(message.len())
        })
    }

    fn poll_write(&mut self, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.up.poll_send(context, from)
    }
}
