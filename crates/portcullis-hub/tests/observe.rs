//! What observers are told of values that are published.

use portcullis_hub::{Hub, HubConfig, HubEvent, PublishRecord, Turn};
use portcullis_proto::codec::to_bytes;
use portcullis_proto::time::Time;
use sample_contract::contract;

/// `sample.topics.ticked`.
const TICKED: u32 = 1;

fn published(observe: bool) -> Vec<HubEvent> {
    let mut hub = Hub::new(HubConfig::new(contract()).observe_calls(observe)).expect("no roles");
    let mut turn = Turn::default();
    let topics = hub.serve("sample.topics", "", None, &mut turn).expect("nobody serves it yet");
    turn.events.clear();
    let value = to_bytes(&5_u64).expect("within its limits");
    hub.publish(topics, TICKED, &value, Time::ZERO, &mut turn).expect("published");
    turn.events
}

#[test]
fn a_value_is_recorded_with_its_channel_and_size() {
    let [HubEvent::Published(record)] = &published(true)[..] else { panic!("one event") };
    let expect = PublishRecord {
        channel: "sample.topics.ticked".into(),
        publisher: String::new(),
        bytes: 1,
        subscribers: 0,
        missed: 0,
    };
    assert_eq!(*record, expect);
}

#[test]
fn nothing_is_recorded_where_nobody_asked_for_it() {
    assert_eq!(published(false), []);
}
