//! What works when nothing goes wrong.

use portcullis_proto::peer::Target;
use sample_contract::{EchoClient, EchoRequest, EchoServer, FlowsClient, FlowsServer};

use crate::bench::{FlowsService, Sim};

fn request(number: u64) -> EchoRequest {
    EchoRequest { number, text: "hello".into(), value: 1.5 }
}

#[test]
fn a_call_to_main_is_answered() {
    let mut sim = Sim::new(1);
    sim.serve_main();
    let a = sim.peer("a", "all");
    let echo: EchoClient = sim.bind(a, Target::Any);
    let reply = sim.wait(echo.call(request(1))).expect("a reply");
    assert_eq!((reply.number, reply.value), (2, 3.0));
    let who = sim.wait(echo.who()).expect("a reply");
    assert_eq!((who.label.as_str(), who.role.as_str()), ("a", "all"));
    assert_eq!(sim.open_work(), 0);
}

#[test]
fn a_call_between_peers_is_relayed() {
    let mut sim = Sim::new(2);
    let (a, b) = (sim.peer("a", "all"), sim.peer("b", "all"));
    let service = EchoServer::new(sim.echo());
    let _echo = sim.serve(b, service, "");
    let _flows = sim.serve(b, FlowsServer::new(FlowsService), "");
    let echo: EchoClient = sim.bind(a, Target::Label("b".into()));
    assert_eq!(sim.wait(echo.call(request(1))).expect("a reply").number, 2);
    let flows: FlowsClient = sim.bind(a, Target::Any);
    let summary = sim.wait(flows.count(1000, None).reply()).expect("a summary");
    assert_eq!((summary.items, summary.sum), (1000, 499_500));
    assert_eq!(sim.open_work(), 0);
}
