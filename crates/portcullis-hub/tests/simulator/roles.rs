//! Group G: what each role may do with each channel, as a table; who a caller is; whose rights count (R20).

use portcullis::{Call, Sink, Source};
use portcullis_hub::{HubConfig, Role};
use portcullis_proto::frame::Kind;
use portcullis_proto::goodbye::Reason;
use portcullis_proto::peer::Target;
use portcullis_proto::schema::ChannelKind;
use portcullis_proto::status::Status;
use sample_contract::{
    EchoClient, EchoServer, Flows, FlowsClient, FlowsError, FlowsServer, Picture, Summary, contract,
};

use crate::bench::{Node, Sim, all, config};
use crate::frames::{Seen, frame, take_frames};

/// The roles of the table, with what they are granted.
fn roles() -> Vec<(&'static str, Role)> {
    vec![
        ("all", all()),
        (
            "viewer",
            Role::new("viewer")
                .call("sample.echo.call")
                .call("sample.echo.wait")
                .call("sample.flows.watch")
                .subscribe("sample.topics.ticked")
                .subscribe("sample.topics.level"),
        ),
        (
            "writer",
            Role::new("writer")
                .call("sample.echo.tell")
                .publish("sample.topics.strict")
                .publish("sample.topics.preferences"),
        ),
        ("server", Role::new("server").serve("sample.echo").serve("sample.topics")),
        ("none", Role::new("none")),
    ]
}

fn seen(sim: &mut Sim, node: Node) -> Vec<Seen> {
    let mut bytes = sim.received(node);
    take_frames(&mut bytes)
}

/// Sends a line and returns the one frame that comes back, if one does.
fn ask(sim: &mut Sim, node: Node, line: &str) -> Option<Seen> {
    sim.send(node, &frame(line));
    let mut frames = seen(sim, node);
    assert!(frames.len() <= 1, "{line}: {frames:?}");
    frames.pop()
}

fn is_denied(seen: &Seen) -> bool {
    seen.kind == Kind::End && seen.ordinal == Status::PermissionDenied.code()
}

/// The shortest valid value of each topic of the sample contract.
fn value(channel: &str) -> &'static str {
    match channel {
        "ticked" | "kept" | "strict" | "level" => "u1",
        _ => "00",
    }
}

