//! Hostile text made safe to show: control characters and escape sequences are displayed, never sent.

use std::borrow::Cow;

/// Text with every control character, bidirectional override and other invisible trap written out. Newlines are
/// written out too: callers split lines first. Tabs become one space. What joins two pictures to one (an emoji of several)
/// is no trap there.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_trap) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let joins = c == JOINER
            && before.is_some_and(is_pictured)
            && rest.peek().copied().is_some_and(is_picture);
        before = Some(c);
        match c {
            _ if joins => out.push(c),
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

/// ZERO WIDTH JOINER.
const JOINER: char = '\u{200d}';

/// Whether a character is a picture, so that a joiner may stand beside it.
fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{2bff}' | '\u{a9}' | '\u{ae}')
}

/// The same for what stands before a joiner: a picture may have a style or a tone of skin.
fn is_pictured(c: char) -> bool {
    is_picture(c) || c == '\u{fe0f}'
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

    #[test]
    fn an_emoji_of_several_was_taken_apart() {
        for emoji in [
            "👩\u{200d}👩\u{200d}👧",
            "🏳\u{fe0f}\u{200d}🌈",
            "👩🏽\u{200d}🚀",
            "❤\u{fe0f}",
        ] {
            assert_eq!(visible(emoji), emoji);
            assert_eq!(
                visible(&format!("{emoji}\u{202e}")),
                format!("{emoji}\\u{{202e}}")
            );
        }
        assert_eq!(visible("pay\u{200d}pal"), "pay\\u{200d}pal");
        assert_eq!(visible("👩\u{200d}x\u{200d}👩"), "👩\\u{200d}x\\u{200d}👩");
    }
}
