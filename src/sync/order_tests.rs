//! Tables and properties of the order.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn task(kind: &str, namespace: &str, name: &str, wave: i32) -> Task {
    let group = match kind {
        "Deployment" => "apps",
        "CustomResourceDefinition" => "apiextensions.k8s.io",
        "Widget" => "example.com",
        _ => "",
    };
    Task {
        key: ObjectKey::new(group, kind, namespace, name),
        wave,
        prune: false,
        prune_last: false,
        defines: (kind == "CustomResourceDefinition")
            .then(|| GroupKind::new("example.com", "Widget")),
    }
}

fn prune(kind: &str, namespace: &str, name: &str, wave: i32) -> Task {
    Task {
        prune: true,
        ..task(kind, namespace, name, wave)
    }
}

fn shown(tasks: Vec<Task>) -> Vec<String> {
    shown_at("home", tasks)
}

fn shown_at(home: &str, tasks: Vec<Task>) -> Vec<String> {
    order(tasks, home)
        .into_iter()
        .map(|t| {
            let sign = if t.prune { "-" } else { "" };
            format!("{}{}{}/{}", t.wave, sign, t.key.kind, t.key.name)
        })
        .collect()
}

#[test]
fn a_namespace_is_lifted_for_an_object_of_a_custom_kind_that_has_its_name() {
    let tasks = vec![
        task("Namespace", "", "n0", 0),
        task("Widget", "n0", "n0", -1),
    ];
    assert_eq!(shown(tasks), ["-1Namespace/n0", "-1Widget/n0"]);
}

#[test]
fn kinds_come_in_argo_cds_order_and_names_within() {
    let kinds = [
        "Zebra",
        "Ingress",
        "CronJob",
        "StatefulSet",
        "Deployment",
        "Service",
        "Role",
        "ConfigMap",
        "Secret",
        "ServiceAccount",
        "Namespace",
    ];
    let tasks = kinds
        .iter()
        .flat_map(|k| [task(k, "", "b", 0), task(k, "", "a", 0)]);
    let expected: Vec<String> = kinds
        .iter()
        .rev()
        .flat_map(|k| [format!("0{k}/a"), format!("0{k}/b")])
        .collect();
    assert_eq!(shown(tasks.collect()), expected);
}

#[test]
fn a_namespace_takes_the_wave_of_the_first_object_in_it() {
    assert_eq!(
        shown(vec![
            task("Namespace", "", "shop", 0),
            task("Secret", "shop", "early", -5),
            task("ClusterRole", "", "first", -9),
            task("Namespace", "", "other", 3),
        ]),
        [
            "-9ClusterRole/first",
            "-5Namespace/shop",
            "-5Secret/early",
            "3Namespace/other"
        ]
    );
}

#[test]
fn the_apps_namespace_came_after_what_is_in_no_namespace() {
    let tasks = vec![
        task("Namespace", "", "shop", 0),
        task("Namespace", "", "other", 0),
        task("ClusterRole", "", "first", -9),
    ];
    assert_eq!(
        shown_at("shop", tasks),
        [
            "-9Namespace/shop",
            "-9ClusterRole/first",
            "0Namespace/other"
        ]
    );
}

#[test]
fn a_crd_takes_the_wave_of_its_first_object_and_stays_behind_nothing_it_needs() {
    assert_eq!(
        shown(vec![
            task("CustomResourceDefinition", "", "widgets", 7),
            task("Namespace", "", "shop", 8),
            task("Widget", "shop", "w", 2),
            task("Deployment", "shop", "d", 5),
        ]),
        [
            "2Namespace/shop",
            "2CustomResourceDefinition/widgets",
            "2Widget/w",
            "5Deployment/d"
        ]
    );
}

#[test]
fn prune_waves_are_mirrored_and_prunes_come_first_in_their_wave() {
    assert_eq!(
        shown(vec![
            prune("Deployment", "a", "one", 1),
            prune("Deployment", "a", "two", 2),
            prune("Deployment", "a", "four", 4),
            task("Deployment", "a", "keep", 1),
        ]),
        [
            "1-Deployment/four",
            "1Deployment/keep",
            "2-Deployment/two",
            "4-Deployment/one"
        ]
    );
}

