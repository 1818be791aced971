//! Kubeconfig files, merged and chosen from as kubectl does it.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::*;

const ONE: &str = "
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: eu
  cluster: {server: 'https://eu:6443', certificate-authority: ca/eu.crt, unknown-field: 1}
- name: bare
  cluster: {}
users:
- name: ada
  user: {token: first, client-certificate: /abs/ada.crt}
- name: eve
  user:
    exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: null, env: [{name: A, value: b}]}
contexts:
- name: prod
  context: {cluster: eu, user: ada, namespace: shop}
- name: plain
  context: {cluster: eu, user: eve}
- name: lost
  context: {cluster: nowhere, user: ada}
- name: addressless
  context: {cluster: bare}
- name: empty
  context: null
preferences: {}
";

const TWO: &str = "
current-context: other
clusters: [{name: eu, cluster: {server: 'https://wrong'}}, {name: us, cluster: {server: 'https://us'}}]
users: [{name: ada, user: {token: second}}]
contexts: [{name: other, context: {cluster: us, user: ada}}, {name: prod, context: {cluster: us}}]
";

struct Home(tempfile::TempDir);

impl Home {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn list(&self, names: &[&str]) -> OsString {
        std::env::join_paths(names.iter().map(|name| match *name {
            "" => PathBuf::new(),
            name => self.path(name),
        }))
        .unwrap()
    }

    fn load(&self, names: &[&str]) -> Result<Kubeconfigs> {
        let list = self.list(names);
        Kubeconfigs::load_in(&Environment::default(), Some(&list), Some(self.0.path()))
    }
}

#[test]
fn the_first_file_wins() {
    let home = Home::new(&[("one", ONE), ("two", TWO)]);
    let both = home.load(&["missing", "one", "", "two"]).unwrap();
    assert_eq!(both.paths, [home.path("one"), home.path("two")]);
    assert_eq!(both.current(), Some("prod"));
    let names: Vec<&str> = both.contexts().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        ["prod", "plain", "lost", "addressless", "empty", "other"]
    );
    let prod = both.context("prod").unwrap();
    assert_eq!(
        (prod.server.as_str(), prod.namespace.as_str(), prod.current),
        ("https://eu:6443", "shop", true)
    );
    assert_eq!(both.context("plain").unwrap().namespace, "default");
    assert_eq!(both.context("other").unwrap().server, "https://us");
    assert_eq!(both.entry("other").unwrap().user.token.unwrap().0, "first");

    let turned = home.load(&["two", "one"]).unwrap();
    assert_eq!(turned.current(), Some("other"));
    assert_eq!(turned.context("prod").unwrap().server, "https://us");
}

#[test]
fn paths_are_relative_to_their_file() {
    let home = Home::new(&[("dir/one", ONE)]);
    let loaded = home.load(&["dir/one"]).unwrap();
    let entry = loaded.entry("prod").unwrap();
    let shown = |name: &str| Some(home.path(name).to_string_lossy().into_owned());
    assert_eq!(entry.cluster.certificate_authority, shown("dir/ca/eu.crt"));
    assert_eq!(
        entry.user.client_certificate.as_deref(),
        Some("/abs/ada.crt")
    );
    let exec = loaded.entry("plain").unwrap().user.exec.unwrap();
    assert!(
        exec.command.starts_with(&shown("dir").unwrap()),
        "{}",
        exec.command
    );
    assert_eq!((exec.env[0].name.as_str(), exec.args.len()), ("A", 0));
}

#[test]
fn contexts_that_cannot_work_say_why_and_spoil_no_other() {
    let home = Home::new(&[("one", ONE)]);
    let loaded = home.load(&["one"]).unwrap();
    for (name, why) in [
        ("lost", "nowhere"),
        ("addressless", "server"),
        ("empty", "cluster"),
    ] {
        let problem = loaded.context(name).unwrap().problem.clone().unwrap();
        assert!(problem.causes[0].contains(why), "{problem:?}");
        assert_eq!(problem.place, name);
        assert!(loaded.entry(name).is_err());
    }
    assert!(loaded.context("prod").unwrap().problem.is_none());
    let missing = loaded.context("typo").unwrap_err();
    assert_eq!(missing.kind, ProblemKind::NotFound);
    assert!(missing.hints[0].contains("prod, plain"));
}

#[test]
fn files_that_do_not_parse_name_the_line_and_no_secret() {
    let table = [
        ("a: [1\nb: }", ":2"),
        (
            "clusters:\n- name: x\n  cluster: {insecure-skip-tls-verify: hunter2}",
            ":3",
        ),
        (
            "users:\n- name: x\n  user:\n    token: [\"hunter2\"]\n",
            ":4",
        ),
        ("users: \"hunter2\"", ":1"),
        ("just text", ":1"),
    ];
    for (text, line) in table {
        let home = Home::new(&[("broken", text), ("one", ONE)]);
        let problem = home.load(&["broken", "one"]).unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Config, "{text}");
        let place = home.path("broken").to_string_lossy().into_owned() + line;
        assert!(problem.place.starts_with(&place), "{text}: {problem:?}");
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }
    let home = Home::new(&[]);
    fs::write(home.path("bin"), b"\xC3\x28 not text").unwrap();
    assert_eq!(home.load(&["bin"]).unwrap_err().kind, ProblemKind::Config);
    fs::create_dir(home.path("dir")).unwrap();
    assert_eq!(
        home.load(&["dir"]).unwrap_err().summary,
        "the kubeconfig cannot be read"
    );
}