#[test]
fn f33_what_each_role_may_do() {
    let mut table = String::new();
    let mut denials = Vec::new();
    for (name, role) in roles() {
        let mut sim = Sim::with(33, HubConfig::new(contract()).role(role));
        table.push_str(&format!("{name}\n"));
        for interface in &contract().interfaces {
            sim.main(|hub, _, turn| hub.serve(&interface.name, "", None, turn));
            // Whether it may serve, under a name of its own.
            let node = sim.raw(name, name);
            sim.send(node, &frame("hello"));
            assert_eq!(seen(&mut sim, node).len(), 1);
            let serve = format!("serve({},own)", interface.name);
            let answer = ask(&mut sim, node, &format!("request ordinal=2 id=0x10000 body={serve}"));
            let answer = answer.expect("an answer");
            let mut allowed = Vec::new();
            if is_denied(&answer) {
                denials.push(answer.body);
            } else {
                allowed.push("serve".to_owned());
            }
            let bind = format!("bind({})", interface.name);
            let answer = ask(&mut sim, node, &format!("request id=0x20000 body={bind}"));
            let answer = answer.expect("an answer");
            if is_denied(&answer) {
                denials.push(answer.body);
                table.push_str(&line(&interface.name, &allowed));
                continue;
            }
            let binding = answer.body[0];
            for (ordinal, channel) in interface.channels.iter().enumerate() {
                let mut actions = Vec::new();
                let mut note = |sim: &mut Sim, action: &str, line: String| {
                    let before = sim.counters().denied;
                    let answer = ask(sim, node, &line);
                    if sim.counters().denied == before {
                        actions.push(action.to_owned());
                    } else if let Some(answer) = answer {
                        assert!(is_denied(&answer), "{line}");
                        denials.push(answer.body);
                    }
                };
                let of = format!("binding={binding} ordinal={ordinal}");
                let id = 0x1_0001 + ordinal;
                let body = value(&channel.name);
                // Every other use of the channel is denied, too.
                let call = format!("request {of} id={id:#x}");
                let subscribe = format!("subscribe {of} id={:#x}", id + 100);
                let publish = format!("publish {of} id={:#x} budget=1 body={body}", id + 200);
                note(&mut sim, "call", call);
                note(&mut sim, "notify", format!("notify {of}"));
                note(&mut sim, "subscribe", subscribe);
                note(&mut sim, "publish", publish);
                sim.run_for(2);
                sim.received(node);
                if actions.contains(&"subscribe".to_owned()) {
                    ask(&mut sim, node, &format!("cancel id={:#x}", id + 100));
                }
                let fits = match channel.kind {
                    ChannelKind::Call | ChannelKind::Stream => &["call"][..],
                    ChannelKind::Notify => &["notify"],
                    ChannelKind::Event | ChannelKind::State => &["subscribe", "publish"],
                };
                assert!(actions.iter().all(|action| fits.contains(&action.as_str())));
                if !actions.is_empty() {
                    allowed.push(format!("{}: {}", channel.name, actions.join(" ")));
                }
            }
            // What does not exist gets the same answer as what is not granted.
            for line in [
                format!("request binding={binding} ordinal=999 id=0x10300"),
                format!("subscribe binding={binding} ordinal=999 id=0x10301"),
                format!("publish binding={binding} ordinal=999 id=0x10302 body=00"),
                "request binding=0 ordinal=999 id=0x10303".to_owned(),
            ] {
                let answer = ask(&mut sim, node, &line).expect("an answer");
                assert!(is_denied(&answer), "{line}");
                denials.push(answer.body);
            }
            table.push_str(&line(&interface.name, &allowed));
        }
        // Nor does an interface that nobody knows.
        let node = sim.raw(name, name);
        sim.send(node, &frame("hello"));
        sim.received(node);
        let unknown = "request id=0x10000 body=\"sample.nothing\"+zeros(17)+00";
        let answer = ask(&mut sim, node, unknown).expect("an answer");
        assert!(is_denied(&answer));
        denials.push(answer.body);
    }
    denials.dedup();
    assert_eq!(denials.len(), 1, "there is one answer to everything that is not granted");
    insta::assert_snapshot!(table);
}

fn line(interface: &str, allowed: &[String]) -> String {
    if allowed.is_empty() {
        return format!("  {interface}: nothing\n");
    }
    format!("  {interface}\n    {}\n", allowed.join("\n    "))
}

