//! iceoryx2 as its documentation shows it: request-response for calls, publish-subscribe for items and bytes, and its events
//! to wait for either, unless busy. Names are made for each measurement, and travel over the link.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::prelude::{BackpressureStrategy, LogLevel, Node, NodeBuilder, ipc, set_log_level};
use ::iceoryx2::service::port_factory::request_response::PortFactory;
use anyhow::{Context, Result, ensure};

use super::{Outgoing, System};
use crate::frame::{self, Sums};
use crate::load::{IN_FLIGHT, Load, Work};
use crate::message::{LAST, Raw, RawItem, RawItems, raw_answer, raw_check, raw_item, raw_request};
use crate::meter::{Meter, Sample};

/// How bytes get where they are delivered from, and how to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// They are in the publisher's memory already, as whoever makes them may have put them there.
    InPlace,
    /// They are copied there from elsewhere.
    Copied,
    /// In place, and everybody looks and never sleeps.
    Busy,
}

/// iceoryx2.
pub(crate) struct Iceoryx2 {
    pub(crate) how: How,
}

/// Receivers that it is measured with at most.
const PEERS_MAX: usize = 64;
/// Deliveries that are filled whole, until every slot of the publisher has been.
const FILLED_WHOLE: u64 = 8;
/// Items that may wait for a reader.
const ITEMS: usize = 4096;
/// After how many items the reader is told, and the clock is read.
const BURST: u64 = 256;

type Answers = Subscriber<ipc::Service, u64, ()>;

impl System for Iceoryx2 {
    fn name(&self) -> &'static str {
        match self.how {
            How::InPlace => "iceoryx2",
            How::Copied => "iceoryx2-copy",
            How::Busy => "iceoryx2-busy",
        }
    }

    fn about(&self) -> &'static str {
        match self.how {
            How::InPlace => {
                "iceoryx2 0.10, request-response and publish-subscribe, woken by its events, in place"
            }
            How::Copied => "iceoryx2, the bytes copied into its memory first",
            How::Busy => "iceoryx2, looking all the time",
        }
    }

    fn does(&self, load: Load) -> bool {
        match load.work {
            Work::Call | Work::InFlight | Work::Stream => self.how != How::Copied,
            // With 256 nodes it takes longer to begin than a measurement may.
            Work::Deliver if load.peers > PEERS_MAX => false,
            Work::Deliver => self.how != How::Busy || load.peers == 1,
            Work::Idle => self.how == How::InPlace,
        }
    }

    fn spins(&self) -> bool {
        self.how == How::Busy
    }

    fn serve(&self, link: UnixStream, _helper: Option<UnixStream>) -> Result<()> {
        let ends = Ends::open(link, self.how, 1)?;
        let server = calls(&ends)?.server_builder().max_loaned_responses_per_request(1).create()?;
        ends.ready()?;
        loop {
            let mut answered = false;
            while let Some(request) = server.receive()? {
                let mut message: Raw = *request;
                raw_answer(&mut message);
                request.send_copy(message)?;
                answered = true;
            }
            ends.turn(answered)?;
        }
    }

    fn drive(&self, work: Work, link: UnixStream, meter: &mut Meter) -> Result<Sample> {
        let ends = Ends::create(vec![link], self.how)?;
        let client = calls(&ends)?.client_builder().create()?;
        ends.all_ready()?;
        if work == Work::InFlight {
            let mut pending = VecDeque::new();
            return meter.pump_blocking(|until| {
                keep_in_flight(&ends, |message| Ok(client.send_copy(message)?), &mut pending, until)
            });
        }
        meter.one_at_a_time_blocking(|number| {
            let pending = client.send_copy(raw_request(number))?;
            ends.tell()?;
            loop {
                if let Some(reply) = pending.receive()? {
                    return raw_check(&reply, number);
                }
                ends.wait()?;
            }
        })
    }

    fn receive(&self, load: Load, link: UnixStream) -> Result<()> {
        let ends = Ends::open(link, self.how, load.peers)?;
        let answers = ends.answers(load.peers)?.publisher_builder().create()?;
        if load.work == Work::Stream {
            let items = items(&ends)?.subscriber_builder().create()?;
            ends.ready()?;
            return count_items(&ends, &items, &answers);
        }
        let bytes = bytes(&ends, load.peers)?.subscriber_builder().create()?;
        ends.ready()?;
        loop {
            let mut answered = false;
            while let Some(sample) = bytes.receive()? {
                let sum = frame::sum(&sample);
                // Given back before it is answered.
                drop(sample);
                answers.send_copy(sum)?;
                answered = true;
            }
            ends.turn(answered)?;
        }
    }

    fn send(&self, load: Load, links: Vec<UnixStream>, meter: &mut Meter) -> Result<Sample> {
        let ends = Ends::create(links, self.how)?;
        let answers = ends.answers(load.peers)?.subscriber_builder().create()?;
        if load.work == Work::Stream {
            let factory = items(&ends)?;
            // What finds no room is sent anew once the reader has been told, which takes what is there.
            let items = factory.publisher_builder();
            let items = items.backpressure_strategy(BackpressureStrategy::DiscardData).create()?;
            ends.all_ready()?;
            return meter.pump_blocking(|until| stream(&ends, &items, &answers, until));
        }
        let factory = bytes(&ends, load.peers)?;
        let publisher = factory.publisher_builder();
        let publisher =
            publisher.initial_max_slice_len(load.bytes).max_loaned_samples(1).create()?;
        ends.all_ready()?;
        let sums = Sums::of(load.bytes);
        let mut elsewhere = (self.how == How::Copied).then(|| Outgoing::new(load.bytes));
        meter.deliver_blocking(load.work, |number| {
            match &mut elsewhere {
                Some(elsewhere) => {
                    let sample = publisher.loan_slice_uninit(load.bytes)?;
                    sample.write_from_slice(elsewhere.numbered(number)).send()?;
                }
                None => publish_in_place(&publisher, load.bytes, number)?,
            }
            ends.tell()?;
            for _ in 0..load.peers {
                sums.check(number, next_answer(&ends, &answers)?)?;
            }
            Ok(())
        })
    }
}

