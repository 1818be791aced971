//! Where manifests come from: revisions, the work tree, several repositories, remotes.

use trueup::git::fixture::Fixture;

use super::ground::{Ground, application, url};
use super::shop::config_map;

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn other_revisions_and_the_work_tree_can_be_compared() {
    let mut g = Ground::with_namespace("revisions");
    let one = g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.trueup("sync app --yes").exits(0);
    g.git.branch("next").unwrap();
    g.git.switch("next").unwrap();
    g.commit("Two", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    g.git.switch("main").unwrap();
    g.trueup("diff app").exits(0);
    let next = "ConfigMap/a data.x: \"1\" -> \"2\" (git, trueup)";
    assert_eq!(g.drift("app --revision next"), [next]);
    g.trueup(&format!("diff app --revision {}", &one[..7]))
        .exits(0);
    g.trueup("diff app --revision nowhere")
        .exits(2)
        .says("nowhere");

    std::fs::write(
        g.git.path().join("app/a.yaml"),
        config_map("a", &[("x", "3")]),
    )
    .unwrap();
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(
        (app["target"]["uncommitted"].clone(), app["sync"].clone()),
        (1.into(), "synced".into())
    );
    let worktree = "ConfigMap/a data.x: \"1\" -> \"3\" (git, trueup)";
    assert_eq!(g.drift("app --revision worktree"), [worktree]);
    g.trueup("sync app --yes --revision worktree")
        .exits(2)
        .says("ommit");
    // A file that Git does not know yet counts, too.
    std::fs::write(
        g.git.path().join("app/b.yaml"),
        config_map("b", &[("x", "3")]),
    )
    .unwrap();
    assert_eq!(
        g.drift("app --revision worktree"),
        [worktree, "ConfigMap/b: missing"]
    );
    let app = g.trueup("apps app -o json").json()["apps"][0].clone();
    assert_eq!(app["target"]["uncommitted"], 2);
    assert_eq!(g.field("configmap a", "/data/x"), "1");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_force_pushed_branch_is_followed() {
    let mut g = Ground::with_namespace("forced");
    let one = g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    g.commit("Two", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    g.trueup("sync app --yes").exits(0);
    g.git.reset(&trueup::domain::CommitId(one)).unwrap();
    g.commit(
        "Two, other",
        &[("app/a.yaml", &config_map("a", &[("x", "3")]))],
    );
    assert_eq!(
        g.drift("app"),
        ["ConfigMap/a data.x: \"2\" -> \"3\" (git, trueup)"]
    );
    g.trueup("sync app --yes").exits(0);
    g.trueup("diff app").exits(0);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn several_sources_are_looked_at_together() {
    let mut g = Ground::with_namespace("sources");
    g.commit("Mine", &[("mine/a.yaml", &config_map("a", &[("x", "1")]))]);
    let mut other = Fixture::init(&g.path("other")).unwrap();
    other
        .commit(
            "Theirs",
            &[("theirs/b.yaml", &config_map("b", &[("x", "1")]))],
        )
        .unwrap();
    let sources = format!(
        "--source {} --source {}",
        g.git.path().display(),
        g.path("other").display()
    );
    let apps = g.trueup(&format!("apps -o json {sources}")).exits(0).json();
    let names: Vec<_> = apps["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["mine", "theirs"]);
    g.trueup(&format!("sync --all --available --yes {sources}"))
        .exits(0);
    assert!(g.exists("configmap a") && g.exists("configmap b"));
    // A part of a repository, at a revision of it.
    let apps = g
        .trueup(&format!(
            "apps -o json --source {}/theirs@main",
            g.path("other").display()
        ))
        .exits(0)
        .json();
    assert_eq!(apps["apps"][0]["name"], "theirs");
    g.trueup("diff --source /nowhere/at/all").exits(2);
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn an_unreachable_remote_falls_back_to_what_the_checkout_saw_of_it() {
    let mut g = Ground::with_namespace("fallback");
    let seen = g.commit(
        "Seen",
        &[("app/a.yaml", &config_map("a", &[("x", "seen")]))],
    );
    let remote = "https://127.0.0.1:1/acme/shop.git";
    g.git.set_config("remote.origin.url", remote).unwrap();
    g.git
        .set_config("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        .unwrap();
    g.git
        .point("refs/remotes/origin/main", &trueup::domain::CommitId(seen))
        .unwrap();
    g.commit(
        "Not pushed",
        &[("app/a.yaml", &config_map("a", &[("x", "mine")]))],
    );
    let file = g.path("app.yaml");
    let manifest = application("far", remote, "app", &g.ns, "")
        .replace("targetRevision: HEAD", "targetRevision: main");
    std::fs::write(&file, manifest).unwrap();
    let apps = g
        .run(&format!("apps far -o json --apps {}", file.display()))
        .json();
    let app = &apps["apps"][0];
    assert_eq!(app["target"]["commit"]["message"], "Seen", "{apps}");
    assert!(
        app["notices"].to_string().contains("remote-tracking"),
        "{apps}"
    );
    assert_eq!(app["sync"], "drifted", "{apps}");
    // Where nothing stands in, it is said that the remote cannot be reached.
    g.git
        .set_config("remote.origin.url", "https://elsewhere.example/x.git")
        .unwrap();
    g.run(&format!("diff far --apps {}", file.display()))
        .exits(2)
        .says("127.0.0.1");
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn a_directory_that_is_gone_is_a_problem_and_prunes_nothing() {
    let mut g = Ground::with_namespace("gone");
    g.commit(
        "One",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("b/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    let apps = g.application("gone", "app", "");
    g.run(&format!("sync gone --yes {apps}")).exits(0);
    g.remove("Moved away", &["app/a.yaml"]);
    g.run(&format!("diff gone {apps}")).exits(2).says("app");
    g.run(&format!("sync gone --yes --prune {apps}")).exits(2);
    assert!(g.exists("configmap a"));
    let _ = url(g.git.path());
}

#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn another_repositorys_app_of_the_same_name_is_not_taken_over() {
    let mut g = Ground::with_namespace("samename");
    g.commit(
        "One",
        &[
            ("app/a.yaml", &config_map("a", &[("x", "1")])),
            ("app/b.yaml", &config_map("b", &[("x", "1")])),
        ],
    );
    g.trueup("sync app --yes").exits(0);
    let other = g.path("other");
    let mut repo = Fixture::init(&other).unwrap();
    let manifest = config_map("a", &[("x", "2")]);
    repo.commit("Another", &[("app/a.yaml", manifest.as_str())])
        .unwrap();
    let other = other.display();
    // What the first repository's App holds is not extra to the second's.
    let diff = g.trueup(&format!("diff --source {other}")).exits(2);
    assert!(!diff.out.contains("ConfigMap/b"), "{diff}");
    g.trueup(&format!("sync app --yes --prune --source {other}"))
        .exits(2)
        .says("another repository");
    assert!(g.exists("configmap b"));
    assert_eq!(g.field("configmap a", "/data/x"), "1");
    // A repository that moved is the same one.
    let moved = g.path("moved");
    let copied = std::process::Command::new("cp")
        .args(["-r"])
        .arg(g.git.path())
        .arg(&moved)
        .status();
    assert!(copied.is_ok_and(|s| s.success()));
    g.trueup(&format!("diff app --source {}", moved.display()))
        .exits(0);
}

#[cfg(unix)]
#[test]
#[ignore = "needs a Kubernetes API server (KUBEBUILDER_ASSETS)"]
fn what_was_fetched_once_is_not_synced_for_what_git_says_now() {
    let mut g = Ground::with_namespace("stale");
    g.commit("One", &[("app/a.yaml", &config_map("a", &[("x", "1")]))]);
    // ssh to nowhere: the command is run here, as long as the line is up.
    let (down, ssh) = (g.path("down"), g.path("ssh"));
    let script = format!(
        "#!/bin/sh\n[ -e {} ] && exit 255\nfor last; do :; done\nexec sh -c \"$last\"\n",
        down.display()
    );
    std::fs::write(&ssh, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&ssh, mode).unwrap();
    let config = format!("[core]\n\tsshCommand = {}\n", ssh.display());
    std::fs::write(g.path(".gitconfig"), config).unwrap();
    let source = format!("--source ssh://nowhere{}", g.git.path().display());
    g.trueup(&format!("sync app --yes {source}")).exits(0);
    let two = g.commit("Two", &[("app/a.yaml", &config_map("a", &[("x", "2")]))]);
    g.trueup(&format!("apps {source}")).exits(0);
    std::fs::write(&down, "").unwrap();
    g.trueup(&format!("sync app --yes {source}"))
        .exits(2)
        .says("what Git says may have moved");
    assert_eq!(g.field("configmap a", "/data/x"), "1");
    // A commit cannot move; and the way back needs no remote.
    g.trueup(&format!("sync app --yes {source} --revision {two}"))
        .exits(0);
    assert_eq!(g.field("configmap a", "/data/x"), "2");
    g.trueup(&format!("rollback app --to 1 --yes {source}"))
        .exits(0);
    assert_eq!(g.field("configmap a", "/data/x"), "1");
}
