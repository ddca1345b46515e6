//! Turns: what a peer has sent is taken in until it has cost enough, and then others have theirs.

use std::ops::RangeInclusive;

use portcullis_hub::Delivery;

use super::bench::Sim;
use super::frames::frame;

/// So many frames are sent at once: far more than a turn takes.
const SENT: u32 = 400;

/// A frame, of which `n` is the number, and how many a turn takes.
const TURNS: &[(&str, RangeInclusive<usize>)] = &[
    // Answered at once: they come in rows of 128.
    ("ping id={n}", 128..=256),
    // Somebody is found, and a binding stays; most are refused here, which costs no less.
    ("request id={n} body=bind(sample.echo)", 8..=16),
    ("subscribe binding=1 ordinal=1 id={n}", 8..=16),
    ("request binding=2 ordinal=3 id={n}", 100..=200),
    ("notify binding=2 ordinal=12 body=\"text\"", 100..=200),
    ("parcel id={n} budget=20000 body=zeros(20000)", 1..=1),
];

#[test]
fn f16_a_turn_takes_in_what_costs_so_much_and_no_more() {
    for (line, taken) in TURNS {
        let mut sim = Sim::new(16);
        sim.serve_main();
        sim.host_topics();
        let node = sim.raw("busy", "all");
        sim.send(node, &frame("hello"));
        sim.send(node, &frame("request id=0x10000 body=bind(sample.topics)"));
        sim.send(node, &frame("request id=0x10001 body=bind(sample.echo)"));
        let peer = sim.id(node);
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for n in 0..SENT {
            bytes.extend(frame(&line.replace("{n}", &format!("{:#x}", 0x1_0100 + n))));
            ends.push(bytes.len());
        }
        let whole = bytes.len();
        let mut left = &bytes[..];
        let mut turns = Vec::new();
        // Every turn takes a frame at least, or is the last.
        loop {
            let delivery: Delivery = sim.main(|hub, now, turn| {
                let delivery = hub.deliver(peer, left, now, turn);
                // Nobody starts them here.
                turn.jobs.clear();
                delivery
            });
            left = &left[delivery.consumed..];
            let done = whole - left.len();
            turns.push(ends.iter().filter(|end| **end <= done).count());
            if !delivery.again {
                break;
            }
        }
        assert!(taken.contains(&turns[0]), "{line}: {} in the first turn", turns[0]);
        let longest = turns.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(longest <= Some(*taken.end()), "{line}: {turns:?}");
        assert!(left.is_empty() || sim.main(|hub, _, _| hub.ended(peer).is_some()), "{line}");
    }
}
