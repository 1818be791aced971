//! Paths and queries of requests: percent-encoding, and nothing else.

use std::fmt::Write as _;

/// A name as one segment of a path. The API server decodes a path before it splits it, so that an encoded slash would
/// reach a subresource; encoded twice it stays in a name that no object can have.
pub(in crate::cluster) fn segment(name: &str) -> String {
    encode(&name.replace('/', "%2F"))
}

/// A piece of text as it may stand in a value of a query (RFC 3986, 2.3).
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b':');
        if plain && text != "." && text != ".." {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `path?name=value&...` with every value encoded; a path that has a query already gets more of it. Empty values
/// are left out.
pub(in crate::cluster) fn with(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(if out.contains('?') { '&' } else { '?' });
        out.push_str(name);
        out.push('=');
        out.push_str(&encode(value));
    }
    out
}

/// A value inside a field selector, escaped as apimachinery `fields.EscapeValue` does.
pub(in crate::cluster) fn field_value(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace(',', "\\,")
        .replace('=', "\\=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_stay_in_their_segment() {
        assert_eq!(segment("system:node-1.x"), "system:node-1.x");
        assert_eq!(segment("web/scale"), "web%252Fscale");
        assert_eq!(segment("../secrets?x#y"), "..%252Fsecrets%3Fx%23y");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(encode("a b\n\u{e9}"), "a%20b%0A%C3%A9");
    }

    #[test]
    fn queries_are_joined() {
        assert_eq!(
            with("/api", &[("limit", "5"), ("continue", ""), ("x", "a=b,c")]),
            "/api?limit=5&x=a%3Db%2Cc"
        );
        assert_eq!(with("/api?a=1", &[("b", "2")]), "/api?a=1&b=2");
        assert_eq!(field_value("a,b=c\\"), "a\\,b\\=c\\\\");
    }
}
