//! Times as policy files write them: a whole number and a unit, `500ms`, `90s`, `10m`, `2h`.

use std::time::Duration;

/// The longest time that a grant may be given for, in milliseconds: a year. Who means for good leaves the time out.
pub const LASTING_MAX_MS: u64 = 31_536_000_000;

/// Reads a time.
///
/// # Errors
///
/// A sentence that says what is wrong with it.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    if number.is_empty() || factor == 0 {
        let how = "a time is a whole number with its unit, one of ms, s, m, h: \"10m\"";
        return Err(how.to_owned());
    }
    let ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match ms {
        Some(0) => Err("a grant that lasts for no time grants nothing".to_owned()),
        Some(ms) if ms <= LASTING_MAX_MS => Ok(Duration::from_millis(ms)),
        _ => Err(format!(
            "a grant lasts at most {} h; leave `for` out for one without an end",
            LASTING_MAX_MS / 3_600_000
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_a_unit() {
        for (text, ms) in [("1ms", 1), ("90s", 90_000), ("10m", 600_000), ("2h", 7_200_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for (text, says) in [
            ("", "whole number"),
            ("10", "unit"),
            ("m", "whole number"),
            ("1.5h", "whole number"),
            ("-1s", "whole number"),
            ("10 m", "unit"),
            ("0s", "no time"),
            ("9000h", "at most 8760 h"),
            ("99999999999999999999h", "at most"),
        ] {
            assert!(time(text).is_err_and(|error| error.contains(says)), "{text}");
        }
    }
}