#[allow(unsafe_code, reason = "its interface for memory that was filled in place")]
fn publish_in_place(
    publisher: &Publisher<ipc::Service, [u8], ()>,
    len: usize,
    number: u64,
) -> Result<()> {
    let sample = publisher.loan_slice_uninit(len)?;
    // SAFETY: memory that is mapped, zeroed by the kernel or filled before. Receivers sum all of it up.
    let mut sample = unsafe { sample.assume_init() };
    if number < FILLED_WHOLE {
        frame::fill(sample.payload_mut());
    }
    frame::stamp(sample.payload_mut(), number);
    sample.send()?;
    Ok(())
}

/// A node with what tells the other side and what waits for it.
struct Ends {
    node: Node<ipc::Service>,
    name: String,
    links: Vec<UnixStream>,
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
    busy: bool,
}

impl Ends {
    /// The measuring side's: it makes up a name, and tells it.
    fn create(mut links: Vec<UnixStream>, how: How) -> Result<Self> {
        let name = format!("bench/{}", std::process::id());
        let peers = links.len();
        for link in &mut links {
            link.write_all(name.as_bytes())?;
            link.shutdown(std::net::Shutdown::Write)?;
        }
        Self::new(name, links, how, peers, ["ask", "answer"])
    }

    fn open(mut link: UnixStream, how: How, peers: usize) -> Result<Self> {
        let mut name = String::new();
        link.read_to_string(&mut name)?;
        Self::new(name, vec![link], how, peers, ["answer", "ask"])
    }

    fn new(
        name: String,
        links: Vec<UnixStream>,
        how: How,
        peers: usize,
        [out, back]: [&str; 2],
    ) -> Result<Self> {
        set_log_level(LogLevel::Error);
        let node = NodeBuilder::new().create::<ipc::Service>()?;
        let event = |direction: &str| {
            let service = node.service_builder(&format!("{name}/{direction}").as_str().try_into()?);
            let service = service.event().max_nodes(peers + 1);
            let service = service.max_notifiers(peers + 1).max_listeners(peers + 1);
            anyhow::Ok(service.open_or_create()?)
        };
        let notifier = event(out)?.notifier_builder().create()?;
        let listener = event(back)?.listener_builder().create()?;
        Ok(Self { node, name, links, notifier, listener, busy: how == How::Busy })
    }

    /// Tells the other side that this one is complete.
    fn ready(&self) -> Result<()> {
        for mut link in &self.links {
            link.write_all(&[0])?;
        }
        Ok(())
    }

    fn all_ready(&self) -> Result<()> {
        for mut link in &self.links {
            link.read_exact(&mut [0])?;
        }
        Ok(())
    }

    /// Wakes the other side.
    fn tell(&self) -> Result<()> {
        if !self.busy {
            self.notifier.notify()?;
        }
        Ok(())
    }

    /// Waits until the other side has told something.
    fn wait(&self) -> Result<()> {
        if self.busy {
            std::hint::spin_loop();
        } else {
            self.listener.blocking_wait(|_| {})?;
        }
        Ok(())
    }

    /// At the end of all that was there: tells of the answers, if there were any, and waits for more.
    fn turn(&self, answered: bool) -> Result<()> {
        if answered {
            self.tell()?;
        }
        self.wait()
    }

