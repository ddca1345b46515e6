//! What passes between peers is held to its contract where it comes in: items and answers.

use portcullis_proto::codec::{Parts, from_parts};
use portcullis_proto::error::FailureBody;
use portcullis_proto::goodbye::{Goodbye, Reason};
use portcullis_proto::schema::validate::Root;
use portcullis_proto::status::Status;

use crate::catalog::Catalog;
use crate::work::Meta;

pub(crate) fn channel_item(catalog: &Catalog, meta: &Meta, up: bool) -> Option<Root> {
    let channel = catalog.channel(meta.interface, meta.ordinal)?;
    if up { channel.up } else { channel.down }
}

pub(crate) fn check_item(
    catalog: &Catalog,
    meta: &Meta,
    item: Root,
    body: Parts<'_>,
) -> Result<(), Goodbye> {
    catalog.plan.validate_parts(item, body.bytes, body.blobs).map_err(|error| {
        let name = catalog.full_name(meta.interface, meta.ordinal).map_or("", |name| name);
        Goodbye::because(Reason::MalformedPayload, format!("an item of `{name}`: {error}"))
    })
}

pub(crate) fn check_end(
    catalog: &Catalog,
    meta: &Meta,
    status: Status,
    body: Parts<'_>,
) -> Result<(), Goodbye> {
    let Some(channel) = catalog.channel(meta.interface, meta.ordinal) else { return Ok(()) };
    let validate = |root| catalog.plan.validate_parts(root, body.bytes, body.blobs);
    let checked = match (status, channel.error) {
        (Status::Ok, _) => validate(channel.reply),
        (Status::Application, Some(error)) => validate(error),
        (Status::Application, None) => {
            let text = "an application error on a channel that declares none";
            return Err(Goodbye::because(Reason::MalformedPayload, text));
        }
        _ => from_parts::<FailureBody>(body.bytes, body.blobs).map(|_| ()),
    };
    checked.map_err(|error| {
        let name = catalog.full_name(meta.interface, meta.ordinal).map_or("", |name| name);
        Goodbye::because(Reason::MalformedPayload, format!("the answer of `{name}`: {error}"))
    })
}