#[test]
fn f33_a_role_that_is_not_known_or_grants_what_is_not_there_is_found_at_the_start() {
    for (role, text) in [
        (Role::new("a").call("sample.echo.cal"), "did you mean `sample.echo.call`"),
        (Role::new("a").call("sample.nothing.*"), "which the contract does not have"),
        (Role::new("a").call("sample.topics.ticked"), "`subscribe` or `publish`"),
        (Role::new("a").subscribe("sample.echo.call"), "granted by `call`"),
        (Role::new("a").serve("sample.echoes"), "did you mean `sample.echo`"),
        (Role::new(""), "cannot be a role"),
    ] {
        let refused = portcullis_hub::Hub::new(HubConfig::new(contract()).role(role));
        let error = refused.expect_err("a mistake").to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn f34_what_a_peer_says_of_itself_is_not_believed() {
    let mut sim = Sim::new(34);
    sim.serve_main();
    let node = sim.raw("window", "all");
    // The client's name in the hello is for logs alone.
    let hello = "u1+u1+\"main\"+8080800880808002800810808040808080200000";
    sim.send(node, &frame(&format!("hello body={hello}")));
    let welcome = seen(&mut sim, node).remove(0);
    let text = String::from_utf8_lossy(&welcome.body).into_owned();
    assert!(text.contains("window") && text.contains("all") && !text.contains("main"));
    ask(&mut sim, node, "request id=0x10000 body=bind(sample.echo)");
    let who = ask(&mut sim, node, "request binding=1 ordinal=11 id=0x10001").expect("an answer");
    assert_eq!(who.body, crate::frames::bytes(contract(), "\"window\"+\"all\""));
    // Fields that a kind does not use name nobody else.
    let other = sim.raw("other", "all");
    sim.send(other, &frame("hello binding=1 ordinal=1 id=1 budget=1"));
    let welcome = seen(&mut sim, other).remove(0);
    assert!(String::from_utf8_lossy(&welcome.body).contains("other"));
}

/// Asks for its callers what they may not ask for themselves.
struct Asks(EchoClient);

impl Flows for Asks {
    async fn count(
        &self,
        _: &Call,
        _: u32,
        _: Option<u32>,
        _: Sink<u32>,
    ) -> Result<Summary, FlowsError> {
        Ok(Summary::default())
    }
    async fn sum(&self, cx: &Call, mut input: Source<u32>) -> Summary {
        while let Ok(Some(_)) = input.next().await {}
        let allowed = self.0.within(cx).nothing().await.is_ok();
        Summary { items: u32::from(allowed), sum: 0 }
    }
    async fn mirror(&self, _: &Call, _: Source<String>, _: Sink<String>) {}
    async fn pictures(&self, _: &Call, _: u32, _: u32, _: Sink<Picture>) -> Summary {
        Summary::default()
    }
    async fn stall(&self, _: &Call, _: Sink<u8>) {}
}

#[test]
fn f37_each_calls_with_its_own_rights() {
    let little = Role::new("little").call("sample.flows.sum").call("sample.echo.call");
    let helper = Role::new("helper").serve("sample.flows").call("sample.echo.call");
    let mut sim = Sim::with(37, config().role(little).role(helper));
    sim.serve_main();
    let caller = sim.peer("caller", "little");
    // A helper with more rights uses its own; that is its choice, and its callers gain nothing else.
    for (role, expected) in [("all", 1), ("helper", 0)] {
        let helper = sim.peer(role, role);
        let echo: EchoClient = sim.bind(helper, Target::Any);
        let _flows = sim.serve(helper, FlowsServer::new(Asks(echo)), role);
        let flows: FlowsClient = sim.bind(caller, Target::Instance(role.into()));
        let (sink, summing) = flows.sum();
        sink.finish();
        assert_eq!(sim.wait(summing).expect("a summary").items, expected, "{role}");
    }
    let echo: EchoClient = sim.bind(caller, Target::Any);
    let denied = sim.wait(echo.nothing()).expect_err("not granted");
    assert_eq!((denied.status(), denied.correlation()), (Status::PermissionDenied, 0));
    assert!(sim.link(caller).is_open(), "a denial ends nobody");
    assert_eq!(sim.counters().ended.get(&Reason::Closed), None);
}

#[test]
fn f33_a_server_does_not_take_what_another_serves() {
    let mut sim = Sim::new(35);
    let (first, late, caller) =
        (sim.peer("first", "all"), sim.peer("late", "all"), sim.peer("caller", "all"));
    let service = EchoServer::new(sim.echo());
    let _first = sim.serve(first, service, "camera");
    let service = EchoServer::new(sim.echo());
    let _late = sim.serve(late, service, "camera");
    for _ in 0..3 {
        let echo: EchoClient = sim.bind(caller, Target::Instance("camera".into()));
        assert_eq!(sim.wait(echo.nothing()), Ok(()));
        // Slots of the hub are used again; the oldest server stays the first.
        let other = sim.peer("other", "all");
        let service = EchoServer::new(sim.echo());
        drop(sim.serve(other, service, "camera"));
        sim.rest();
    }
    sim.link(late).cut();
    sim.rest();
    let echo: EchoClient = sim.bind(caller, Target::Instance("camera".into()));
    assert_eq!(sim.wait(echo.nothing()), Ok(()));
}
