//! An error tells whether trying again can help: for a call whose work may have been done, only if it is idempotent.

use std::time::Duration;

use portcullis::peer::{PeerConfig, Target};
use portcullis::{Call, Hub, Role, Status};
use portcullis_proto::error::Retry;

mod contract {
    #![allow(missing_docs, unreachable_pub, reason = "a contract of two methods for one test")]
    use portcullis::Call;

    #[portcullis::interface(name = "test.advice", version = 1)]
    pub trait Advice {
        #[call(deadline = "100ms", idempotent)]
        async fn safe(&self, cx: &Call);
        #[call(deadline = "100ms")]
        async fn once(&self, cx: &Call);
    }

    portcullis::contract! { name = "advice", interfaces = [Advice] }
}

use contract::{Advice, AdviceClient, AdviceServer, contract};

struct Never;

impl Advice for Never {
    async fn safe(&self, _: &Call) {
        std::future::pending().await
    }

    async fn once(&self, _: &Call) {
        std::future::pending().await
    }
}

#[tokio::test]
async fn only_idempotent_calls_are_advised_to_try_again() {
    let test = async {
        let role = Role::new("all").call("test.advice.*");
        let hub = Hub::builder(contract()).role(role).build().expect("roles fit");
        let served = hub.serve(AdviceServer::new(Never)).expect("served");
        let peer = hub.connect("one", "all", &PeerConfig::default()).expect("admitted");
        let advice: AdviceClient = peer.bind(Target::Any).await.expect("bound");
        let error = advice.safe().await.expect_err("never");
        assert_eq!((error.status(), error.retry()), (Status::DeadlineExceeded, Retry::Later));
        let error = advice.once().await.expect_err("never");
        assert_eq!((error.status(), error.retry()), (Status::DeadlineExceeded, Retry::Never));
        drop(served);
        let error = advice.safe().await.expect_err("gone");
        assert_eq!(error.status(), Status::Unavailable);
        assert_eq!(error.channel(), "test.advice.safe");
    };
    tokio::time::timeout(Duration::from_secs(60), test).await.expect("no hang");
}
