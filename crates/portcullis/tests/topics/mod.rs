//! A contract of one topic, for tests that care for connections and not for what they carry.
#![allow(missing_docs, unreachable_pub, dead_code, reason = "each test uses its own part")]

#[portcullis::interface(name = "test.topics", version = 1)]
pub trait Topics {
    #[event]
    fn happened(number: u32);
}

portcullis::contract! { name = "topics", interfaces = [Topics] }