    /// What carries sums and counts back.
    fn answers(&self, peers: usize) -> Result<PublishSubscribe<u64>> {
        let service =
            self.node.service_builder(&format!("{}/sums", self.name).as_str().try_into()?);
        let service = service.publish_subscribe::<u64>();
        let service = service.max_nodes(peers + 1).max_publishers(peers).max_subscribers(1);
        Ok(service.open_or_create()?)
    }
}

type PublishSubscribe<T> =
    ::iceoryx2::service::port_factory::publish_subscribe::PortFactory<ipc::Service, T, ()>;

fn calls(ends: &Ends) -> Result<PortFactory<ipc::Service, Raw, (), Raw, ()>> {
    let service = ends.node.service_builder(&format!("{}/calls", ends.name).as_str().try_into()?);
    let service = service.request_response::<Raw, Raw>();
    let service = service.max_active_requests_per_client(IN_FLIGHT).max_loaned_requests(1);
    Ok(service.open_or_create()?)
}

fn bytes(ends: &Ends, peers: usize) -> Result<PublishSubscribe<[u8]>> {
    let service = ends.node.service_builder(&format!("{}/bytes", ends.name).as_str().try_into()?);
    let service = service.publish_subscribe::<[u8]>().max_nodes(peers + 1).max_publishers(1);
    let service = service.max_subscribers(peers).history_size(0);
    let service = service.subscriber_max_buffer_size(1).subscriber_max_borrowed_samples(1);
    Ok(service.open_or_create()?)
}

fn items(ends: &Ends) -> Result<PublishSubscribe<RawItem>> {
    let service = ends.node.service_builder(&format!("{}/items", ends.name).as_str().try_into()?);
    let service = service.publish_subscribe::<RawItem>().enable_safe_overflow(false);
    let service = service.subscriber_max_buffer_size(ITEMS).max_publishers(1).max_subscribers(1);
    Ok(service.open_or_create()?)
}

fn next_answer(ends: &Ends, answers: &Answers) -> Result<u64> {
    loop {
        if let Some(answer) = answers.receive()? {
            return Ok(*answer);
        }
        ends.wait()?;
    }
}

/// Keeps the calls in flight; the server answers in order.
fn keep_in_flight(
    ends: &Ends,
    send: impl Fn(Raw) -> Result<PendingResponse<ipc::Service, Raw, (), Raw, ()>>,
    pending: &mut VecDeque<PendingResponse<ipc::Service, Raw, (), Raw, ()>>,
    until: Instant,
) -> Result<u64> {
    let (mut asked, mut answered) = (0, 0);
    loop {
        let (more, asked_before) = (Instant::now() < until, asked);
        while more && pending.len() < IN_FLIGHT {
            pending.push_back(send(raw_request(asked))?);
            asked += 1;
        }
        if asked > asked_before {
            ends.tell()?;
        }
        if pending.is_empty() {
            return Ok(answered);
        }
        let answered_before = answered;
        while let Some(first) = pending.front() {
            let Some(reply) = first.receive()? else { break };
            raw_check(&reply, answered)?;
            drop(reply);
            pending.pop_front();
            answered += 1;
        }
        if answered == answered_before {
            ends.wait()?;
        }
    }
}

fn count_items(
    ends: &Ends,
    items: &Subscriber<ipc::Service, RawItem, ()>,
    counts: &Publisher<ipc::Service, u64, ()>,
) -> Result<()> {
    let mut counter = RawItems::default();
    loop {
        let mut answered = false;
        while let Some(item) = items.receive()? {
            if let Some(count) = counter.take(&item)? {
                counts.send_copy(count)?;
                answered = true;
            }
        }
        ends.turn(answered)?;
    }
}

/// Sends items until the instant given, and waits until the other side has counted them.
fn stream(
    ends: &Ends,
    items: &Publisher<ipc::Service, RawItem, ()>,
    counts: &Answers,
    until: Instant,
) -> Result<u64> {
    let mut count = 0;
    while !is_whole(count) || Instant::now() < until {
        send_item(ends, items, count)?;
        count += 1;
        if is_whole(count) {
            ends.tell()?;
        }
    }
    send_item(ends, items, LAST)?;
    ends.tell()?;
    let counted = next_answer(ends, counts).context("no count came")?;
    ensure!(counted == count, "of {count} items, {counted} came");
    Ok(count)
}

fn send_item(ends: &Ends, items: &Publisher<ipc::Service, RawItem, ()>, number: u64) -> Result<()> {
    // It says how many subscribers have it.
    while items.send_copy(raw_item(number))? == 0 {
        ends.tell()?;
        std::thread::yield_now();
    }
    Ok(())
}

/// Whether a burst is complete.
fn is_whole(count: u64) -> bool {
    count.is_multiple_of(BURST)
}
