//! Numbers of things in words, the same on every screen and in every command.

/// `1 object`, `2 objects`, `2 repositories`.
pub fn count(n: usize, one: &str) -> String {
    match (n, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {one}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn one_and_many() {
        for (n, one, text) in [
            (0, "object", "0 objects"),
            (1, "repository", "1 repository"),
            (2, "repository", "2 repositories"),
            (3, "marked App", "3 marked Apps"),
        ] {
            assert_eq!(count(n, one), text);
        }
    }
}
