//! Which words of a changed line changed.

use similar::utils::diff_unicode_words;
use similar::{Algorithm, ChangeTag};

use super::Span;
use crate::drift::redact;

/// Longer lines are not looked into: nobody reads them, and the time is better spent.
const LIMIT: usize = 4_096;

/// The spans of both versions of a line after a common `lead` of bytes, with what differs emphasised. Where hardly
/// anything is the same, nothing but the whole stands out.
pub fn spans(old: &str, new: &str, lead: usize) -> (Vec<Span>, Vec<Span>) {
    let (Some((old_lead, old)), Some((new_lead, new))) =
        (old.split_at_checked(lead), new.split_at_checked(lead))
    else {
        return (plain(old), plain(new));
    };
    let start = |text: &str| {
        if text.is_empty() {
            Vec::new()
        } else {
            plain(text)
        }
    };
    let (mut left, mut right) = (start(old_lead), start(new_lead));
    if old.len() + new.len() > LIMIT || is_masked(old) || is_masked(new) {
        push(&mut left, old, true);
        push(&mut right, new, true);
        return (left, right);
    }
    let changes = diff_unicode_words(Algorithm::Myers, old, new);
    let same: usize = changes
        .iter()
        .filter(|(tag, text)| *tag == ChangeTag::Equal && !text.trim().is_empty())
        .map(|(_, t)| t.len())
        .sum();
    let apart = same * 5 < old.len().max(new.len());
    for (tag, text) in changes {
        match tag {
            ChangeTag::Equal => {
                push(&mut left, text, apart);
                push(&mut right, text, apart);
            }
            ChangeTag::Delete => push(&mut left, text, true),
            ChangeTag::Insert => push(&mut right, text, true),
        }
    }
    (left, right)
}

/// Two masked values have nothing in common, though one run starts the other.
fn is_masked(value: &str) -> bool {
    let run = value.trim_matches('"');
    !run.is_empty() && run.split(redact::MASK).all(str::is_empty)
}

/// A line without anything marked.
pub fn plain(text: &str) -> Vec<Span> {
    vec![Span {
        text: text.to_owned(),
        emphasis: false,
    }]
}

fn push(spans: &mut Vec<Span>, text: &str, emphasis: bool) {
    match spans.last_mut() {
        Some(last) if last.emphasis == emphasis => last.text.push_str(text),
        _ => spans.push(Span {
            text: text.to_owned(),
            emphasis,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(spans: &[Span]) -> String {
        spans
            .iter()
            .map(|s| {
                if s.emphasis {
                    format!("[{}]", s.text)
                } else {
                    s.text.clone()
                }
            })
            .collect()
    }

    #[test]
    fn changed_words_are_marked() {
        let show = |old: &str, new: &str, lead| {
            let (left, right) = spans(old, new, lead);
            (marked(&left), marked(&right))
        };
        assert_eq!(
            show("image: shop/web:1.8", "image: shop/web:1.9", 7),
            (
                "image: shop/web:[1.8]".to_owned(),
                "image: shop/web:[1.9]".to_owned()
            )
        );
        assert_eq!(
            show("replicas: 5", "replicas: 3", 10),
            ("replicas: [5]".to_owned(), "replicas: [3]".to_owned())
        );
        assert_eq!(
            show("p: \"••••••••\"", "p: \"••••••••••••\"", 3),
            (
                "p: [\"••••••••\"]".to_owned(),
                "p: [\"••••••••••••\"]".to_owned()
            )
        );
        assert_eq!(
            show("a b c", "a x c", 0),
            ("a [b] c".to_owned(), "a [x] c".to_owned())
        );
        assert_eq!(
            show("one two three", "four five six", 0),
            ("[one two three]".to_owned(), "[four five six]".to_owned())
        );
    }

    proptest! {
        #[test]
        fn nothing_is_lost(old in "\\PC{0,20}", new in "\\PC{0,20}", lead in 0usize..8) {
            let text = |spans: &[Span]| spans.iter().map(|s| s.text.as_str()).collect::<String>();
            let (left, right) = spans(&old, &new, lead);
            prop_assert_eq!(text(&left), old);
            prop_assert_eq!(text(&right), new);
        }
    }
}
