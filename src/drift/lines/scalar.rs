//! The one place where a scalar becomes YAML text on one line.

use crate::domain::Value;

/// A scalar, or an empty map or list, as YAML writes it on one line. A map or list that is not empty is written as JSON.
pub fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Words that YAML 1.1 reads as booleans or null.
const WORDS: [&str; 12] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity",
];

/// Whether the text reads as the same string without quotes, whichever YAML 1.1 or 1.2 parser reads it.
fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let clean = !text.contains(": ") && !text.contains(" #") && !text.ends_with([':', ' ']);
    let printable = !text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'));
    let starts = first.is_alphanumeric() || first == '/' || first == '_' || first == '(';
    clean && printable && starts && !reads_otherwise(text)
}

fn reads_otherwise(text: &str) -> bool {
    if WORDS.iter().any(|word| word.eq_ignore_ascii_case(text)) {
        return true;
    }
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    let radix = ["0x", "0o", "0b", "0X", "0O", "0B"]
        .iter()
        .any(|p| digits.starts_with(p));
    let sexagesimal = digits.contains(':')
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || ":.".contains(c));
    let date = digits.len() >= 8
        && digits.as_bytes()[4..].starts_with(b"-")
        && digits.chars().take(4).all(|c| c.is_ascii_digit());
    radix || sexagesimal || date || digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn quotes_stand_where_they_must() {
        for plain in [
            "shop/web:1.8",
            "25%",
            "100m",
            "1Gi",
            "10.0.0.1",
            "RollingUpdate",
            "a b",
            "/x",
            "日本",
            "é",
            "5s",
        ] {
            assert_eq!(scalar(&json!(plain)), plain);
        }
        for quoted in [
            "",
            "yes",
            "No",
            "null",
            "~",
            "1",
            "1.5",
            "1e3",
            "0x1f",
            "010",
            "2026-01-01",
            "1:30",
            "1_000",
            "a: b",
            "a #b",
            "a:",
            " a",
            "a ",
            "- a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "{a",
            "[a",
            "#a",
            "?a",
            "|a",
            ">a",
            "\"a",
            "'a",
            "a\nb",
            "=",
            "<<",
            ".5",
            "-1",
            "\u{1b}[2J",
        ] {
            assert_eq!(scalar(&json!(quoted)), json!(quoted).to_string());
        }
        assert_eq!(scalar(&json!(1)), "1");
        assert_eq!(scalar(&json!(null)), "null");
        assert_eq!(scalar(&json!({})), "{}");
    }

    proptest! {
        #[test]
        fn yaml_reads_back_what_was_written(text in "[ -~\n\t]{0,8}") {
            let read: Value = serde_yaml::from_str(&format!("a: {}\n", scalar(&json!(text)))).unwrap();
            prop_assert_eq!(&read["a"], &json!(text));
        }
    }
}
