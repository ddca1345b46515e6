//! A handler that holds up its connection is found, named, and no longer polled in place; its answers stay right, and so does
//! the order of notifications.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role};

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract for the tests of one file")]
    use portcullis::Call;

    #[portcullis::interface(name = "test.pace", version = 1)]
    pub trait Paces {
        #[call]
        async fn slow(&self, cx: &Call, number: u32) -> u32;
        #[call]
        async fn quick(&self, cx: &Call, number: u32) -> u32;
        #[notify]
        async fn tell(&self, cx: &Call, number: u32);
    }

    portcullis::contract! { name = "pace", interfaces = [Paces] }
}

use contract::{Paces, PacesClient, PacesServer, contract};

#[derive(Clone, Default)]
struct Service {
    told: Arc<Mutex<Vec<u32>>>,
}

impl Paces for Service {
    async fn slow(&self, _: &Call, number: u32) -> u32 {
        std::thread::sleep(Duration::from_millis(2));
        number
    }

    async fn quick(&self, _: &Call, number: u32) -> u32 {
        number
    }

    async fn tell(&self, _: &Call, number: u32) {
        self.told.lock().expect("nothing panics under it").push(number);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[tokio::test]
async fn a_slow_handler_is_spawned_after_a_few_calls() {
    let test = async {
        let role = Role::new("all").call("test.pace.*");
        let hub = Hub::builder(contract()).role(role).build().expect("roles fit");
        let _served = hub.serve(PacesServer::new(Service::default())).expect("served");
        let peer = hub.connect("one", "all", &PeerConfig::default()).expect("admitted");
        let paces: PacesClient = peer.bind(Target::Any).await.expect("bound");
        for number in 0..10 {
            assert_eq!(paces.slow(number).await.expect("an answer"), number);
        }
        let slow = hub.slow_methods();
        assert!(slow.iter().any(|method| &**method == "test.pace.slow"), "{slow:?}");
        assert_eq!(paces.slow(11).await.expect("an answer"), 11);
        assert_eq!(paces.quick(12).await.expect("an answer"), 12);
    };
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("no hang");
}

/// Requests begin in order, and a notification has nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn notifications_begin_in_order_however_slow_their_handler_is() {
    const COUNT: u32 = 200;

    let test = async {
        let role = Role::new("all").call("test.pace.*");
        let hub = Hub::builder(contract()).role(role).build().expect("roles fit");
        let service = Service::default();
        let _served = hub.serve(PacesServer::new(service.clone())).expect("served");
        let peer = hub.connect("one", "all", &PeerConfig::default()).expect("admitted");
        let paces: PacesClient = peer.bind(Target::Any).await.expect("bound");
        for number in 0..COUNT {
            paces.tell(number).expect("sent");
            // Behind it, so that bursts are small.
            if number % 10 == 0 {
                assert_eq!(paces.quick(number).await.expect("an answer"), number);
            }
        }
        let told = || service.told.lock().expect("nothing panics under it").clone();
        while told().len() < COUNT as usize {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(told(), (0..COUNT).collect::<Vec<_>>());
        let slow = hub.slow_methods();
        assert!(slow.iter().any(|method| &**method == "test.pace.tell"), "{slow:?}");
    };
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("no hang");
}
