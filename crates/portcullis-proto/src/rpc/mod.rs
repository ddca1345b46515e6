//! What generated interface code stands on: typed calls, handlers, streams and topics over a session, without a
//! runtime. Futures are woken by whoever delivers bytes; drivers in `portcullis` do that.

mod call;
mod descriptor;
mod failure;
mod items;
mod local;
mod no_flows;
mod running;
mod service;
mod stream;
mod wakes;

pub use call::{Call, Caller, CancelToken, Origin, SpareCall};
pub use descriptor::{ChannelInfo, Client, Descriptor, Interface, Publish};
pub use failure::{CallError, Failure, IntoFailure, Reply};
pub use items::{Items, Taken};
pub use local::{
    Bodies, Host, LocalCall, Locals, Sent, TAKEN_BYTES_MAX, WriteBody, credited, finish_local,
    poll_send, poll_send_all, poll_take, poll_take_all, send_each, stop_local,
};
pub use no_flows::NoFlows;
pub use running::{Complete, Replies, Reply as HandlerReply, Running, start_job};
pub use service::{Dispatch, Job, Mode, Outcome, Request, Service, Started, Task, poll_task};
pub use stream::{SENT_IN_A_ROW_MAX, Sink, Source};
pub use wakes::Wakes;
