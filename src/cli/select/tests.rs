//! Which Apps and objects the words of a command line mean.

use super::*;
use crate::cli::output::samples;
use crate::domain::RepoPath;

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (context, namespace, name) in [
        ("prod", "shop", "checkout"),
        ("prod", "shop", "cart"),
        ("staging", "shop", "checkout"),
        ("arn:aws/eu", "web", "web"),
    ] {
        let mut view = samples::app_at(context, namespace, name);
        view.objects = vec![samples::object(samples::drift(
            name,
            crate::domain::Verdict::InSync,
        ))];
        snapshot.apps.push(Arc::new(view));
    }
    snapshot
}

fn chosen(words: &[&str]) -> Result<Vec<String>, Vec<String>> {
    let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
    let ids = |found: Vec<Arc<AppView>>| found.iter().map(|a| a.app.id.to_string()).collect();
    let texts = |problems: Vec<Problem>| {
        let text = |p: &Problem| format!("{p} {}", p.hints.join(" "));
        problems.iter().map(text).collect()
    };
    apps(&snapshot(), &words, Path::new("/elsewhere"))
        .map(ids)
        .map_err(texts)
}

#[test]
fn words_mean_apps() {
    for (words, expected) in [
        (&["cart"][..], &["prod/shop/cart"][..]),
        (&["shop/cart"], &["prod/shop/cart"]),
        (&["staging/shop/checkout"], &["staging/shop/checkout"]),
        (&["arn:aws/eu/web/web"], &["arn:aws/eu/web/web"]),
        (
            &["*/checkout"],
            &["prod/shop/checkout", "staging/shop/checkout"],
        ),
        (&["prod/*/*"], &["prod/shop/checkout", "prod/shop/cart"]),
        (
            &["shop/*"],
            &[
                "prod/shop/checkout",
                "prod/shop/cart",
                "staging/shop/checkout",
            ],
        ),
        (&["*/*/web"], &["arn:aws/eu/web/web"]),
        (&["arn:*/web/w?b"], &["arn:aws/eu/web/web"]),
        (
            &["c*"],
            &[
                "prod/shop/checkout",
                "prod/shop/cart",
                "staging/shop/checkout",
            ],
        ),
        (
            &["cart", "prod/*/*"],
            &["prod/shop/cart", "prod/shop/checkout"],
        ),
        (&["deploy/web"], &["arn:aws/eu/web/web"]),
        (&["./deploy/web/"], &["arn:aws/eu/web/web"]),
        (&[], &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(|e| (*e).to_owned()).collect();
        assert_eq!(chosen(words), Ok(expected), "{words:?}");
    }
}

#[test]
fn a_pattern_without_slash_means_names_alone() {
    // `a*` planned every App of a context called admin.
    for pattern in ["p*", "*prod*", "s*", "prod/*", "*shop/cart"] {
        let found = chosen(&[pattern]);
        let all = found.clone().unwrap_or_default();
        let is_wanted = pattern == "*shop/cart";
        assert_eq!(!all.is_empty(), is_wanted, "{pattern}: {found:?}");
    }
}

#[test]
fn a_directory_means_the_app_of_it() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("deploy/web/below")).unwrap();
    let mut snapshot = Snapshot::default();
    for name in ["web", "web-below"] {
        let mut view = samples::app_at("prod", "shop", name);
        let app = Arc::make_mut(&mut view.app);
        app.source.repository = Repository::Local(root.clone());
        app.source.path = RepoPath::parse(&format!("deploy/{}", name.replace('-', "/"))).unwrap();
        snapshot.apps.push(Arc::new(view));
    }
    let name = |word: &str, here: &Path| app(&snapshot, word, here).map(|a| a.app.id.name.clone());
    let web = root.join("deploy/web");
    for (word, here, expected) in [
        (web.to_str().unwrap(), Path::new("/"), "web"),
        (".", &web, "web"),
        ("below", &web, "web-below"),
        ("./below/", &web, "web-below"),
        ("..", &web.join("below"), "web"),
        ("deploy/web", Path::new("/"), "web"),
    ] {
        assert_eq!(name(word, here), Ok(expected.to_owned()), "{word}");
    }
    assert!(name(".", &root).is_err());
}

#[test]
fn unknown_and_ambiguous_words_are_all_told() {
    let problems = chosen(&["checkout", "crat", "zzzzzz", "x*"]).unwrap_err();
    assert_eq!(problems.len(), 4);
    assert!(
        problems[0].contains("several Apps: prod/shop/checkout, staging/shop/checkout"),
        "{problems:?}"
    );
    assert!(problems[1].contains("there is no App crat Did you mean cart?"));
    assert!(problems[2].contains("`trueup apps` lists"));
    assert!(problems[3].contains("there is no App x*"));
}

#[test]
fn all_leaves_out_what_is_merely_available() {
    let mut snapshot = snapshot();
    Arc::make_mut(&mut snapshot.apps[1]).state = AppState::Available;
    assert_eq!(all(&snapshot, false).len(), 3);
    assert_eq!(all(&snapshot, true).len(), 4);
    let here = Path::new("/elsewhere");
    assert!(app(&snapshot, "cart", here).is_ok());
    assert!(app(&snapshot, "checkout", here).is_err());
    assert!(app(&snapshot, "*", here).is_err());
}

#[test]
fn resources_are_read_and_matched() {
    let deployment = ObjectKey::new("apps", "Deployment", "shop", "web");
    let role = ObjectKey::new("rbac.authorization.k8s.io", "ClusterRole", "", "web");
    for (text, on_deployment, on_role) in [
        ("Deployment/web", true, false),
        ("deployment/web", true, false),
        ("apps/Deployment/web", true, false),
        ("Deployment/shop/web", true, false),
        ("Deployment/other/web", false, false),
        ("apps/Deployment/shop/web", true, false),
        ("extensions/Deployment/web", false, false),
        ("Deployment/*", true, false),
        ("Deployment/we*", true, false),
        ("ClusterRole/web", false, true),
        ("rbac.authorization.k8s.io/ClusterRole/web", false, true),
        ("ClusterRole/shop/web", false, false),
    ] {
        let pattern = ResourcePattern::parse(text).unwrap();
        assert_eq!(pattern.matches(&deployment), on_deployment, "{text}");
        assert_eq!(pattern.matches(&role), on_role, "{text}");
        assert_eq!(pattern.to_string(), text);
    }
    // The text of a key names that very key.
    for key in [deployment, role] {
        assert!(
            ResourcePattern::parse(&key.to_string())
                .unwrap()
                .matches(&key)
        );
    }
}

#[test]
fn objects_are_found_or_the_kind_is_guessed() {
    let snapshot = snapshot();
    let pattern = |text| vec![ResourcePattern::parse(text).unwrap()];
    let found = objects(&snapshot.apps, &pattern("Deployment/checkout")).unwrap();
    assert_eq!(found.len(), 2);
    let problems = objects(&snapshot.apps, &pattern("Deploymnt/checkout")).unwrap_err();
    assert!(
        problems[0].hints[0].contains("Did you mean the kind Deployment?"),
        "{problems:?}"
    );
    assert!(objects(&snapshot.apps, &pattern("Deployment/nothing")).is_err());
    assert_eq!(objects(&snapshot.apps, &[]), Ok(Vec::new()));
}