#[test]
fn a_waves_prunes_go_in_reverse_kind_order() {
    assert_eq!(
        shown(vec![
            prune("Namespace", "", "shop", 0),
            prune("CustomResourceDefinition", "", "widgets", 0),
            prune("ConfigMap", "shop", "c", 0),
            prune("Deployment", "shop", "d", 0),
            prune("Widget", "shop", "w", 0),
        ]),
        [
            "0-Widget/w",
            "0-Deployment/d",
            "0-CustomResourceDefinition/widgets",
            "0-ConfigMap/c",
            "0-Namespace/shop",
        ]
    );
}

#[test]
fn prune_last_comes_after_everything() {
    let mut last = prune("ConfigMap", "a", "last", -3);
    last.prune_last = true;
    assert_eq!(
        shown(vec![
            last,
            task("Deployment", "a", "d", 6),
            prune("Secret", "a", "s", 9)
        ]),
        // The two prunes are mirrored first, then the last one leaves.
        ["-3-Secret/s", "6Deployment/d", "10-ConfigMap/last"]
    );
}

#[test]
fn waves_are_read_from_either_annotation() {
    for (argo, helm, expected) in [
        (Some("3"), Some("5"), 3),
        (None, Some("-5"), -5),
        (Some("x"), Some("5"), 5),
        (Some("x"), None, 0),
        (None, None, 0),
        (Some("+7"), None, 7),
        (Some("99999999999"), None, i32::MAX - 1),
        (Some("-99999999999"), None, i32::MIN),
        (Some("99999999999999999999"), Some("5"), 5),
    ] {
        let found = wave(|name| match name {
            "argocd.argoproj.io/sync-wave" => argo,
            "helm.sh/hook-weight" => helm,
            _ => None,
        });
        assert_eq!(found, expected);
    }
}

#[test]
fn a_crd_says_what_it_defines() {
    let mut crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Widget"}},
    });
    assert_eq!(defines(&crd), Some(GroupKind::new("example.com", "Widget")));
    crd["kind"] = json!("Widget");
    assert_eq!(defines(&crd), None);
}

fn any_task() -> impl Strategy<Value = Task> {
    let kind = prop::sample::select(vec![
        "Namespace",
        "CustomResourceDefinition",
        "Widget",
        "Deployment",
        "Secret",
        "ClusterRole",
    ]);
    (kind, 0..3u8, 0..4u8, -2..3i32, any::<bool>(), any::<bool>()).prop_map(
        |(kind, namespace, name, wave, prune, prune_last)| {
            let scoped = ["Widget", "Deployment", "Secret"].contains(&kind);
            let namespace = if scoped {
                format!("n{namespace}")
            } else {
                String::new()
            };
            Task {
                prune,
                prune_last,
                ..task(kind, &namespace, &format!("n{name}"), wave)
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_needed_comes_first(tasks in prop::collection::vec(any_task(), 0..24), seed in any::<u64>()) {
        let mut seen = BTreeSet::new();
        let tasks: Vec<Task> = tasks.into_iter().filter(|t| seen.insert(t.key.clone())).collect();
        let ordered = order(tasks.clone(), "n0");

        // Nothing is lost or invented.
        let keys = |tasks: &[Task]| {
            let mut keys: Vec<_> = tasks.iter().map(|t| t.key.clone()).collect();
            keys.sort();
            keys
        };
        prop_assert_eq!(keys(&tasks), keys(&ordered));

        // Waves never go back.
        prop_assert!(ordered.windows(2).all(|w| w[0].wave <= w[1].wave), "{:?}", ordered);

        for (i, task) in ordered.iter().enumerate().filter(|(_, t)| !t.prune) {
            let before = |wanted: &dyn Fn(&Task) -> bool| {
                ordered[i..].iter().filter(|t| !t.prune).all(|t| !wanted(t))
            };
            if !task.key.namespace.is_empty() {
                let namespace = ObjectKey::new("", "Namespace", "", &task.key.namespace);
                prop_assert!(before(&|t| t.key == namespace), "{} before its namespace", task.key);
            }
            prop_assert!(
                before(&|t| t.defines.as_ref() == Some(&task.key.group_kind())),
                "{} before its CRD",
                task.key
            );
        }

        // The same whatever order they came in.
        let mut shuffled = tasks;
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(ordered, order(shuffled, "n0"));
    }
}
