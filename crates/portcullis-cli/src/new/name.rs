//! Which names an application can have: one word that cargo, npm and an address of the application's own scheme all take.

/// The longest name, in bytes: that of a crate, with room for what stands behind it.
const NAME_BYTES_MAX: usize = 48;

/// Words that one of them keeps for itself: Rust's, cargo's folders, devices of Windows.
const KEPT: &str = "abstract as async await become box break build const continue crate deps do dyn else \
    enum examples extern false final fn for gen if impl in incremental let loop macro \
    match mod move mut override priv pub ref return self static struct super test trait \
    true try type typeof unsafe unsized use virtual where while yield aux con nul prn \
    alloc core std node_modules";

/// Packages that an application stands on: none can have a package of its own name below it.
const DEPENDENCIES: &[&str] =
    &["electron", "esbuild", "portcullis", "portcullis-desktop", "tokio", "typescript"];

/// Says what is wrong with a name, and what to do.
pub(super) fn check(name: &str) -> Result<(), String> {
    if name.contains(['/', '\\']) {
        return Err(format!(
            "`{name}` is a path: go to the folder that the application shall stand in, and give its name alone"
        ));
    }
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.len() > NAME_BYTES_MAX
        || !name.starts_with(|c: char| c.is_ascii_lowercase())
        || name.ends_with(['-', '_'])
        || !name.chars().all(good)
    {
        return Err(format!(
            "`{name}` cannot be a name: take at most {NAME_BYTES_MAX} of a-z, 0-9, `-` and `_`, a letter first and no dash last, as in `my-app`"
        ));
    }
    let device = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    let is_device =
        device.is_some_and(|rest| rest.len() == 1 && rest != "0" && rest.parse::<u8>().is_ok());
    if is_device || KEPT.split(' ').any(|kept| kept == name) || DEPENDENCIES.contains(&name) {
        return Err(format!(
            "`{name}` has a meaning of its own for cargo, npm or the system: take another, `{name}-app` perhaps"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names_are_those_that_all_can_take() {
        for good in ["notes", "my-app", "my_app", "a", "app2", "com10", "my-app-test"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        let long = "a".repeat(49);
        let bad = [
            "", "2d", "My-App", "-a", "a-", "a_", "a b", "a.b", "ä", "@scope", "match", "test",
            "deps", "con", "com1", "lpt9", "tokio", "..", "a/b", "../a", "C:\\a", &long,
        ];
        for bad in bad {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
