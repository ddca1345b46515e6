//! The request, the reply and the item that every system carries, typed and as the fixed bytes of the raw
//! sockets. Each depends on its number, so that neither side can answer from memory.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// What the client asks: a number, 16 characters, a float.
#[derive(
    Clone,
    PartialEq,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
    prost::Message,
    zbus::Type,
)]
pub(crate) struct Request {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(string, tag = "2")]
    pub(crate) text: String,
    #[prost(double, tag = "3")]
    pub(crate) value: f64,
}

/// What the server answers: the number's successor, the text in capitals, the value doubled.
#[derive(
    Clone,
    PartialEq,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
    prost::Message,
    zbus::Type,
)]
pub(crate) struct Reply {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(string, tag = "2")]
    pub(crate) text: String,
    #[prost(double, tag = "3")]
    pub(crate) value: f64,
}

impl Request {
    /// The request with this number.
    pub(crate) fn new(number: u64) -> Self {
        // In one piece: what the benchmark does itself is a part of every system's figure.
        let text = text(number);
        let text = std::str::from_utf8(&text).unwrap_or_default().to_owned();
        Self { number, text, value: value(number) }
    }

    /// What the server makes of it, in place: the work of the handler is next to nothing.
    pub(crate) fn answer(mut self) -> Reply {
        self.text.make_ascii_uppercase();
        Reply { number: self.number.wrapping_add(1), text: self.text, value: self.value * 2.0 }
    }
}

impl Reply {
    /// Refuses any reply but the one to the request with this number.
    pub(crate) fn check(&self, number: u64) -> Result<()> {
        ensure!(
            self.number == number.wrapping_add(1)
                && self.text.as_bytes() == text(number).map(|c| c.to_ascii_uppercase())
                && self.value == value(number) * 2.0,
            "{self:?} is not the reply to request {number}"
        );
        Ok(())
    }
}

/// A small item of a stream: a reading of a meter, and its number.
#[derive(
    Clone, PartialEq, Serialize, Deserialize, bincode::Encode, bincode::Decode, prost::Message,
)]
pub(crate) struct Item {
    #[prost(uint64, tag = "1")]
    pub(crate) number: u64,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
}

impl Item {
    /// The item with this number.
    pub(crate) fn new(number: u64) -> Self {
        Self { number, value: value(number) }
    }

    /// Refuses any item but the one with this number.
    pub(crate) fn check(&self, number: u64) -> Result<()> {
        ensure!(
            self.number == number && self.value == value(number),
            "{self:?} is not item {number}"
        );
        Ok(())
    }
}

/// The length of an item without a codec.
pub(crate) const RAW_ITEM_LEN: usize = 16;

/// An item without a codec: two fields at fixed places.
pub(crate) type RawItem = [u8; RAW_ITEM_LEN];

/// The number of the raw item that ends a burst, to be answered with how many came before it.
pub(crate) const LAST: u64 = u64::MAX;

/// The raw item with this number.
pub(crate) fn raw_item(number: u64) -> RawItem {
    let mut item = [0; RAW_ITEM_LEN];
    item[..8].copy_from_slice(&number.to_le_bytes());
    item[8..].copy_from_slice(&value(number).to_le_bytes());
    item
}

/// Counts raw items, each of which must be the next one.
#[derive(Default)]
pub(crate) struct RawItems {
    count: u64,
}

impl RawItems {
    /// Takes an item; gives how many there were when it is the last.
    pub(crate) fn take(&mut self, item: &RawItem) -> Result<Option<u64>> {
        if *item == raw_item(LAST) {
            return Ok(Some(std::mem::take(&mut self.count)));
        }
        ensure!(*item == raw_item(self.count), "{item:?} is not item {}", self.count);
        self.count += 1;
        Ok(None)
    }
}

/// The length of a request and of a reply on a raw socket.
pub(crate) const RAW_LEN: usize = 32;

/// A request or a reply without a codec: three fields at fixed places.
pub(crate) type Raw = [u8; RAW_LEN];

/// The raw request with this number.
pub(crate) fn raw_request(number: u64) -> Raw {
    raw(number, text(number), value(number))
}

/// Turns a raw request into its reply.
pub(crate) fn raw_answer(message: &mut Raw) {
    let (number, mut text, value) = fields(message);
    text.make_ascii_uppercase();
    *message = raw(number.wrapping_add(1), text, value * 2.0);
}

/// Refuses any raw reply but the one to the request with this number.
pub(crate) fn raw_check(message: &Raw, number: u64) -> Result<()> {
    let expected =
        raw(number + 1, text(number).map(|c| c.to_ascii_uppercase()), value(number) * 2.0);
    ensure!(*message == expected, "{message:?} is not the reply to request {number}");
    Ok(())
}

fn raw(number: u64, text: [u8; 16], value: f64) -> Raw {
    let mut message = [0; RAW_LEN];
    message[..8].copy_from_slice(&number.to_le_bytes());
    message[8..24].copy_from_slice(&text);
    message[24..].copy_from_slice(&value.to_le_bytes());
    message
}

fn fields(message: &Raw) -> (u64, [u8; 16], f64) {
    let (mut number, mut text, mut value) = ([0; 8], [0; 16], [0; 8]);
    number.copy_from_slice(&message[..8]);
    text.copy_from_slice(&message[8..24]);
    value.copy_from_slice(&message[24..]);
    (u64::from_le_bytes(number), text, f64::from_le_bytes(value))
}

/// Sixteen small letters, one for each half byte of the number.
fn text(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    for (place, character) in text.iter_mut().enumerate() {
        *character = b'a' + (number >> (4 * place) & 15) as u8;
    }
    text
}

fn value(number: u64) -> f64 {
    number as f64 + 0.25
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_reply_passes() {
        let reply = Request::new(77).answer();
        assert!(reply.check(77).is_ok());
        assert!(reply.check(78).is_err());
        assert_eq!(reply.text, "NEAAAAAAAAAAAAAA");
        assert!(Reply { text: reply.text.to_lowercase(), ..reply.clone() }.check(77).is_err());
        assert!(Reply { value: 77.25, ..reply }.check(77).is_err());
    }

    #[test]
    fn items_are_counted_in_order() {
        let mut items = RawItems::default();
        for number in 0..3 {
            assert_eq!(items.take(&raw_item(number)).ok(), Some(None));
        }
        assert_eq!(items.take(&raw_item(LAST)).ok(), Some(Some(3)));
        assert!(items.take(&raw_item(1)).is_err(), "counting begins anew");
        assert!(Item::new(4).check(4).is_ok());
        assert!(Item { value: 4.0, ..Item::new(4) }.check(4).is_err());
    }

    #[test]
    fn raw_replies_mirror_the_typed_ones() {
        let mut message = raw_request(300);
        raw_answer(&mut message);
        assert!(raw_check(&message, 300).is_ok());
        assert!(raw_check(&message, 301).is_err());
        let (number, text, value) = fields(&message);
        let typed = Request::new(300).answer();
        assert_eq!(
            (number, text.as_slice(), value),
            (typed.number, typed.text.as_bytes(), typed.value)
        );
    }
}
