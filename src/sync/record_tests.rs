//! Records written, read, and tampered with.

use proptest::prelude::*;

use super::*;
use crate::domain::{CommitId, Inventory, ObjectKey};

fn run(id: u64, message: &str) -> SyncRecord {
    SyncRecord {
        commit: CommitId("0123456789abcdef0123456789abcdef01234567".to_owned()),
        path: "apps/web".to_owned(),
        message: message.to_owned(),
        started: "2026-01-02T03:04:05Z".parse().unwrap(),
        applied: 3,
        pruned: 1,
        ..SyncRecord::sample(id, Outcome::Succeeded)
    }
}

fn record(history: Vec<SyncRecord>, keys: impl IntoIterator<Item = ObjectKey>) -> AppRecord {
    AppRecord {
        history,
        inventory: Inventory(keys.into_iter().collect()),
    }
}

/// Text that gzip cannot make smaller.
fn noise(length: usize, mut seed: u64) -> String {
    let mut text = String::new();
    while text.len() < length {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        text.push(char::from(b'!' + (seed >> 40) as u8 % 90));
    }
    text
}

#[test]
fn a_record_is_readable_without_trueup() {
    let key = ObjectKey::new("apps", "Deployment", "shop", "web");
    let value = encode("web", "shop", &record(vec![run(7, "bump")], [key])).unwrap();
    assert_eq!(value["metadata"]["name"], "trueup-web");
    assert_eq!(value["metadata"]["namespace"], "shop");
    assert_eq!(
        value["metadata"]["labels"]["app.kubernetes.io/managed-by"],
        "trueup"
    );
    assert_eq!(
        value["data"]["summary"],
        "web: 1 object; sync 7 to 0123456 succeeded, begun 2026-01-02T03:04:05Z by ada@laptop"
    );
}

#[test]
fn names_are_valid_and_apart() {
    for (app, name) in [
        ("web", Some("trueup-web")),
        ("a.b-c", Some("trueup-a.b-c")),
        ("Web", None),
        ("a_b", None),
        ("a-b", Some("trueup-a-b")),
        ("日本", None),
        ("..", None),
        ("", None),
        ("a-", None),
    ] {
        let found = record_name(app);
        assert!(is_dns_subdomain(&found), "{app:?}: {found}");
        match name {
            Some(name) => assert_eq!(found, name),
            None => assert!(
                found.len() >= "trueup-0123456789abcdef".len(),
                "{app:?}: {found}"
            ),
        }
    }
    let long = "x".repeat(400);
    assert!(is_dns_subdomain(&record_name(&long)));
    assert_ne!(record_name(&long), record_name(&"x".repeat(401)));
    assert_ne!(record_name("a_b"), record_name("a/b"));
    // The published test vector of FNV-1a.
    assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    // Stays the same for ever: records are found by it.
    assert_eq!(record_name("a_b"), "trueup-a-b-e6c4a31904f4ad51");
}

#[test]
fn what_is_too_long_loses_its_oldest_history() {
    let history: Vec<_> = (1..=20).map(|id| run(id, &noise(200 * 1024, id))).collect();
    let value = encode("web", "shop", &record(history, [])).unwrap();
    let kept: Vec<u64> = decode("web", &value)
        .unwrap()
        .history
        .iter()
        .map(|r| r.id)
        .collect();
    assert!(kept.len() >= 2 && kept.len() < 20, "{kept:?}");
    assert_eq!(kept.last(), Some(&20));
    assert!(value.to_string().len() < (1 << 20) * 4 / 3 + 4096);
}

#[test]
fn what_never_fits_is_refused() {
    let keys = (0..12_000).map(|i| ObjectKey::new("", "ConfigMap", "shop", &noise(200, i)));
    let problem = encode("web", "shop", &record(vec![run(1, "")], keys)).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::TooLarge);
    assert!(!problem.hints.is_empty());
}

#[test]
fn hostile_content_is_a_problem() {
    let good = encode("web", "shop", &record(vec![run(1, "x")], [])).unwrap();
    assert!(decode("web", &good).is_ok());
    let packed = |bytes: &[u8]| json!(STANDARD.encode(gzip(bytes).unwrap()));
    let bomb = vec![b' '; MAX_INFLATED as usize + 1];
    let edits: Vec<(&str, Value, &str)> = vec![
        ("/data/version", json!("2"), "newer trueup"),
        ("/data/version", json!("x"), "cannot be read"),
        ("/data/version", json!(1), "cannot be read"),
        ("/data/app", json!("other"), "cannot be read"),
        ("/binaryData", json!({}), "cannot be read"),
        ("/binaryData/record.json.gz", json!("%%%"), "cannot be read"),
        (
            "/binaryData/record.json.gz",
            json!(STANDARD.encode("plain")),
            "cannot be read",
        ),
        (
            "/binaryData/record.json.gz",
            packed(b"[]"),
            "cannot be read",
        ),
        (
            "/binaryData/record.json.gz",
            packed(b"{\"history\": 3, \"inventory\": []}"),
            "cannot be read",
        ),
        (
            "/binaryData/record.json.gz",
            packed(b"{\"history\": []"),
            "cannot be read",
        ),
        (
            "/binaryData/record.json.gz",
            packed(&bomb),
            "cannot be read",
        ),
    ];
    for (pointer, value, expected) in edits {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        let problem = decode("web", &bad).unwrap_err();
        assert!(problem.summary.contains(expected), "{pointer}: {problem}");
        assert!(!problem.hints.is_empty());
    }
    assert!(decode("web", &json!(null)).is_err());
}

fn any_key() -> impl Strategy<Value = ObjectKey> {
    ("[a-z.]{0,8}", "[A-Z][a-z]{0,6}", "[a-z]{0,5}", "\\PC{1,12}")
        .prop_map(|(g, k, ns, n)| ObjectKey::new(&g, &k, &ns, &n))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(
        app in "\\PC{1,20}",
        messages in prop::collection::vec("\\PC{0,40}", 0..12),
        keys in prop::collection::btree_set(any_key(), 0..40),
    ) {
        let history = messages.iter().enumerate().map(|(i, m)| run(i as u64 + 1, m)).collect();
        let record = record(history, keys);
        let value = encode(&app, "shop", &record).unwrap();
        prop_assert_eq!(decode(&app, &value).unwrap(), record);
        prop_assert!(is_dns_subdomain(&record_name(&app)));
    }
}
