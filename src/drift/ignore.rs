//! Differences not to be seen: an App's `ignoreDifferences`.

use crate::domain::{FieldDrift, IgnoreRule, ObjectKey, Value};

/// The rules that concern one object.
pub fn rules_for<'a>(rules: &'a [IgnoreRule], key: &ObjectKey) -> Vec<&'a IgnoreRule> {
    let any_or = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    let concerns = |rule: &&IgnoreRule| {
        glob(&rule.group, &key.group)
            && glob(&rule.kind, &key.kind)
            && any_or(&rule.name, &key.name)
            && any_or(&rule.namespace, &key.namespace)
    };
    rules.iter().filter(concerns).collect()
}

/// Takes what the pointers lead to out of an object, as RFC 6902 `remove` would. A pointer that leads nowhere is fine.
pub fn remove_pointers(object: &mut Value, rules: &[&IgnoreRule]) {
    for pointer in rules.iter().flat_map(|rule| &rule.json_pointers) {
        remove(object, pointer);
    }
}

fn remove(object: &mut Value, pointer: &str) {
    let Some((parent, last)) = pointer.rsplit_once('/') else {
        return;
    };
    let last = last.replace("~1", "/").replace("~0", "~");
    match object.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&last);
        }
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(i) if i < items.len() => {
                items.remove(i);
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether a manager that the rules trust modified the field. As in Argo CD, a field that only one side has is no
/// modification.
pub fn is_trusted(field: &FieldDrift, rules: &[&IgnoreRule]) -> bool {
    let trusted = |manager: &str| {
        rules
            .iter()
            .any(|rule| rule.managers.iter().any(|m| m == manager))
    };
    field.live.is_some()
        && field.predicted.is_some()
        && field.owners.iter().any(|o| trusted(&o.manager))
}

/// Shell-like matching: `*` is any text, `?` any one character, `{a,b}` and `[...]` are not special. An empty pattern
/// is the core group or, for a kind, nothing.
fn glob(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j, mut star) = (0, 0, None);
    while j < t.len() {
        match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(c) if *c == '?' || *c == t[j] => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    i = at + 1;
                    j = from + 1;
                }
                None => return false,
            },
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("*", "apps", true),
            ("", "", true),
            ("", "apps", false),
            ("*.io", "a.k8s.io", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abcd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn pointers_remove_what_is_there() {
        let rule = IgnoreRule {
            group: "*".to_owned(),
            kind: "*".to_owned(),
            json_pointers: ["/a/b~1c", "/list/1", "/list/9", "/none/x", ""]
                .map(str::to_owned)
                .to_vec(),
            ..IgnoreRule::default()
        };
        let mut object = json!({"a": {"b/c": 1, "d": 2}, "list": [1, 2, 3]});
        remove_pointers(&mut object, &[&rule]);
        assert_eq!(object, json!({"a": {"d": 2}, "list": [1, 3]}));
    }

    #[test]
    fn rules_name_their_objects() {
        let rule = |kind: &str, name: &str| IgnoreRule {
            group: "apps".to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            ..IgnoreRule::default()
        };
        let key = ObjectKey::new("apps", "Deployment", "shop", "web");
        let rules = [
            rule("Deployment", ""),
            rule("*", "web"),
            rule("*", "db"),
            rule("StatefulSet", ""),
        ];
        assert_eq!(rules_for(&rules, &key), [&rules[0], &rules[1]]);
    }
}
