//! Programs that send and get large bytes, beside small calls.

use portcullis_proto::codec::Blob;
use portcullis_proto::rpc::Failure;
use portcullis_proto::status::Status;
use sample_contract::{BlobsClient, BlobsError, BlobsServer, Scan};

use super::{CALL_MS, DAWDLING_MS, Done, Ended, Program, SERVED_MS_MAX};
use crate::service::{Scanning, telling};

/// Most rounds of a program.
const ROUNDS_MAX: u64 = 12;
/// Most blobs of a stream.
const ITEMS_MAX: u64 = 20;

impl Program {
    fn blob(&mut self) -> Blob {
        let most = [0, 10, 3_000, 70_000, 300_000][self.rng.index(5)];
        let (byte, bytes) = (self.rng.next() as u8, self.rng.below(most + 1) as usize);
        Blob::from(vec![byte; bytes])
    }

    fn scan(&mut self, name: String) -> Scan {
        let pictures = (0..self.rng.below(3)).map(|_| self.blob()).collect();
        Scan { name, points: self.blob(), pictures, preview: None }
    }

    /// Scans there and back, small calls beside them, and scans that are handed over in a row.
    pub(super) async fn scans(&mut self) -> Done {
        let blobs: BlobsClient = self.bind().await?;
        let row = self.ledger.row();
        for number in 1..=self.rng.below(ROUNDS_MAX) as u32 {
            match self.rng.below(4) {
                0 => {
                    let scan = self.scan(telling(row, number));
                    match blobs.hand_over(scan) {
                        Err(error) if !self.is_expected("hand over", error.status()) => {
                            self.broken(&format!("hand over: {error}"));
                        }
                        _ => {}
                    }
                }
                1 => {
                    let scan = self.scan(String::new());
                    let ticket = self.begin("scan", Some(CALL_MS));
                    let seen = scan.points.clone();
                    match self.settle(ticket, "scan", blobs.echo(scan).await) {
                        Err(Failure::App(error)) if error == (BlobsError::Rejected { seen }) => {}
                        Err(Failure::Error(_)) => {}
                        other => self.broken(&format!("a nameless scan came to {other:?}")),
                    }
                }
                _ => {
                    let scan = self.scan("scan".to_owned());
                    let large = (self.begin("scan", Some(CALL_MS)), blobs.echo(scan.clone()));
                    let small = (self.begin("small", Some(CALL_MS)), blobs.small(number));
                    if self.rng.one_in(6) {
                        // Given up, while its bytes are on their way.
                        drop(large);
                        self.small(small.0, number, small.1.await);
                        continue;
                    }
                    self.small(small.0, number, small.1.await);
                    match self.settle(large.0, "scan", large.1.await) {
                        Ok(same) if same == scan => {}
                        Ok(_) => self.broken("another scan came back"),
                        Err(_) => {}
                    }
                }
            }
            self.pause(100).await;
        }
        Ok(())
    }

    fn small<E: Ended>(&self, ticket: crate::ledger::Ticket, number: u32, result: Result<u32, E>) {
        if self.settle(ticket, "small", result).is_ok_and(|same| same != number) {
            self.broken("another number came back beside a scan");
        }
    }

    /// Blobs down, each filled with its number.
    pub(super) async fn frames(&mut self) -> Done {
        let blobs: BlobsClient = self.bind().await?;
        let (count, bytes) = (self.rng.below(ITEMS_MAX) as u32, self.blob().len());
        let slowness = self.slowness();
        let ticket = self.begin("frames", Some(CALL_MS));
        let mut frames = blobs.frames(count, bytes as u32);
        let mut next = 0;
        let how = loop {
            match frames.next().await {
                Ok(Some(frame)) => {
                    ticket.unbounded();
                    if frame.len() != bytes || frame.iter().any(|byte| u32::from(*byte) != next) {
                        self.broken(&format!("frame {next} of {count} is another"));
                    }
                    next += 1;
                    self.ledger.read(1);
                }
                Ok(None) => break Status::Ok,
                Err(error) => break error.how(),
            }
            self.pause(slowness).await;
        };
        // A handler that cannot send what its caller does not take has nobody to tell.
        if how == Status::Ok && next != count && bytes <= self.blob_bytes as usize {
            self.broken(&format!("{next} of {count} frames"));
        }
        self.close(ticket, "frames", how);
        Ok(())
    }

    /// Blobs up, whose bytes are counted.
    pub(super) async fn total(&mut self) -> Done {
        let blobs: BlobsClient = self.bind().await?;
        let ticket = self.begin("total", Some(CALL_MS + DAWDLING_MS));
        let (mut sink, totalling) = blobs.total();
        let (mut total, mut whole) = (0, true);
        for _ in 0..self.rng.below(ITEMS_MAX) {
            let blob = self.blob();
            if sink.send(&blob).await.is_err() {
                whole = false;
                break;
            }
            total += blob.len() as u64;
            self.pause(10).await;
        }
        drop(sink);
        match self.settle(ticket, "total", totalling.await) {
            Ok(counted) if whole && counted == total => {}
            Ok(counted) => self.broken(&format!("{counted} bytes were counted of {total}")),
            Err(_) => {}
        }
        Ok(())
    }

    pub(super) async fn serve_blobs(&mut self) -> Done {
        let _serving = self.serve(BlobsServer::new(Scanning::new(&self.ledger))).await?;
        self.pause(SERVED_MS_MAX).await;
        Ok(())
    }
}
