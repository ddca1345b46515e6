//! Arguments have no message type: the generated server reads them from a request. It and the validator must say the
//! same of them too, and they stand at depth 0.

#[path = "../../../crates/portcullis-proto/tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use portcullis::codec::{Encoder, Message};
use portcullis::rpc::{Dispatch, Interface, NoFlows, Origin, Request, Service};
use portcullis::{Call, Sink};
use portcullis_proto::schema::validate::Plan;
use portcullis_proto::schema::{Schema, SchemaBuilder};
use proptest::prelude::*;
use sample_contract::{Change, Node, Preferences, Shape};
use support::{Rng, Verdict, hex, mutate, valid, verdict};

/// Calls whose arguments are of every form.
#[portcullis::interface(name = "probe", version = 1)]
pub trait Probe {
    /// No arguments.
    #[call]
    async fn nothing(&self, cx: &Call);

    /// Limits.
    #[call]
    async fn limited(
        &self,
        cx: &Call,
        #[limit(len = 1..=5)] name: String,
        #[limit(items <= 3, each(range = 1..=9))] digits: Vec<u32>,
        #[limit(-1.0..=1.0)] share: Option<f64>,
    );

    /// Messages.
    #[call]
    async fn messages(
        &self,
        cx: &Call,
        shape: Shape,
        #[limit(items <= 1000)] changes: Vec<Change>,
        table: Preferences,
    );

    /// Nesting.
    #[call]
    async fn nested(&self, cx: &Call, node: Node, nodes: Vec<Node>);

    /// A stream's arguments.
    #[stream]
    async fn flow(&self, cx: &Call, pair: (u8, String), out: Sink<u8>);
}

struct Nobody;

/// No handler runs: tasks are dropped before they are polled.
impl Probe for Nobody {
    async fn nothing(&self, _: &Call) {}
    async fn limited(&self, _: &Call, _: String, _: Vec<u32>, _: Option<f64>) {}
    async fn messages(&self, _: &Call, _: Shape, _: Vec<Change>, _: Preferences) {}
    async fn nested(&self, _: &Call, _: Node, _: Vec<Node>) {}
    async fn flow(&self, _: &Call, _: (u8, String), _: Sink<u8>) {}
}

fn schema() -> Schema {
    let mut builder = SchemaBuilder::new();
    ProbeInterface::describe(&mut builder);
    builder.finish("probe").expect("a contract that works")
}

/// What the generated server says of the arguments of a call.
fn served(ordinal: u32, body: &[u8]) -> Verdict {
    let call = Call::new(Arc::new(Origin::new(Arc::new(NoFlows), None)), None, 0);
    match Arc::new(ProbeServer::new(Nobody)).dispatch(Request {
        ordinal,
        body,
        blobs: &[],
        call,
        id: 1 << 16,
    }) {
        Dispatch::Task { .. } => Ok(()),
        Dispatch::Malformed(error) => Err((error.kind().name(), error.path())),
        Dispatch::Unknown => panic!("channel {ordinal} is served"),
    }
}

fn agree(plan: &Plan, ordinal: u32, body: &[u8]) -> Result<Verdict, TestCaseError> {
    let root = plan.interface("probe").and_then(|it| it.channel(ordinal)).expect("a channel").args;
    let validated = verdict(plan.validate(root, body));
    prop_assert_eq!(&validated, &served(ordinal, body), "call {}, body {}", ordinal, hex(body));
    Ok(validated)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn server_and_validator_agree(seed: u64) {
        let schema = schema();
        let plan = Plan::compile(&schema);
        let mut rng = Rng(seed);
        for (channel, ordinal) in schema.interfaces[0].channels.iter().zip(0..) {
            let mut body = Vec::new();
            for field in &channel.args {
                valid::value(&schema, &field.ty, &mut rng, &mut body);
            }
            prop_assert_eq!(agree(&plan, ordinal, &body)?, Ok(()), "{}", hex(&body));
            for end in 0..body.len() {
                agree(&plan, ordinal, &body[..end])?.expect_err("arguments that end early");
            }
            for _ in 0..20 {
                let mut mutated = body.clone();
                mutate::mutate(&mut mutated, &mut rng);
                let _: Verdict = agree(&plan, ordinal, &mutated)?;
            }
        }
    }
}

#[test]
fn arguments_stand_at_depth_0() {
    let plan = Plan::compile(&schema());
    let deep = |levels: usize| {
        let node = (1..levels)
            .fold(Node::default(), |inner, _| Node { value: 1, next: Some(Box::new(inner)) });
        let mut body = Vec::new();
        // The encoder keeps the limit as well: what is deeper is put together by hand.
        if node.encode(&mut Encoder::new(&mut body)).is_err() {
            body = [&[1, 1].repeat(levels - 1)[..], &[0, 0]].concat();
        }
        body.push(0);
        body
    };
    let judged = |body: &[u8]| agree(&plan, 3, body).expect("they agree");
    assert_eq!(judged(&deep(64)), Ok(()));
    let path = format!("node{}", ".next".repeat(64));
    assert_eq!(judged(&deep(65)), Err(("too_deep", path)));
    assert_eq!(judged(&[0, 0, 1, 5, 2]), Err(("bad_bool", "nodes[0].next".to_owned())));
}
