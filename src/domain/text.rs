//! Hostile text made safe to show: control characters and escape sequences are displayed, never sent.

use std::borrow::Cow;

/// Text with every control character, bidirectional override and other invisible trap written out. Newlines are
/// written out too: callers split lines first. Tabs become one space.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_trap) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            c if is_trap(c) => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

fn is_trap(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn escape_sequences_are_shown() {
        assert_eq!(visible("a\u{1b}[2Jb"), "a\\e[2Jb");
        assert_eq!(visible("a\u{9b}31m"), "a\\u{9b}31m");
        assert_eq!(visible("x\u{202e}y"), "x\\u{202e}y");
        assert_eq!(
            visible("a\u{61c}b\u{ad}c\u{3164}"),
            "a\\u{61c}b\\u{ad}c\\u{3164}"
        );
        assert_eq!(visible("日本 ok"), "日本 ok");
    }
}
