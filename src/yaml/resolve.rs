//! What a plain scalar means: go-yaml v2's table, which is YAML 1.1 with Go's number syntax.

use std::borrow::Cow;

use super::number;

/// The meaning of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Meaning {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`.
    Unsigned(u64),
    Float(f64),
    /// The text itself, dates and base 60 numbers included.
    Text,
}

const WORDS: [(Meaning, &[&str]); 7] = [
    (Meaning::Null, &["", "~", "null", "Null", "NULL"]),
    (
        Meaning::Bool(true),
        &[
            "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
        ],
    ),
    (
        Meaning::Bool(false),
        &[
            "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
        ],
    ),
    (Meaning::Float(f64::NAN), &[".nan", ".NaN", ".NAN"]),
    (Meaning::Float(f64::INFINITY), &[".inf", ".Inf", ".INF"]),
    (Meaning::Float(f64::INFINITY), &["+.inf", "+.Inf", "+.INF"]),
    (
        Meaning::Float(f64::NEG_INFINITY),
        &["-.inf", "-.Inf", "-.INF"],
    ),
];

/// What a plain scalar means without a tag.
pub fn plain(text: &str) -> Meaning {
    let Some(&first) = text.as_bytes().first() else {
        return Meaning::Null;
    };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match word(text) {
            Meaning::Text => match without_separators(text) {
                Some(number) if is_float(&number) => float(&number),
                _ => Meaning::Text,
            },
            meaning => meaning,
        },
        b'+' | b'-' if text.as_bytes().get(1) == Some(&b'.') => match word(text) {
            Meaning::Text => digits(text),
            meaning => meaning,
        },
        b'+' | b'-' | b'0'..=b'9' => digits(text),
        _ => Meaning::Text,
    }
}

fn word(text: &str) -> Meaning {
    WORDS
        .iter()
        .find(|(_, words)| words.contains(&text))
        .map_or(Meaning::Text, |(meaning, _)| *meaning)
}

/// A number without the `_` between its digits, as Go's `ParseFloat` takes them; `None` where one is misplaced.
fn without_separators(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('_') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let is_digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let well_placed = |(i, _)| i > 0 && is_digit(i - 1) && is_digit(i + 1);
    text.match_indices('_')
        .all(well_placed)
        .then(|| Cow::Owned(text.replace('_', "")))
}

/// Go's `ParseInt(…, 0, 64)`, then `ParseUint`, then a float, then go-yaml's own second look at `0b`.
fn digits(text: &str) -> Meaning {
    let cleaned;
    let text = if text.contains('_') {
        cleaned = text.replace('_', "");
        &cleaned
    } else {
        text
    };
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, number) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if number.bytes().all(|b| b.is_ascii_alphanumeric())
        && let Ok(magnitude) = u64::from_str_radix(number, radix)
    {
        let signed = if negative {
            0_i64.checked_sub_unsigned(magnitude)
        } else {
            i64::try_from(magnitude).ok()
        };
        match signed {
            Some(int) => return Meaning::Int(int),
            // Go's ParseUint takes no sign.
            None if unsigned.len() == text.len() => return Meaning::Unsigned(magnitude),
            None => {}
        }
    }
    if is_float(text) {
        return float(text);
    }
    if let Some(binary) = text.strip_prefix("0b")
        && let Ok(int) = i64::from_str_radix(binary, 2)
    {
        return Meaning::Int(int);
    }
    Meaning::Text
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = if whole.is_empty() {
        fraction.is_some_and(|f| !f.is_empty() && all_digits(f))
    } else {
        all_digits(whole) && fraction.is_none_or(all_digits)
    };
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    mantissa_ok && exponent_ok
}

/// A float out of range stays text, as Go's `ParseFloat` fails on it.
fn float(text: &str) -> Meaning {
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Meaning::Float(float),
        _ => Meaning::Text,
    }
}

const CORE: &str = "tag:yaml.org,2002:";

/// What a scalar with an explicit tag means. Tags that go-yaml does not know leave the text as it is.
///
/// # Errors
/// Says what the text cannot be read as.
pub fn tagged(tag: &str, text: &str) -> Result<Meaning, String> {
    let name = tag.strip_prefix(CORE).unwrap_or("");
    let meaning = plain(text);
    let fits = match (name, meaning) {
        ("bool", Meaning::Bool(_))
        | ("int", Meaning::Int(_) | Meaning::Unsigned(_))
        | ("float", Meaning::Float(_))
        | ("null", Meaning::Null) => Some(meaning),
        ("float", Meaning::Int(int)) => Some(Meaning::Float(int as f64)),
        ("bool" | "int" | "float" | "null", _) => None,
        _ => Some(Meaning::Text),
    };
    fits.ok_or_else(|| format!("the value cannot be read as !!{name}"))
}

/// Whether a tag says that the text is base64.
pub fn is_binary(tag: &str) -> bool {
    tag.strip_prefix(CORE) == Some("binary")
}

/// Whether a tag says that the key is a merge key.
pub fn is_merge(tag: &str) -> bool {
    tag.strip_prefix(CORE) == Some("merge")
}

/// The name that Kubernetes makes of a key that is not text (`sigs.k8s.io/yaml`; floats as 32 bits wide).
///
/// # Errors
/// Null and integers beyond `i64` cannot be keys.
pub fn key(meaning: Meaning, text: &str) -> Result<String, &'static str> {
    Ok(match meaning {
        Meaning::Text => text.to_owned(),
        Meaning::Bool(value) => value.to_string(),
        Meaning::Int(int) => int.to_string(),
        Meaning::Float(float) if float.is_nan() => ".nan".to_owned(),
        Meaning::Float(float) => {
            let narrow = float as f32;
            match (narrow.is_infinite(), narrow > 0.0) {
                (true, true) => ".inf".to_owned(),
                (true, false) => "-.inf".to_owned(),
                _ => number::general(&format!("{narrow:e}")),
            }
        }
        Meaning::Null => return Err("a key must not be null"),
        Meaning::Unsigned(_) => return Err("a key must not be a number beyond 64 bits signed"),
    })
}
