//! All targets by their names: what the binaries, the seeds and the bounded tests have in common.

use super::{codec, frames, hub, peer, policy_file, schema_file, session, web};

/// A target.
pub struct Target {
    /// As its binary and its folders are called.
    pub name: &'static str,
    pub run: fn(&[u8]),
}

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}

pub const TARGETS: &[Target] = &[
    target("frames", frames::frames),
    target("codec_decode", codec::codec_decode),
    target("validator_agreement", codec::validator_agreement),
    target("schema_agreement", codec::schema_agreement),
    target("shown", codec::shown),
    target("schema_file", schema_file::schema_file),
    target("policy_file", policy_file::policy_file),
    target("session", session::session),
    target("session_pair", session::session_pair),
    target("peer", peer::peer),
    target("hub", hub::hub),
    target("ws_upgrade", web::ws_upgrade),
];
