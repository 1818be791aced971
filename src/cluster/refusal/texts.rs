//! What stands in the server's texts: paths, names and numbers, without the values that it echoes.

use super::status::StatusCause;

impl StatusCause {
    /// The field, where it names one.
    pub(super) fn path(&self) -> Option<&str> {
        Some(self.field.trim_start_matches('.'))
            .filter(|f| !f.is_empty() && *f != "<nil>" && *f != "[]")
    }

    /// The message without the value that it echoes.
    pub(super) fn detail(&self) -> String {
        let message = self.message.as_str();
        for kind in [
            "Invalid value",
            "Unsupported value",
            "Duplicate value",
            "Not found",
            "Too many",
        ] {
            let Some(rest) = message
                .strip_prefix(kind)
                .and_then(|m| m.strip_prefix(": "))
            else {
                continue;
            };
            let rest = after_value(rest);
            return match (rest, kind) {
                ("", _) => kind.to_lowercase(),
                (detail, "Invalid value") => detail.to_owned(),
                (detail, _) => format!("{}: {detail}", kind.to_lowercase()),
            };
        }
        message
            .strip_prefix("Forbidden: ")
            .or_else(|| message.strip_prefix("Too long: "))
            .or_else(|| message.strip_prefix("Required value: "))
            .unwrap_or(message)
            .to_owned()
    }
}

/// What follows an echoed value (a quoted string, JSON, or a bare word) and its colon.
fn after_value(text: &str) -> &str {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return text[i + 1..].trim_start(),
            _ => {}
        }
    }
    ""
}

/// `expected string, got &value.valueUnstructured{Value:1}` without the value.
pub fn without_go_value(line: &str) -> String {
    match line.split_once(", got &value.") {
        Some((expected, _)) => format!("{expected}, got something else"),
        None => line.to_owned(),
    }
}

/// The path at the start of `.spec.foo: text`; keys in it may hold colons inside quotes.
pub fn path_of(line: &str) -> Option<String> {
    let mut quoted = false;
    let end = line.char_indices().find_map(|(i, c)| {
        quoted ^= c == '"';
        (c == ':' && !quoted).then_some(i)
    })?;
    let path = line[..end].trim_start_matches('.');
    (line.starts_with('.') && !path.is_empty()).then(|| path.to_owned())
}

/// Every `"text"` that follows a phrase.
pub fn quoted_after(message: &str, phrase: &str) -> Vec<String> {
    message
        .split(phrase)
        .skip(1)
        .filter_map(|rest| Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned()))
        .collect()
}

/// The `'text'` that follows a phrase.
pub fn single_quoted_after(message: &str, phrase: &str) -> Option<String> {
    let rest = message.split_once(phrase)?.1.strip_prefix('\'')?;
    Some(rest.split_once('\'')?.0.to_owned())
}

/// The last whole number of a text.
pub fn last_number(text: &str) -> Option<u64> {
    text.split(|c: char| !c.is_ascii_digit())
        .rfind(|word| !word.is_empty())?
        .parse()
        .ok()
}
