//! `[role.x.budget]` and `[user.budget]`: how much a peer of the role, or all peers of a user together, may have and do at
//! once. What each key bounds is said by `Budget`.

use portcullis_hub::{BURST_MS, Budget};
use toml::de::{DeInteger, DeValue};

use crate::read::{Reader, Value, in_order, path_of};
use crate::time::time;

/// The keys of a role's budget.
const ROLE_KEYS: [&str; 17] = [
    "calls",
    "streams",
    "subscriptions",
    "bindings",
    "exports",
    "reports",
    "notifications",
    "queued-bytes",
    "parcel-bytes",
    "retained-bytes",
    "handled-bytes",
    "frames-per-second",
    "frames-burst",
    "bytes-per-second",
    "bytes-burst",
    "callee-share-percent",
    "handshake",
];
/// The keys of a user's budget: shares and the handshake are each peer's own, connections a user's.
const USER_KEYS: [&str; 17] = [
    "peers",
    "half-open",
    "calls",
    "streams",
    "subscriptions",
    "bindings",
    "exports",
    "reports",
    "notifications",
    "queued-bytes",
    "parcel-bytes",
    "retained-bytes",
    "handled-bytes",
    "frames-per-second",
    "frames-burst",
    "bytes-per-second",
    "bytes-burst",
];
/// The keys of `user`.
const OF_USER: [&str; 1] = ["budget"];

/// A rate and its burst, as far as they are said.
#[derive(Clone, Copy, Default)]
struct Flow {
    per_second: Option<u64>,
    burst: Option<u64>,
}

impl Flow {
    /// The rate with its burst; without one, what comes in [`BURST_MS`].
    fn whole(self) -> Option<(u64, u64)> {
        let per_second = self.per_second?;
        let saved_up = per_second.saturating_mul(BURST_MS.into()) / 1_000;
        Some((per_second, self.burst.unwrap_or(saved_up)))
    }
}

/// Reads the table `user`: what every user has, all its peers together.
pub(crate) fn read_user(reader: &mut Reader<'_>, value: &Value<'_>) -> Budget {
    let mut budget = Budget::new();
    let DeValue::Table(table) = value.get_ref() else {
        reader.wrong_type(value, "user", "a table: [user.budget]");
        return budget;
    };
    for (key, value) in in_order(table) {
        let path = path_of("user", key.get_ref());
        match key.get_ref().as_ref() {
            "budget" => budget = read_budget(reader, value, &path, &USER_KEYS),
            _ => reader.unknown_key(key, &path, &OF_USER),
        }
    }
    budget
}

/// Reads the budget of a role.
pub(crate) fn read_role_budget(reader: &mut Reader<'_>, value: &Value<'_>, path: &str) -> Budget {
    read_budget(reader, value, path, &ROLE_KEYS)
}

fn read_budget(reader: &mut Reader<'_>, value: &Value<'_>, path: &str, keys: &[&str]) -> Budget {
    let mut budget = Budget::new();
    let DeValue::Table(table) = value.get_ref() else {
        reader.wrong_type(value, path, "a table: { calls = 64, frames-per-second = 2000 }");
        return budget;
    };
    let (mut frames, mut bytes) = (Flow::default(), Flow::default());
    for (key, value) in in_order(table) {
        let path = path_of(path, key.get_ref());
        let name = key.get_ref().as_ref();
        if !keys.contains(&name) {
            reader.unknown_key(key, &path, keys);
            continue;
        }
        match name {
            "handshake" => budget = handshake(reader, budget, value, &path),
            "callee-share-percent" => {
                if let Some(percent) = number(reader, value, &path, 100) {
                    budget = budget.callee_share_percent(u8::try_from(percent).unwrap_or(100));
                }
            }
            "frames-per-second" => frames.per_second = rate(reader, value, &path, u32::MAX.into()),
            "frames-burst" => frames.burst = rate(reader, value, &path, u32::MAX.into()),
            "bytes-per-second" => bytes.per_second = rate(reader, value, &path, BYTES_MAX),
            "bytes-burst" => bytes.burst = rate(reader, value, &path, BYTES_MAX),
            _ => budget = count(reader, budget, name, value, &path),
        }
    }
    for (flow, name) in [(frames, "frames"), (bytes, "bytes")] {
        if flow.burst.is_some() && flow.per_second.is_none() {
            let message = format!("`{name}-burst` says nothing without `{name}-per-second`");
            reader.error(value.span(), path, message);
        }
    }
    if let Some((per_second, burst)) = frames.whole() {
        let narrow = |frames| u32::try_from(frames).unwrap_or(u32::MAX);
        budget = budget.frames_per_second(narrow(per_second), narrow(burst));
    }
    if let Some((per_second, burst)) = bytes.whole() {
        budget = budget.bytes_per_second(per_second, burst);
    }
    budget
}

/// Most of anything in a budget: what a number of JSON holds exactly.
const BYTES_MAX: u64 = (1 << 53) - 1;

fn count(
    reader: &mut Reader<'_>,
    budget: Budget,
    key: &str,
    value: &Value<'_>,
    path: &str,
) -> Budget {
    let with = match key {
        "peers" => Budget::peers,
        "half-open" => Budget::half_open,
        "calls" => Budget::calls,
        "streams" => Budget::streams,
        "subscriptions" => Budget::subscriptions,
        "bindings" => Budget::bindings,
        "exports" => Budget::exports,
        "reports" => Budget::reports,
        "notifications" => Budget::notifications,
        "queued-bytes" => Budget::queued_bytes,
        "parcel-bytes" => Budget::parcel_bytes,
        "retained-bytes" => Budget::retained_bytes,
        "handled-bytes" => Budget::handled_bytes,
        _ => return budget,
    };
    match number(reader, value, path, BYTES_MAX) {
        Some(max) => with(budget, usize::try_from(max).unwrap_or(usize::MAX)),
        None => budget,
    }
}

fn handshake(reader: &mut Reader<'_>, budget: Budget, value: &Value<'_>, path: &str) -> Budget {
    let DeValue::String(text) = value.get_ref() else {
        reader.wrong_type(value, path, "a time: \"5s\"");
        return budget;
    };
    match time(text) {
        Ok(time) => budget.handshake_ms(u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
        Err(message) => {
            reader.error(value.span(), path, message);
            budget
        }
    }
}

/// A rate of 0 would let nothing through: whoever means that grants nothing.
fn rate(reader: &mut Reader<'_>, value: &Value<'_>, path: &str, max: u64) -> Option<u64> {
    let rate = number(reader, value, path, max)?;
    if rate == 0 {
        reader.error(value.span(), path, "a rate or burst is at least 1");
        return None;
    }
    Some(rate)
}

/// A whole number from 0 to `max`.
fn number(reader: &mut Reader<'_>, value: &Value<'_>, path: &str, max: u64) -> Option<u64> {
    let DeValue::Integer(integer) = value.get_ref() else {
        reader.wrong_type(value, path, "a whole number");
        return None;
    };
    let number = whole(integer).filter(|number| *number <= max);
    if number.is_none() {
        reader.error(value.span(), path, format!("a whole number from 0 to {max} stands here"));
    }
    number
}

fn whole(integer: &DeInteger<'_>) -> Option<u64> {
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