#[test]
fn unusual_files_are_read() {
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(ONE.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let home = Home::new(&[
        ("bom", &format!("\u{feff}{ONE}")),
        (
            "json",
            r#"{"contexts":[{"name":"j","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"https://j"}}],"users":null}"#,
        ),
        ("documents", &format!("{ONE}\n---\n{TWO}")),
    ]);
    fs::write(home.path("utf16"), utf16).unwrap();
    for name in ["bom", "utf16", "documents"] {
        assert_eq!(
            home.load(&[name]).unwrap().current(),
            Some("prod"),
            "{name}"
        );
    }
    let json = home.load(&["json"]).unwrap();
    assert_eq!(
        (json.current(), json.contexts()[0].server.as_str()),
        (None, "https://j")
    );
}

#[test]
fn without_a_list_the_home_directory_is_looked_at() {
    let home = Home::new(&[(".kube/config", ONE)]);
    let environment = Environment::default();
    for list in [None, Some(OsString::new())] {
        let loaded =
            Kubeconfigs::load_in(&environment, list.as_deref(), Some(home.0.path())).unwrap();
        assert_eq!(loaded.current(), Some("prod"));
    }
    let elsewhere = home.list(&["missing"]);
    let problem =
        Kubeconfigs::load_in(&environment, Some(&elsewhere), Some(home.0.path())).unwrap_err();
    assert_eq!(problem.summary, "there is no kubeconfig");
    assert!(problem.causes[0].contains("missing") && problem.hints.len() == 2);
    let problem = Kubeconfigs::load_in(&environment, None, None).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Config);
}

#[test]
fn a_kubeconfig_that_was_named_and_is_absent_was_looked_for_elsewhere() {
    let home = Home::new(&[(".kube/config", ONE)]);
    let missing = home.0.path().join("missing");
    let load = |named: Option<&Path>| Kubeconfigs::named_or(named, None, Some(home.0.path()));
    let problem = load(Some(&missing)).unwrap_err();
    assert_eq!(problem.summary, "there is no such kubeconfig");
    assert!(problem.place.ends_with("missing") && problem.hints[0].contains("--kubeconfig"));
    let there = home.0.path().join(".kube/config");
    assert_eq!(load(Some(&there)).unwrap().current(), Some("prod"));
    assert_eq!(load(None).unwrap().current(), Some("prod"));
}

#[test]
fn a_user_that_the_kubeconfig_has_not_was_taken_for_nobody() {
    let home = Home::new(&[(
        "one",
        "clusters: [{name: c, cluster: {server: 'https://c'}}]\ncontexts:\n- {name: a, context: {cluster: c, user: gone}}\n- {name: b, context: {cluster: c}}\n",
    )]);
    let loaded = home.load(&["one"]).unwrap();
    let causes = |name: &str| loaded.context(name).unwrap().problem.clone();
    assert_eq!(
        causes("a").unwrap().causes,
        ["the kubeconfig has no user \"gone\""]
    );
    assert_eq!(causes("b"), None);
}

#[test]
fn a_pod_without_kubeconfig_uses_its_service_account() {
    let mount = Home::new(&[("token", "t"), ("namespace", "ops\n"), ("ca.crt", "")]);
    let mut environment = Environment {
        service_host: Some("fd00::1".into()),
        service_port: Some("443".into()),
        service_account: mount.0.path().to_owned(),
        ..Environment::default()
    };
    let pod = Kubeconfigs::load_in(&environment, None, Some(mount.0.path())).unwrap();
    let context = pod.context(IN_CLUSTER).unwrap();
    assert_eq!(
        (context.server.as_str(), context.namespace.as_str()),
        ("https://[fd00::1]:443", "ops")
    );
    assert_eq!(pod.current(), Some(IN_CLUSTER));
    assert!(
        pod.entry(IN_CLUSTER)
            .unwrap()
            .user
            .token_file
            .unwrap()
            .ends_with("token")
    );

    let home = Home::new(&[(".kube/config", ONE)]);
    let loaded = Kubeconfigs::load_in(&environment, None, Some(home.0.path())).unwrap();
    assert_eq!(loaded.current(), Some("prod"), "a kubeconfig goes first");
    environment.service_host = None;
    assert!(Kubeconfigs::in_cluster(&environment).is_none());
}

#[test]
fn nothing_secret_is_in_debug_texts() {
    let home = Home::new(&[("one", ONE)]);
    let loaded = home.load(&["one"]).unwrap();
    assert!(!format!("{loaded:?}").contains("first"));
    assert!(!format!("{:?}", loaded.entry("prod").unwrap().user).contains("first"));
}

#[test]
fn the_password_of_a_server_is_not_shown() {
    for (server, shown) in [
        ("https://a:6443", "https://a:6443"),
        ("https://u:SECRET@a:6443/k8s", "https://a:6443/k8s"),
        ("https://u:SECRET@[::1]:6443", "https://[::1]:6443"),
        ("https://a/k8s/b@c", "https://a/k8s/b@c"),
        ("u:SECRET@a:6443", "a:6443"),
        ("https://u:SEC/RET@a", "https://a"),
        ("https://u:SEC#R?ET@a b", "https://a b"),
        ("", ""),
    ] {
        assert_eq!(shown_server(server), shown, "{server}");
    }
}
