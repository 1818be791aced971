//! Versions and constraints by table, and by property.

use super::{Constraint, Ordering, Version};
use proptest::prelude::*;

#[test]
fn versions() {
    for text in [
        "1",
        "v1",
        "1.2",
        "v1.2",
        "1.2.3",
        "01.2.3",
        "1.2.3-rc.1",
        "1-rc",
        "1.2.3+b.1",
        "v1.2.3-a+b",
    ] {
        assert!(Version::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "v",
        "V1",
        "1.",
        "1.2.",
        "1.2.3.4",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.x",
        "*",
        "main",
        "1.2.3 ",
        "99999999999999999999",
    ] {
        assert!(Version::parse(text).is_none(), "{text}");
    }
}

#[test]
fn precedence() {
    let ascending = [
        "0.0.0-0",
        "0.0.0",
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2",
        "1.10",
        "2",
    ];
    for (a, b) in ascending.iter().zip(ascending.iter().skip(1)) {
        let (a, b) = (Version::parse(a).unwrap(), Version::parse(b).unwrap());
        assert_eq!(
            (a.cmp(&b), b.cmp(&a)),
            (Ordering::Less, Ordering::Greater),
            "{a:?} {b:?}"
        );
    }
    assert_eq!(Version::parse("v1.2.0+a"), Version::parse("1.2"));
}

#[test]
fn what_is_a_constraint() {
    for text in [
        "*",
        "x",
        "1.x",
        "v1.x",
        "1.2.*",
        "^1",
        "~1.2",
        "~>1",
        ">=1.2.3",
        "=>1",
        "=<1",
        "= 1",
        "!=1",
        "1 - 2",
        ">1, <2",
        ">1 <2",
        "^1 || ^2",
        "1.0.0 - 2.0.0 || 4",
        ">= 1.2.3-0",
        " ^1 ",
        "1 2",
        "*-0",
    ] {
        assert!(Constraint::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "1",
        "v1.2",
        "1.2.3",
        "1.2.3-rc.1",
        "main",
        "HEAD",
        "release-1.x",
        "feature/x",
        "1.2.3.4",
        "1.2.3.x",
        ">=",
        ">= bar",
        "12.3.34~ 1.2.3",
        ">1<2",
        "^1 ||",
        "^1 1.0 - 2",
        "1x",
        ",^1",
        "^1,",
        "4f2c1e9",
        "xy",
    ] {
        assert!(Constraint::parse(text).is_none(), "{text}");
    }
}

/// (constraint, matching, not matching)
const MATCHES: &[(&str, &str, &str)] = &[
    ("=2.0.0", "2.0.0", "1.2.3 2.0.1"),
    ("=2.0", "2.0.0 2.0.1", "1.2.3 2.1.0"),
    ("!=4.1.0", "4.1.1", "4.1.0"),
    ("!=4.1", "5.1.0 4.2.0", "4.1.0 4.1.1 5.1.0-alpha.1"),
    ("!=4.1-alpha", "4.1.0", "4.1.0-alpha 4.1.1-alpha"),
    ("!=4.x", "5.1.0", "4.1.0"),
    ("<11", "0.1.0", "11.0.0 11.1.0"),
    ("<1.1", "0.1.0", "1.1.0 1.1.1"),
    ("<=11", "1.2.3 11.2.3", "12.2.3"),
    ("<=1.1", "0.1.0 1.1.0 1.1.1", "1.2.3 0.1.0-alpha"),
    ("<=1.1-a", "0.1.0-alpha", "1.2.0"),
    (">1.1", "4.1.0 1.2.0", "1.1.0 1.1.1"),
    (">11", "12.0.0", "11.1.0"),
    (">0", "1", "0 0.0.1 0.0.1-alpha"),
    (">0.0.0-0", "0.0.0-alpha", "0.0.0-0"),
    (
        ">1.2.3-alpha.1",
        "1.2.3-alpha.2 1.3.3-alpha.2 1.2.3",
        "1.2.3-alpha.1",
    ),
    (">=11.1", "11.1.2", "11.0.2"),
    (">=0", "0 1.2.3", "0.0.1-alpha"),
    (">=0-0", "0.0.1-alpha 0.0.0-alpha 1.2.3", ""),
    ("*", "1 4.5.6", "1.2.3-alpha.1"),
    ("*-0", "1.2.3-alpha.1 1.2.3", ""),
    ("2.*", "2.1.1", "1 3.4.5"),
    ("2.1.x", "2.1.1", "2.2.1"),
    ("v2.X", "2.1.1 v2.0.0", "3.0.0"),
    ("~1.2.3", "1.2.3 1.2.5", "1.2.2 1.3.2"),
    ("~1.2", "1.2.4", "1.3.4"),
    ("~1", "1.2.4 1.4", "2.3.4"),
    ("~>1.x", "1.3.5", "2.1.1"),
    ("~*", "2.1.1", "2.1.1-rc"),
    ("~0.0.0", "1.2.3", ""),
    (
        "~1.2.3-beta.2",
        "1.2.3-beta.4 1.2.4-beta.2",
        "1.3.4-beta.2 1.2.3-beta.1",
    ),
    ("^1.2.3", "1.8.9", "2.8.9 1.2.1"),
    ("^1.2", "1.8.9", "2.8.9"),
    ("^1", "1.8.9", "2.8.9 1.8.9-rc"),
    ("^0.2.3", "0.2.5", "0.5.6 1.2.5"),
    ("^0.2", "0.2.5", "0.5.6"),
    ("^0.0.3", "0.0.3", "0.0.4"),
    ("^0.0", "0.0.3", "0.1.4 1.0.4"),
    ("^0", "0.2.3", "1.1.4"),
    ("^*", "0.0.0", "1.2.3"),
    ("^1.2.0-alpha.0", "1.2.1-alpha.1", "2.0.0-alpha.1"),
    (">1.1, <2", "1.2.1", "1.1.1 2.0.0"),
    (">=1.1 <2 !=1.2.3 || > 3", "1.2.4 4.1.2", "1.2.3 3.0.0"),
    ("1.1 - 2", "1.1.1 2.9.9", "1.0.9 3.0.0"),
    ("1.5.0 - 4.5", "3.7.0 4.5.9", "4.6.0"),
    ("1 - 3 !=2.0.0", "1.5.0 3.0.0", "2.0.0"),
    // One prerelease among comparisons joined by "and" admits prereleases to all of them.
    (">=1.0.0-0 <2.0.0", "1.5.0-rc.1", "2.1.0-rc.1"),
    ("^1 || ^2-0", "2.1.0-rc.1", "1.1.0-rc.1"),
];

#[test]
fn matching() {
    for (constraint, yes, no) in MATCHES {
        let parsed = Constraint::parse(constraint).unwrap();
        for (versions, wanted) in [(yes, true), (no, false)] {
            for version in versions.split_whitespace() {
                let matches = parsed.matches(&Version::parse(version).unwrap());
                assert_eq!(matches, wanted, "{constraint} against {version}");
            }
        }
    }
}

#[test]
fn the_highest_tag_wins() {
    let tags = [
        "v1.9.0",
        "v1.10.0",
        "latest",
        "v2.0.0-rc.1",
        "1.10.0+later",
        "v1.2",
    ];
    let highest = |c: &str| Constraint::parse(c).unwrap().highest(tags);
    assert_eq!(highest("^1"), Some("v1.10.0"));
    assert_eq!(highest("*"), Some("v1.10.0"));
    assert_eq!(highest(">=1-0"), Some("v2.0.0-rc.1"));
    assert_eq!(highest("~1.2"), Some("v1.2"));
    assert_eq!(highest("^3"), None);
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser(text in "[v0-9xX*.~^<>=!|, a-c+-]{0,24}|.{0,16}") {
        let version = Version::parse("1.2.3").unwrap();
        if let Some(constraint) = Constraint::parse(&text) {
            constraint.matches(&version);
        }
    }

    #[test]
    fn a_version_is_its_own_exact_match(a in 0u64..50, b in 0u64..50, c in 0u64..50) {
        let version = Version::parse(&format!("{a}.{b}.{c}")).unwrap();
        for (operator, wanted) in [("=", true), (">=", true), ("<=", true), ("~", true), ("^", true), ("!=", false), (">", false), ("<", false)] {
            let constraint = Constraint::parse(&format!("{operator}{a}.{b}.{c}")).unwrap();
            prop_assert_eq!(constraint.matches(&version), wanted, "{}", operator);
        }
    }
}
