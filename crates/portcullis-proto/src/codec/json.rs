//! Checks that a text is JSON (RFC 8259) without building anything from it: no recursion, one pass, bounded nesting.

use super::{CodecError, DEPTH_MAX, ErrorKind};

/// What may come next in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// Containers that are open: one bit each, set for an object; at most [`DEPTH_MAX`].
struct Open {
    bits: u64,
    depth: u32,
}

impl Open {
    fn push(&mut self, object: bool) -> Option<()> {
        if self.depth >= DEPTH_MAX {
            return None;
        }
        self.bits = (self.bits << 1) | u64::from(object);
        self.depth = self.depth.saturating_add(1);
        Some(())
    }

    fn pop(&mut self, object: bool) -> Option<()> {
        if self.depth == 0 || (self.bits & 1 == 1) != object {
            return None;
        }
        self.bits >>= 1;
        self.depth = self.depth.saturating_sub(1);
        Some(())
    }

    fn in_object(&self) -> bool {
        self.bits & 1 == 1
    }
}

/// Fails unless `text` is exactly one JSON text.
pub(crate) fn check(text: &str) -> Result<(), CodecError> {
    scan(text.as_bytes()).ok_or_else(|| CodecError::new(ErrorKind::BadJson))
}

fn scan(mut rest: &[u8]) -> Option<()> {
    let mut open = Open { bits: 0, depth: 0 };
    let mut expect = Expect::Value;
    // Every turn uses up at least one byte.
    loop {
        rest = space(rest);
        if expect == Expect::CommaOrEnd && open.depth == 0 {
            return rest.is_empty().then_some(());
        }
        let (&first, after) = rest.split_first()?;
        match (expect, first) {
            (Expect::Value | Expect::ValueOrEnd, b'{') => {
                open.push(true)?;
                (rest, expect) = (after, Expect::KeyOrEnd);
            }
            (Expect::Value | Expect::ValueOrEnd, b'[') => {
                open.push(false)?;
                (rest, expect) = (after, Expect::ValueOrEnd);
            }
            (Expect::ValueOrEnd | Expect::CommaOrEnd, b']') => {
                open.pop(false)?;
                (rest, expect) = (after, Expect::CommaOrEnd);
            }
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}') => {
                open.pop(true)?;
                (rest, expect) = (after, Expect::CommaOrEnd);
            }
            (Expect::Key | Expect::KeyOrEnd, b'"') => {
                rest = space(string(after)?).strip_prefix(b":")?;
                expect = Expect::Value;
            }
            (Expect::CommaOrEnd, b',') => {
                rest = after;
                expect = if open.in_object() { Expect::Key } else { Expect::Value };
            }
            (Expect::Value | Expect::ValueOrEnd, _) => {
                rest = scalar(first, after, rest)?;
                expect = Expect::CommaOrEnd;
            }
            _ => return None,
        }
    }
}

fn space(rest: &[u8]) -> &[u8] {
    let used = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
    rest.get(used..).unwrap_or_default()
}

fn scalar<'a>(first: u8, after: &'a [u8], rest: &'a [u8]) -> Option<&'a [u8]> {
    match first {
        b'"' => string(after),
        b't' => rest.strip_prefix(b"true"),
        b'f' => rest.strip_prefix(b"false"),
        b'n' => rest.strip_prefix(b"null"),
        _ => number(rest),
    }
}

/// The rest behind a string whose opening quote is gone.
fn string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = match byte {
            b'"' => return Some(after),
            b'\\' => {
                let (&escape, after) = after.split_first()?;
                match escape {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => after,
                    b'u' => {
                        let (digits, after) = after.split_first_chunk::<4>()?;
                        if !digits.iter().all(u8::is_ascii_hexdigit) {
                            return None;
                        }
                        after
                    }
                    _ => return None,
                }
            }
            0..0x20 => return None,
            _ => after,
        };
    }
}

fn number(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let mut rest = match rest.strip_prefix(b"0") {
        Some(rest) => rest,
        None => digits(rest)?,
    };
    if let Some(fraction) = rest.strip_prefix(b".") {
        rest = digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let signed = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-"));
        rest = digits(signed.unwrap_or(exponent))?;
    }
    Some(rest)
}

/// The rest behind at least one digit.
fn digits(rest: &[u8]) -> Option<&[u8]> {
    let used = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if used == 0 { None } else { rest.get(used..) }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn accepts_what_is_json() {
        for text in [
            "null",
            " true ",
            "0",
            "-0.5e+10",
            "\"\\u00e9\"",
            "[]",
            "{}",
            "[1,[2,{\"a\":[]}]]",
            "{\"a\":1,\"b\":{}}",
        ] {
            assert!(check(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not() {
        for text in [
            "",
            " ",
            "nul",
            "01",
            "1.",
            "+1",
            ".5",
            "\"",
            "\"\\x\"",
            "\"\n\"",
            "[",
            "[1,]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "[}",
            "{]",
            "1 2",
            "]",
            ",",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nests_to_the_limit_and_not_beyond() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(check(&nested(64)).is_ok());
        assert!(check(&nested(65)).is_err());
    }
}
