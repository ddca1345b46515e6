//! Programs that subscribe to topics and read them, quickly or slowly.

use portcullis_proto::codec::Message;
use portcullis_proto::peer::Subscription;
use portcullis_proto::status::Status;

use super::{Done, Program};
use crate::topics::Key;

/// Tells the ledger when its subscriber reads no more, however that comes.
struct Seat<'a> {
    program: &'a Program,
    key: &'a Key,
    number: u64,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.program.ledger.topics(|topics| topics.leave(self.key, self.number));
    }
}

impl Program {
    /// Subscribes to one topic, and reads it until it ends, or for some time.
    pub(super) async fn subscribe(&mut self) -> Done {
        let topics = self.topics().await?;
        // The ledger knows instances by their names, and whoever takes any gets main's or a peer's.
        let instance = topics.binding().instance().to_owned();
        let slowness = [0, 0, 10, 200, 2_000][self.rng.index(5)];
        match self.rng.below(4) {
            0 => self.follow((instance, "ticked"), topics.subscribe_ticked(), slowness).await,
            1 => self.follow((instance, "kept"), topics.subscribe_kept(), slowness).await,
            2 => self.follow((instance, "strict"), topics.subscribe_strict(), slowness).await,
            _ => self.follow((instance, "level"), topics.watch_level(), slowness).await,
        }
        Ok(())
    }

    async fn follow<T: Message + Into<u64>>(
        &mut self,
        key: Key,
        mut subscription: Subscription<T>,
        slowness: u64,
    ) {
        let (peer, label) = (self.number, self.label.clone());
        let number = self.ledger.topics(|topics| topics.subscribe(&key, peer, &label));
        let ticket = self.begin(key.1, None);
        let reads = self.rng.one_in(2).then(|| self.rng.below(300));
        let mut read = 0;
        let mut rng = self.rng.clone();
        let seat = Seat { program: self, key: &key, number };
        while Some(read) != reads {
            match subscription.next().await {
                Ok(Some(value)) => {
                    let missed = subscription.missed();
                    self.ledger.topics(|topics| topics.read(&key, number, value.into(), missed));
                    if missed > 0 && key.1 == "strict" {
                        self.broken(&format!("{missed} of {key:?} were missed in silence"));
                    }
                    self.ledger.read(1);
                    read += 1;
                }
                Ok(None) => {
                    self.broken(&format!("{key:?} ended well"));
                    break;
                }
                Err(error) => {
                    let how = error.status();
                    if !matches!(how, Status::Unavailable)
                        && (how, key.1) != (Status::ResourceExhausted, "strict")
                    {
                        self.broken(&format!("{key:?} ended with {error}"));
                    }
                    ticket.end(how);
                    return;
                }
            }
            let ms = rng.below(slowness + 1) as u32;
            if ms > 0 && !self.hurry.load(std::sync::atomic::Ordering::Relaxed) {
                self.world.sleep(ms).await;
            }
        }
        drop(seat);
    }
}
