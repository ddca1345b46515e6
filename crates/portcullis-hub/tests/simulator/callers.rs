//! Servers that are told who calls, and those that are not (R20).

use portcullis_hub::Role;
use portcullis_proto::peer::Target;
use sample_contract::{EchoClient, EchoServer, Who};

use crate::bench::{Node, Sim, config};
use crate::frames::{frame, show, take_frames};

/// A simulation with a role that is told.
fn sim() -> Sim {
    let main = Role::new("main").serve("sample.echo").sees_callers();
    Sim::with(60, config().role(main))
}

fn lines(sim: &mut Sim, node: Node) -> Vec<String> {
    let mut bytes = sim.received(node);
    take_frames(&mut bytes).iter().map(show).collect()
}

#[test]
fn a_server_whose_role_is_told_knows_each_caller() {
    let mut sim = sim();
    let (main, plain) = (sim.peer("main", "main"), sim.peer("plain", "all"));
    let service = EchoServer::new(sim.echo());
    let _told = sim.serve(main, service, "told");
    let service = EchoServer::new(sim.echo());
    let _untold = sim.serve(plain, service, "untold");
    let callers = ["one", "two", "three"].map(|label| sim.peer(label, "all"));
    let mut asked = Vec::new();
    for (caller, label) in callers.into_iter().zip(["one", "two", "three"]) {
        let told: EchoClient = sim.bind(caller, Target::Instance("told".into()));
        let untold: EchoClient = sim.bind(caller, Target::Instance("untold".into()));
        assert_eq!(sim.wait(untold.who()), Ok(Who::default()), "others learn nothing");
        asked.push((told, label));
    }
    // In bursts and in turn, so that calls of different callers stand behind each other.
    for round in 0..3 {
        let calls: Vec<_> = asked
            .iter()
            .cycle()
            .take(9)
            .map(|(told, label)| (sim.spawn(told.who()), *label))
            .collect();
        for (call, label) in &calls {
            let who = sim.finish(call).expect("an answer");
            assert_eq!((who.label.as_str(), who.role.as_str()), (*label, "all"), "round {round}");
        }
    }
    // A caller that comes later has a number of its own, though its label is the same.
    sim.link(callers[0]).cut();
    sim.rest();
    let again = sim.peer("one", "all");
    let told: EchoClient = sim.bind(again, Target::Instance("told".into()));
    assert_eq!(sim.wait(told.who()).expect("an answer").label, "one");
}

#[test]
fn it_is_said_once_for_calls_of_one_caller_in_a_row() {
    let mut sim = sim();
    let server = sim.raw("main", "main");
    sim.send(server, &frame("hello"));
    sim.send(server, &frame("request ordinal=2 id=0x10000 body=serve(sample.echo,)"));
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let [of_a, of_b]: [EchoClient; 2] = [a, b].map(|peer| sim.bind(peer, Target::Any));
    sim.received(server);
    let _open: Vec<_> = [&of_a, &of_a, &of_b, &of_a]
        .map(|echo| {
            let call = sim.spawn(echo.nothing());
            sim.settle();
            call
        })
        .into();
    of_b.tell("hello".to_owned()).expect("it fits its contract");
    sim.settle();
    let got = lines(&mut sim, server);
    let kinds: Vec<&str> = got.iter().filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "caller", "request", "request", "caller", "request", "caller", "request", "caller",
        "notify",
    ];
    assert_eq!(kinds, expected, "{got:?}");
}
