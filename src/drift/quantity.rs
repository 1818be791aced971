//! Kubernetes quantities, compared by what they mean: `1Gi` is `1024Mi`, `0.1` is `100m`.

use crate::domain::Value;

/// Binary suffixes, as powers of 1024 (apimachinery `pkg/api/resource`).
const BINARY: [(&str, u32); 6] = [
    ("Ki", 1),
    ("Mi", 2),
    ("Gi", 3),
    ("Ti", 4),
    ("Pi", 5),
    ("Ei", 6),
];
/// Decimal suffixes, as powers of 10.
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// A quantity in nano-units, which is as fine as the server keeps one: smaller parts are rounded up. `None` for what
/// is no quantity or does not fit.
pub fn nanos(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => parse(text),
        Value::Number(number) => parse(&number.to_string()),
        _ => None,
    }
}

fn parse(text: &str) -> Option<i128> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (number, suffix) = rest.split_at(end);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() || part.contains('.') {
        return None;
    }
    let digits: i128 = format!("{whole}{part}").parse().ok()?;
    let scale = i32::try_from(part.len()).ok()?;
    let (factor, exponent) = match BINARY.iter().find(|(name, _)| *name == suffix) {
        Some((_, power)) => (1024i128.pow(*power), 0),
        None => (1, decimal_exponent(suffix)?),
    };
    let nanos = scaled(
        digits.checked_mul(factor)?,
        exponent.checked_add(9)?.checked_sub(scale)?,
    )?;
    Some(if negative { -nanos } else { nanos })
}

fn decimal_exponent(suffix: &str) -> Option<i32> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some(*exponent);
    }
    suffix.strip_prefix(['e', 'E'])?.parse().ok()
}

/// `number` times ten to the `exponent`, rounded away from zero.
fn scaled(number: i128, exponent: i32) -> Option<i128> {
    if number == 0 {
        return Some(0);
    }
    let power = 10i128.checked_pow(exponent.unsigned_abs());
    match (exponent >= 0, power) {
        (true, power) => number.checked_mul(power?),
        (false, Some(power)) => Some((number + power - 1) / power),
        (false, None) => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_of_one_quantity() {
        for same in [
            vec![
                json!("1Gi"),
                json!("1024Mi"),
                json!("1048576Ki"),
                json!("1073741824"),
                json!(1_073_741_824),
            ],
            vec![
                json!("0.1"),
                json!("100m"),
                json!(0.1),
                json!(".1"),
                json!("1e-1"),
                json!("0.10"),
            ],
            vec![
                json!("1"),
                json!("1000m"),
                json!(1),
                json!("1."),
                json!("+1"),
                json!("1e0"),
                json!("1E0"),
            ],
            vec![json!("1k"), json!("1000"), json!("1e3")],
            vec![json!("1.5Gi"), json!("1536Mi")],
            vec![json!("1n"), json!("0.1n"), json!("1e-30")],
            vec![json!("-1"), json!("-1000m")],
        ] {
            for other in &same {
                assert!(nanos(other).is_some(), "{other}");
                assert_eq!(nanos(other), nanos(&same[0]), "{other}");
            }
        }
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            "-",
            ".",
            "1.1.1",
            "1 Gi",
            "Gi",
            "1Kib",
            "1K",
            "abc",
            "1e",
            "1e99",
            "99999999999999999999999999999999Ei",
        ] {
            assert_eq!(nanos(&json!(text)), None, "{text}");
        }
        assert_eq!(nanos(&json!(true)), None);
        assert_ne!(nanos(&json!("1G")), nanos(&json!("1Gi")));
    }
}
