//! Notices for every window: a broadcast that tells who got it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use camera_studio_contract::{
    Delivery, DeliveryList, Notice, Notices, NoticesPublisher, NoticesServer, WINDOWS_MAX,
};
use portcullis::hub::{Hosted, Hub};
use portcullis::peer::Why;
use portcullis::{Call, Error, Status};

use super::error::StudioError;

/// How long windows have to take a notice.
const DELIVERY_TIME: Duration = Duration::from_secs(1);

/// Serves `studio.notices`.
#[derive(Default)]
pub(super) struct Board {
    publisher: OnceLock<NoticesPublisher>,
}

impl Board {
    /// Serves notices from now on.
    pub(super) fn serve(hub: &Hub) -> Result<Hosted, StudioError> {
        let board = Arc::new(Self::default());
        let hosted = hub.serve(NoticesServer::from_arc(Arc::clone(&board)))?;
        let _ = board.publisher.set(hosted.publisher());
        Ok(hosted)
    }
}

impl Notices for Board {
    async fn announce(&self, cx: &Call, text: String) -> Result<DeliveryList, Error> {
        let unavailable = || Error::new(Status::Unavailable, "the studio is starting");
        let publisher = self.publisher.get().ok_or_else(unavailable)?;
        let from = cx.caller().map(|caller| caller.label.clone()).unwrap_or_default();
        let report = publisher.notice_reported(&Notice { from, text }, DELIVERY_TIME).await?;
        let delivered =
            report.delivered.into_iter().map(|each| Delivery { peer: each.label, problem: None });
        let missed = report
            .missed
            .into_iter()
            .map(|each| Delivery { peer: each.label, problem: Some(problem(each.why).to_owned()) });
        let mut deliveries: Vec<Delivery> =
            delivered.chain(missed).take(WINDOWS_MAX as usize).collect();
        deliveries.sort_by(|one, two| one.peer.cmp(&two.peer));
        Ok(DeliveryList { deliveries })
    }
}

fn problem(why: Why) -> &'static str {
    match why {
        Why::Dropped => "too busy",
        Why::Left => "closed",
        Why::TimedOut => "no answer in time",
    }
}
