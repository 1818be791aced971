//! Numbers as Go's strconv and encoding/json read and write them.

use serde_json::Number;

/// A float as it comes out of Kubernetes' way from YAML over JSON: an integer where its shortest decimal form is one that
/// fits 64 bits signed, as encoding/json writes `1.0` as `1`. `None` for infinities and NaN, which JSON has not.
pub fn from_float(float: f64) -> Option<Number> {
    if float.fract() == 0.0 && float.abs() < 1e19 {
        // The shortest decimal form, filled with zeros: 2^62 reads back as 4611686018427388000.
        let shortest = format!("{float}");
        if let Ok(int) = shortest.parse::<i64>() {
            return Some(int.into());
        }
    }
    Number::from_f64(float)
}

/// `strconv.FormatFloat(f, 'g', -1, …)` for the shortest form that Rust's `{:e}` gives, as in `1.5e6`: plain notation for
/// exponents from -4 to 5, else `1.5e+06`.
pub fn general(shortest: &str) -> String {
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    match exponent {
        -4..0 => {
            let zeros = "0".repeat((-exponent - 1).unsigned_abs() as usize);
            format!("{sign}0.{zeros}{digits}")
        }
        0..6 => {
            let point = exponent.unsigned_abs() as usize + 1;
            if digits.len() <= point {
                format!("{sign}{digits:0<point$}")
            } else {
                format!("{sign}{}.{}", &digits[..point], &digits[point..])
            }
        }
        _ => {
            let direction = if exponent < 0 { '-' } else { '+' };
            format!("{sign}{mantissa}e{direction}{:02}", exponent.abs())
        }
    }
}

/// A number as `sigs.k8s.io/yaml` writes it: over JSON, so that a float without fraction is written in digits as long as
/// they fit 64 bits.
pub fn emit(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    if float.fract() == 0.0 && float.abs() < 1e20 {
        let digits = format!("{float}");
        if digits.parse::<i64>().is_ok() || digits.parse::<u64>().is_ok() {
            return digits;
        }
    }
    general(&format!("{float:e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        let cases = [
            (1.5, "1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.00012345, "0.00012345"),
            (123456.5, "123456.5"),
            (1234567.5, "1.2345675e+06"),
            (-2.5e-7, "-2.5e-07"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
        ];
        for (float, text) in cases {
            let number = Number::from_f64(float).unwrap();
            // 1e20 is beyond 64 bits, so go-yaml reads a float and writes it as one.
            let expected = if float == 1e20 { "1e+20" } else { text };
            assert_eq!(emit(&number), expected);
        }
        assert_eq!(
            emit(&Number::from_f64(12345678901234567000.0).unwrap()),
            "12345678901234567000"
        );
    }

    #[test]
    fn floats_without_fraction_become_integers() {
        assert_eq!(from_float(1.0), Some(1.into()));
        assert_eq!(from_float(-0.0), Some(0.into()));
        assert_eq!(
            from_float(4611686018427387904.0),
            Some(4611686018427388000_i64.into())
        );
        assert_eq!(from_float(1e19).map(|n| n.is_f64()), Some(true));
        assert_eq!(from_float(f64::NAN), None);
    }
}
