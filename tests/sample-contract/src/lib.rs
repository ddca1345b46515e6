//! The contract that the tests of all crates and packages share: messages that use every feature of the codec, and
//! interfaces that use every kind of channel. Nobody serves it but tests.

mod blobs;
mod collections;
mod echo;
mod evolving;
mod flows;
mod limits;
mod named;
mod scalars;
mod shared;
mod topics;
mod values;

pub use blobs::{
    Blobs, BlobsClient, BlobsError, BlobsInterface, BlobsPublisher, BlobsServer, Samples, Scan,
};
pub use collections::{Arrays, Lists, Maps, Options, Tuples};
pub use echo::{
    Echo, EchoClient, EchoError, EchoInterface, EchoReply, EchoRequest, EchoServer, Who,
};
pub use evolving::{Change, ChangeKind, Preferences};
pub use flows::{Flows, FlowsClient, FlowsError, FlowsInterface, FlowsServer, Picture, Summary};
pub use limits::{Colour, Converted, Limits, colour};
pub use named::{Empty, Expression, Id, Level, Name, Node, Pair, Shape, Tagged, Tree, Wrapped};
pub use scalars::{BuiltIn, Foreign, Scalars, Texts};
pub use shared::{Shared, SharedClient, SharedInterface, SharedPublisher, SharedServer, Tally};
pub use topics::{Topics, TopicsClient, TopicsInterface, TopicsPublisher, TopicsServer};
pub use values::{Values, ValuesClient, ValuesInterface, ValuesServer};

portcullis::contract! {
    name = "sample",
    interfaces = [Blobs, Echo, Flows, Shared, Topics, Values],
}
