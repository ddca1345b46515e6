//! A peer that lends one slot of a pool over and over, written frame by frame: what an honest one would never send.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use portcullis_proto::frame::{self, FLAG_ABANDON, Head, Kind};
use portcullis_proto::session::PoolOffer;
use portcullis_shm::pool::{Pool, Receiver};
use sample_contract::BlobsInterface;

use crate::raw::{FIRST_ID, bind_frame, bytes_of, frame as frame_of, hello_frame, send_with};

/// `sample.blobs.hand_over`.
const HAND_OVER: u32 = 2;

/// Such a peer, and what it is to send. It is kept for as long as its memory is to be there.
pub struct Lender {
    _pool: Pool,
    _receiver: Receiver,
    descriptors: [OwnedFd; 2],
    slot_bytes: u32,
    bytes: Vec<u8>,
}

impl Lender {
    /// One that offers a pool with a single slot.
    pub fn new(slot_bytes: usize) -> Self {
        let pool = Pool::new(1, slot_bytes).expect("memory");
        let receiver = pool.receiver(1).expect("a receiver");
        let descriptors = [pool.descriptor().expect("one"), receiver.descriptor().expect("two")];
        let shape = pool.shape();
        let offer = PoolOffer { slots: shape.slots, slot_bytes: shape.slot_bytes };
        let bytes = frame_of(Head::new(Kind::Pool), &bytes_of(&offer));
        let slot_bytes = shape.slot_bytes;
        Self { _pool: pool, _receiver: receiver, descriptors, slot_bytes, bytes }
    }

    /// It lends the slot for the time with this number, as the parcel with this number.
    pub fn lend(&mut self, number: u32) {
        let head = Head { id: number, budget: self.slot_bytes, ..Head::new(Kind::Lend) };
        self.bytes.extend(frame_of(head, &bytes_of(&number)));
    }

    /// It gives that parcel up.
    pub fn abandon(&mut self, number: u32) {
        let head = Head { id: number, flags: FLAG_ABANDON, ..Head::new(Kind::Parcel) };
        self.bytes.extend(frame_of(head, &[]));
    }

    /// It binds `sample.blobs`, as its first binding.
    pub fn bind(&mut self) {
        self.bytes.extend(bind_frame::<BlobsInterface>(FIRST_ID));
    }

    /// It hands that parcel over, as the points of a scan.
    pub fn hand_over(&mut self, number: u32) {
        let head = Head { binding: 1, ordinal: HAND_OVER, ..Head::new(Kind::Notify) };
        let start = frame::begin(&mut self.bytes, head);
        self.bytes.extend_from_slice(&[1, b'x', 0, 0, 0]);
        frame::attach(&mut self.bytes, start, [number].into_iter());
        frame::finish(&mut self.bytes, start);
    }

    /// Sends all of it behind a hello, on a socket that waits for room.
    pub fn send(&self, socket: &UnixStream) {
        let descriptors: Vec<BorrowedFd<'_>> = self.descriptors.iter().map(AsFd::as_fd).collect();
        send_with(socket, &hello_frame(), &[]);
        send_with(socket, &self.bytes, &descriptors);
    }
}
