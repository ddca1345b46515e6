//! Those who attack: each goes on with one thing after the other, a case, bodies made from the contract, or a request to
//! the gate, until the time is over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conformance::raw::{bytes_of, frame, hello_frame};
use portcullis_proto::codec::from_bytes;
use portcullis_proto::frame::{Head, Kind};
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::{Bind, Bound, Target, hub_ordinal};
use portcullis_proto::schema::Interface;
use portcullis_proto::status::Status;

use super::studio::StudioDoor;
use super::tally::Tally;
use crate::case::{Case, On};
use crate::door::{Door, Line, Way};
use crate::mutate::{Aim, Hit, Mutator, shoot};
use crate::play::{Cut, play};

/// How long somebody who was turned away waits.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Bodies on one connection before it is given up.
const SHOTS_MAX: u32 = 40;

/// What a role may rightly do, and what would end or disturb those who are watched: only wrong bodies go there.
const SPARED: &[&str] = &[
    "portcullis.application.",
    "portcullis.windows.",
    "studio.cameras.plug",
    "studio.cameras.unplug",
    "studio.notices.announce",
];

/// One attacker.
pub(super) struct Attacker {
    pub(super) door: StudioDoor,
    pub(super) role: &'static str,
    pub(super) cases: Arc<Vec<Case>>,
    pub(super) seed: u64,
    pub(super) tally: Arc<Tally>,
    pub(super) stop: Arc<AtomicBool>,
}

impl Attacker {
    /// Attacks until it is told to stop.
    pub(super) async fn run(self) {
        let schema = self.door.schema();
        let mut mutator = Mutator::new(schema, self.seed);
        let mut granted = BTreeMap::new();
        let fits = |case: &&Case| match case.on {
            None => true,
            Some(On::Unix) => self.door.way != Way::Page,
            Some(On::Page) => self.door.way == Way::Page,
        };
        let cases: Vec<&Case> = self.cases.iter().filter(fits).collect();
        while !self.stop.load(Ordering::Relaxed) {
            if mutator.rng.one_in(3) {
                let case = *mutator.rng.pick(&cases);
                let cut = if mutator.rng.one_in(2) { Cut::Whole } else { Cut::EveryByte };
                match play(case, &self.door, cut, self.role).await {
                    Ok(outcome) => self.tally.case(&case.name, &outcome),
                    Err(why) if is_turned_away(&why) => self.wait().await,
                    Err(why) => self.tally.failed(why),
                }
            } else {
                let interface = mutator.rng.pick(mutator.interfaces());
                if let Err(why) = self.bodies(&mut mutator, interface, &mut granted).await {
                    if is_turned_away(&why) {
                        self.wait().await;
                    } else {
                        self.tally.failed(format!("seed {}, as {}: {why}", self.seed, self.role));
                    }
                }
            }
        }
    }

    async fn wait(&self) {
        self.tally.turned_away();
        tokio::time::sleep(BACK_OFF).await;
    }

    /// Bodies for one interface, until one ends the connection. `granted` says of each channel whether this role has
    /// it, as its first answer told: it must stay so, whatever is sent.
    async fn bodies(
        &self,
        mutator: &mut Mutator<'_>,
        interface: &Interface,
        granted: &mut BTreeMap<String, bool>,
    ) -> Result<(), String> {
        let opened = self.door.open("", self.role, None).await;
        let mut line = opened.map_err(|error| error.to_string())?;
        let Some(binding) = bind(&mut line, interface).await? else {
            self.tally.body(true, Some(Status::PermissionDenied), None);
            return Ok(());
        };
        let mut id = 0x1_0001;
        for _ in 0..SHOTS_MAX {
            let Some(shot) = mutator.shot(interface) else { return Ok(()) };
            if shot.valid && SPARED.iter().any(|spared| shot.channel.starts_with(spared)) {
                continue;
            }
            id += 0x1_0000;
            let hit = shoot(&mut line, &shot, Aim { binding, id }).await?;
            let denied = hit == Hit::Ended(Status::PermissionDenied);
            let was = *granted.entry(shot.channel.clone()).or_insert(!denied);
            let right = match hit {
                Hit::Ended(Status::PermissionDenied) => !was,
                Hit::Ended(_) => was && shot.valid,
                Hit::Nothing => shot.valid || !was,
                Hit::Killed(Reason::MalformedPayload) => was && !shot.valid,
                Hit::Killed(_) => false,
            };
            if !right {
                return Err(format!("{hit:?} (granted: {was}) for {shot:?}"));
            }
            match hit {
                Hit::Ended(status) => self.tally.body(shot.valid, Some(status), None),
                Hit::Nothing => self.tally.body(shot.valid, None, None),
                Hit::Killed(reason) => {
                    self.tally.body(shot.valid, None, Some(reason));
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A binding on `interface`; none when it is not granted, or nobody serves it.
async fn bind(line: &mut Line, interface: &Interface) -> Result<Option<u32>, String> {
    let bind =
        Bind { interface: interface.name.clone(), shape: interface.shape(), target: Target::Any };
    let head = Head { ordinal: hub_ordinal::BIND, id: 0x1_0000, ..Head::new(Kind::Request) };
    line.send(&[hello_frame(), frame(head, &bytes_of(&bind))].concat()).await;
    // The welcome, and the answer.
    for _ in 0..2 {
        let got = line.next().await?.ok_or("the hub is full, or closed")?;
        if got.head.kind == Kind::End {
            return Ok(from_bytes::<Bound>(&got.body).ok().map(|bound| bound.binding));
        }
    }
    Err("no answer to a bind".to_owned())
}

/// Whether somebody was not let in because there were too many: that is a bound, and no fault.
fn is_turned_away(why: &str) -> bool {
    ["the gate refused", "HTTP error: 503", "the hub is full", "Connection reset", "Broken pipe"]
        .iter()
        .any(|text| why.contains(text))
}
