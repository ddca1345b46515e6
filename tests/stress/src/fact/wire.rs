//! Facts as bytes: four words each.

use portcullis_proto::status::Status;

use super::{Fact, Fate, How, Topic, Value, What};

/// Bytes of a fact.
pub(crate) const FACT_BYTES: usize = 32;
/// What is no status.
const GIVEN_UP: u64 = u64::MAX;

impl Fact {
    pub(crate) fn to_bytes(self) -> [u8; FACT_BYTES] {
        let topic_of = |topic: Topic| Value { topic, place: 0 }.number();
        let words: [u64; 4] = match self {
            Self::Begun { number, what } => [0, number, what as u64, 0],
            Self::Ended { number, how: How::Told(status) } => [1, number, status.code().into(), 0],
            Self::Ended { number, how: How::GivenUp } => [1, number, GIVEN_UP, 0],
            Self::Handling { number } => [2, number, 0, 0],
            Self::Handled { number, answered } => [3, number, answered.into(), 0],
            Self::Told { row, place } => [4, row, place.into(), 0],
            Self::Subscribed { seat, topic } => [5, seat, topic_of(topic), 0],
            Self::Read { seat, value, missed } => [6, seat, value.number(), missed.into()],
            Self::Unsubscribed { seat } => [7, seat, 0, 0],
            Self::Published { value } => [8, value.number(), 0, 0],
            Self::Stood { value } => [15, value.number(), 0, 0],
            Self::Reported { number, value } => [9, number, value.number(), 0],
            Self::Named { number, serial, fate } => [10, number, serial.into(), fate as u64],
            Self::Lost => [11, 0, 0, 0],
            Self::Stayed => [12, 0, 0, 0],
            Self::Started { serial } => [13, serial.into(), 0, 0],
            Self::Exited { serial, signal, code } => {
                [14, serial.into(), signal.into(), code.into()]
            }
        };
        let mut bytes = [0; FACT_BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; FACT_BYTES]) -> Option<Self> {
        let (words, _) = bytes.as_chunks::<8>();
        let [kind, a, b, c] = [0, 1, 2, 3].map(|place: usize| u64::from_le_bytes(words[place]));
        Some(match kind {
            0 => Self::Begun { number: a, what: What::from_code(b)? },
            1 if b == GIVEN_UP => Self::Ended { number: a, how: How::GivenUp },
            1 => Self::Ended { number: a, how: How::Told(Status::from_code(b as u32)?) },
            2 => Self::Handling { number: a },
            3 => Self::Handled { number: a, answered: b != 0 },
            4 => Self::Told { row: a, place: b as u32 },
            5 => Self::Subscribed { seat: a, topic: Value::of(b)?.topic },
            6 => Self::Read { seat: a, value: Value::of(b)?, missed: c as u32 },
            7 => Self::Unsubscribed { seat: a },
            8 => Self::Published { value: Value::of(a)? },
            9 => Self::Reported { number: a, value: Value::of(b)? },
            10 => Self::Named { number: a, serial: b as u32, fate: Fate::from_code(c)? },
            11 => Self::Lost,
            12 => Self::Stayed,
            13 => Self::Started { serial: a as u32 },
            14 => Self::Exited { serial: a as u32, signal: b as u32, code: c as u32 },
            15 => Self::Stood { value: Value::of(a)? },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Name;

    #[test]
    fn facts_are_read_as_they_were_written() {
        let topic = Topic { serial: 0xff_fffe, name: Name::Level };
        let value = Value { topic, place: u32::MAX };
        let number = 3 << 32 | 9;
        for fact in [
            Fact::Begun { number, what: What::Report },
            Fact::Ended { number, how: How::Told(Status::Unavailable) },
            Fact::Ended { number, how: How::GivenUp },
            Fact::Handling { number },
            Fact::Handled { number, answered: true },
            Fact::Told { row: number, place: 7 },
            Fact::Subscribed { seat: number, topic },
            Fact::Read { seat: number, value, missed: 2 },
            Fact::Unsubscribed { seat: number },
            Fact::Stood { value },
            Fact::Published { value },
            Fact::Reported { number, value },
            Fact::Named { number, serial: 4, fate: Fate::Late },
            Fact::Lost,
            Fact::Stayed,
            Fact::Started { serial: 5 },
            Fact::Exited { serial: 5, signal: 9, code: 0 },
        ] {
            assert_eq!(Fact::from_bytes(&fact.to_bytes()), Some(fact));
        }
        assert_eq!(Fact::from_bytes(&[0xff; FACT_BYTES]), None);
    }
}
