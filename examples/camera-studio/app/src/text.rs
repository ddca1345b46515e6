//! Texts that must fit a contract's limits.

use camera_studio_contract::TEXT_BYTES_MAX;

/// A sentence, cut to what the contract allows.
pub(crate) fn cut(mut text: String) -> String {
    let max = TEXT_BYTES_MAX as usize;
    if text.len() > max {
        let mut end = max;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("short".to_owned()), "short");
        let long = cut("ä".repeat(TEXT_BYTES_MAX as usize));
        assert_eq!(long.len(), TEXT_BYTES_MAX as usize);
        let odd = cut(format!("a{}", "ä".repeat(TEXT_BYTES_MAX as usize)));
        assert_eq!(odd.len(), TEXT_BYTES_MAX as usize - 1);
    }
}
