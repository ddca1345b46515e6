//! Texts that have to fit somewhere.

/// As much of a text as fits into so many bytes, from its beginning.
pub fn beginning(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    // A character has four bytes at most.
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}
