//! Globs of the config file: `*` and `?` within one part of a path, `**` over any number of parts.

/// Why a text is neither a directory of a repository nor a pattern for some.
pub fn wrong_directory(text: &str) -> Option<&'static str> {
    let is_up = text.split('/').any(|part| part == "..");
    match text {
        "" => Some("not an empty text (`.` is the whole repository)"),
        _ if text.starts_with(['/', '~']) => Some(
            "written from the repository's root without a leading slash, not a path on this machine",
        ),
        _ if is_up => Some("not one outside of it"),
        _ if text.contains(['[', ']', '{', '}']) => {
            Some("or a pattern with *, ? and **: brackets and braces mean nothing in it")
        }
        _ => None,
    }
}

/// Whether a directory of a repository is meant by a pattern. A pattern without wildcards means the directory and
/// everything below it; `.` or nothing means the whole repository.
pub fn matches_directory(pattern: &str, directory: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_matches('/');
    if pattern.is_empty() || pattern == "." {
        return true;
    }
    if !is_glob(pattern) {
        return directory
            .strip_prefix(pattern)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    let parts: Vec<&str> = directory.split('/').filter(|p| !p.is_empty()).collect();
    parts_match(&pattern, &parts)
}

/// Whether a name is meant by a pattern, where `*` stands for any text.
pub fn matches_name(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    chars_match(&pattern, &name)
}

/// Whether a text holds a wildcard.
pub fn is_glob(text: &str) -> bool {
    text.contains(['*', '?'])
}

fn parts_match(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern.split_first(), parts.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            parts_match(rest, parts) || (!parts.is_empty() && parts_match(pattern, &parts[1..]))
        }
        (Some((first, pattern)), Some((part, parts))) => {
            matches_name(first, part) && parts_match(pattern, parts)
        }
        _ => false,
    }
}

/// Matches with one point of return, so that a hostile pattern takes no more than the product of the lengths.
fn chars_match(pattern: &[char], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories() {
        for (pattern, directory, expected) in [
            ("deploy/prod", "deploy/prod", true),
            ("deploy/prod", "deploy/prod/web", true),
            ("./deploy/prod/", "deploy/prod", true),
            ("deploy/prod", "deploy/production", false),
            ("deploy/*", "deploy/prod", true),
            ("deploy/*", "deploy/prod/web", false),
            ("deploy/**", "deploy/prod/web", true),
            ("deploy/**", "deploy", true),
            ("**/prod", "a/b/prod", true),
            ("**/prod", "prod", true),
            ("**/prod", "a/prod/b", false),
            ("*-prod", "eu-prod", true),
            ("team-?", "team-a", true),
            ("team-?", "team-ab", false),
            (".", "anything/below", true),
            ("", "", true),
        ] {
            assert_eq!(
                matches_directory(pattern, directory),
                expected,
                "{pattern} on {directory}"
            );
        }
    }

    #[test]
    fn names() {
        for (pattern, name, expected) in [
            ("prod-*", "prod-eu", true),
            ("*", "arn:aws:eks:eu/shop", true),
            ("arn:*:prod", "arn:aws:eks/x:prod", true),
            ("prod", "prod-eu", false),
            ("*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ] {
            assert_eq!(matches_name(pattern, name), expected, "{pattern} on {name}");
        }
    }
}
