//! Programs that stream, quickly or slowly, to the end or not.

use portcullis_proto::rpc::Failure;
use portcullis_proto::status::Status;
use sample_contract::FlowsError;

use super::{CALL_MS, DAWDLING_MS, Done, Ended, Program};

/// Most items of a stream.
const ITEMS_MAX: u64 = 200;
/// The time that `count` has to its first item, in milliseconds.
const COUNT_MS: u32 = 5_000;

impl Program {
    /// How slowly this program reads: the longest pause behind an item, in milliseconds.
    pub(super) fn slowness(&mut self) -> u64 {
        [0, 0, 5, 100, 1_000][self.rng.index(5)]
    }

    pub(super) async fn count(&mut self) -> Done {
        let flows = self.flows().await?;
        let count = self.rng.below(ITEMS_MAX) as u32;
        let fail_after = self.rng.one_in(3).then(|| self.rng.below(ITEMS_MAX) as u32);
        let leaves_after = self.rng.one_in(4).then(|| self.rng.below(ITEMS_MAX) as u32);
        let slowness = self.slowness();
        let ticket = self.begin("count", Some(COUNT_MS));
        let mut numbers = flows.count(count, fail_after);
        let end = count.min(fail_after.unwrap_or(count));
        let mut next = 0;
        let how = loop {
            if leaves_after == Some(next) {
                break None;
            }
            match numbers.next().await {
                Ok(Some(number)) if number == next && number < end => {
                    ticket.unbounded();
                    next += 1;
                    self.ledger.read(1);
                }
                Ok(Some(number)) => {
                    self.broken(&format!("count: {number} came where {next} of {end} was due"));
                    break None;
                }
                Ok(None) => break Some(Status::Ok),
                Err(Failure::App(FlowsError::Broken { after })) => {
                    if Some(after) != fail_after || next != after {
                        self.broken(&format!("count broke after {after}, {next} had come"));
                    }
                    break Some(Status::Application);
                }
                Err(error) => break Some(error.how()),
            }
            self.pause(slowness).await;
        };
        let Some(how) = how else { return Ok(()) };
        if how == Status::Ok {
            match numbers.reply().await {
                Ok(summary) if summary.items == next && next == end => {}
                Ok(summary) => self.broken(&format!("count: {next} of {end} items, {summary:?}")),
                Err(error) => self.broken(&format!("count ended twice: {}", error.how().name())),
            }
        }
        self.close(ticket, "count", how);
        Ok(())
    }

    pub(super) async fn sum(&mut self) -> Done {
        let flows = self.flows().await?;
        let slowness = self.slowness().min(100);
        let ticket = self.begin("sum", Some(CALL_MS + DAWDLING_MS));
        let (mut sink, summing) = flows.sum();
        let (mut items, mut sum, mut whole) = (0, 0, true);
        let count = self.rng.below(ITEMS_MAX) as u32;
        while items < count {
            // One by itself, or several that may share a frame.
            let length =
                [1, 1, self.rng.within(2, 40)][self.rng.index(3)].min(u64::from(count - items));
            let row: Vec<u32> = (0..length).map(|_| self.rng.next() as u32).collect();
            if sink.send_all(&row).await.is_err() {
                whole = false;
                break;
            }
            items += row.len() as u32;
            sum += row.into_iter().map(u64::from).sum::<u64>();
            self.pause(slowness).await;
        }
        drop(sink);
        let result = summing.await;
        match &result {
            Ok(summary) if whole && (summary.items, summary.sum) == (items, sum) => {}
            Ok(summary) => self.broken(&format!("sum: {items} items, {sum}; {summary:?}")),
            Err(_) => {}
        }
        let how = result.map_or_else(|error| error.how(), |_| Status::Ok);
        self.close(ticket, "sum", how);
        Ok(())
    }

    /// Sends some texts ahead, and reads those that come back.
    pub(super) async fn mirror(&mut self) -> Done {
        let flows = self.flows().await?;
        // Up to this many are on their way: less than the credit of both flows, which would hold both ends up.
        let ahead = self.rng.within(1, 12) as u32;
        let count = self.rng.below(ITEMS_MAX / 4) as u32;
        let ticket = self.begin("mirror", Some(CALL_MS));
        let (mut sink, mut texts) = flows.mirror();
        let (mut sent, mut read) = (0, 0);
        let how = loop {
            while sent < count && sent < read + ahead {
                let text = format!("{sent} {}", "x".repeat(self.rng.below(2_000) as usize));
                if sink.send(&text).await.is_err() {
                    break;
                }
                sent += 1;
            }
            if read == count {
                break None;
            }
            match texts.next().await {
                Ok(Some(text)) if text.split(' ').next() == Some(read.to_string().as_str()) => {
                    ticket.unbounded();
                    read += 1;
                    self.ledger.read(1);
                }
                Ok(Some(_)) => {
                    self.broken(&format!("mirror: another text came where {read} was due"));
                    break Some(Status::Ok);
                }
                Ok(None) => {
                    self.broken(&format!("mirror: ended after {read} of {count}"));
                    break Some(Status::Ok);
                }
                Err(error) => break Some(error.how()),
            }
            self.pause(20).await;
        };
        drop(sink);
        let how = match how {
            Some(how) => how,
            None => texts.reply().await.map_or_else(|error| error.how(), |()| Status::Ok),
        };
        self.close(ticket, "mirror", how);
        Ok(())
    }

    /// Pictures that are dropped while this side is slow: every gap must be told.
    pub(super) async fn pictures(&mut self) -> Done {
        let flows = self.flows().await?;
        let (count, bytes) = (self.rng.below(100) as u32, self.rng.below(50_000) as u32);
        let slowness = self.slowness();
        let ticket = self.begin("pictures", Some(CALL_MS));
        let mut pictures = flows.pictures(count, bytes);
        let mut due = 0;
        let how = loop {
            match pictures.next().await {
                Ok(Some(picture)) => {
                    ticket.unbounded();
                    let missed = pictures.missed();
                    if picture.sequence != due + missed {
                        let sequence = picture.sequence;
                        self.broken(&format!(
                            "picture {sequence} where {due} was due, {missed} missed"
                        ));
                    }
                    due = picture.sequence + 1;
                    self.ledger.read(1);
                }
                Ok(None) => break Status::Ok,
                Err(error) => break error.how(),
            }
            self.pause(slowness).await;
        };
        if how == Status::Ok && due != count {
            self.broken(&format!("the last picture is {due} of {count}"));
        }
        self.close(ticket, "pictures", how);
        Ok(())
    }

    /// A stream that stands still until it is left.
    pub(super) async fn stall(&mut self) -> Done {
        let flows = self.flows().await?;
        let ticket = self.begin("stall", Some(CALL_MS));
        let mut numbers = flows.stall();
        match numbers.next().await {
            Ok(Some(1)) => ticket.unbounded(),
            Ok(other) => self.broken(&format!("stall gave {other:?}")),
            Err(error) => self.close(ticket, "stall", error.how()),
        }
        self.pause(2_000).await;
        Ok(())
    }
}
