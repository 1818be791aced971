//! What is wrong before any cluster is asked.

use std::process::Command;
use std::time::Duration;

use super::machine::Machine;

pub const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {color: blue}\n";
/// An address that nobody answers.
const DEAD: &str = "http://127.0.0.1:1";

#[test]
fn no_kubeconfig() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["diff"]);
    said.fails_with(&["there is no kubeconfig", "hint: Get a kubeconfig"]);
}

#[test]
fn a_context_that_does_not_exist() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    for command in ["apps", "diff"] {
        let said = machine.run("shop", &[command, "--context", "nope"]);
        said.fails_with(&[
            "the kubeconfig has no context nope",
            "The contexts are: prod.",
        ]);
    }
}

#[test]
fn a_cluster_that_nobody_answers_for_is_not_one_in_sync() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["diff", "web"]);
    said.fails_with(&["prod: the API server refuses connections", DEAD]);
    // What was never known is not old.
    assert!(!said.out.contains("old"), "{}", said.out);
    let json = machine.run("shop", &["diff", "web", "-o", "json"]);
    json.fails_with(&["\"result\": \"unknown\"", "\"kind\": \"unreachable\""]);
}

#[test]
fn a_place_without_repository_is_not_one_in_sync() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let said = machine.run("empty", &["diff"]);
    said.fails_with(&["no Git repository here", "hint: Go to a checkout"]);
    let json = machine.run("empty", &["diff", "-o", "json"]);
    json.fails_with(&["\"result\": \"unknown\"", "no Git repository here"]);
    let said = machine.run("empty", &["apps", "--source", "/not/there"]);
    said.fails_with(&["/not/there: there is no such directory"]);
}

#[test]
fn one_source_that_is_not_there_does_not_hide_the_other() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let args = ["apps", "--source", "/not/there", "--source", "../shop"];
    let said = machine.run("empty", &args);
    said.fails_with(&["there is no such directory", "web"]);
}

#[test]
fn a_repository_with_nothing_to_deploy() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("README", "hello")]);
    let said = machine.run("shop", &["diff"]);
    said.fails_with(&["there are no Kubernetes manifests to deploy in this repository"]);
}

#[test]
fn a_revision_that_does_not_exist() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["diff", "--source", ".@nope"]);
    said.fails_with(&[
        "nope: no such branch, tag or commit",
        "hint: There are: main.",
    ]);
}

#[test]
fn a_remote_that_nobody_answers_for() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let url = "https://user:PASSWORD-VALUE@127.0.0.1:1/org/shop.git";
    let said = machine.run("empty", &["diff", "--source", url]);
    said.fails_with(&["https://127.0.0.1:1/org/shop.git: the host refuses the connection"]);
    let told = said.all() + &machine.left_behind();
    assert!(!told.contains("PASSWORD-VALUE"));
}

#[test]
fn manifests_that_are_none() {
    let machine = Machine::new();
    let slip = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n";
    let laughs = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: &a [x,x,x,x,x,x,x,x,x]\n  b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n  \
                  c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n  d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n  e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n  \
                  f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n  g: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
    let kindless = format!("{MAP}---\napiVersion: v1\nmetadata: {{name: b}}\n");
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: [SECRET-VALUE]}\n";
    let mut shop = machine.shop(&[
        ("slip/a.yaml", slip),
        ("laughs/a.yaml", laughs),
        ("kindless/a.yaml", &kindless),
        ("secret/a.yaml", secret),
        ("links/a.yaml", MAP),
        ("evil/\u{1b}[31m.yaml", slip),
    ]);
    shop.link("links/passwd.yaml", "/etc/passwd").unwrap();
    shop.author("Eve\u{1b}]0;pwned\u{7}");
    shop.commit("\u{1b}[2Jgone", &[]).unwrap();
    machine.cluster(DEAD);
    let said = machine.run("shop", &["diff"]);
    said.fails_with(&[
        "slip/a.yaml:3:11: the YAML cannot be read",
        "aliases repeat too much",
        "the object has no kind",
        "links/passwd.yaml: the symbolic link leaves the repository",
        "evil/\\e[31m.yaml:3:11: the YAML cannot be read",
    ]);
    machine
        .run("shop", &["apps"])
        .sends_nothing_to_the_terminal();
    let told = said.all() + &machine.left_behind();
    assert!(!told.contains("SECRET-VALUE"), "{told}");
    assert!(!told.contains("root:"), "{told}");
}

#[test]
fn what_this_release_cannot_render_is_not_rendered_as_plain_files() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let mut shop = machine.shop(&[("web/a.yaml", MAP)]);
    let repo = machine.path("shop");
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: chart}}\nspec:\n  \
         destination: {{name: prod, namespace: shop}}\n  source:\n    repoURL: {}\n    path: web\n    helm: {{}}\n",
        repo.display()
    );
    shop.commit("Helm", &[("apps/chart.yaml", &application)])
        .unwrap();
    let said = machine.run("shop", &["apps", "chart", "-o", "json"]);
    let app = &serde_json::from_str::<serde_json::Value>(&said.out).unwrap()["apps"][0];
    assert_eq!(app["sync"], "failed");
    assert_eq!(app["counts"]["objects"], 0);
    assert_eq!(app["target"], serde_json::Value::Null, "{said:?}");
    let told = app["problems"].to_string();
    assert!(
        told.contains("`spec.source.helm` cannot be honoured"),
        "{told}"
    );
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let machine = Machine::new();
    let large = format!("{MAP}  b: \"{}\"\n", "x".repeat(17 << 20));
    machine
        .cluster(DEAD)
        .shop(&[("web/a.yaml", MAP), ("web/b.yaml", &large)]);
    let said = machine.run("shop", &["diff", "web"]);
    said.fails_with(&["web/b.yaml", "the file is too large to be read"]);
}

#[test]
fn a_cluster_that_hangs_ends_by_its_time_limit() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let machine = Machine::new();
    let server = format!("http://{}", listener.local_addr().unwrap());
    machine.cluster(&server).shop(&[("web/a.yaml", MAP)]);
    std::fs::write(machine.path("config.yaml"), "intervals: {request: 1s}\n").unwrap();
    let mut child = machine
        .command("shop", &["diff", "web"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // Far beyond the limit: this only tells an end from none.
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        child.try_wait().unwrap()
    });
    let _ = child.kill();
    assert_eq!(ended.and_then(|status| status.code()), Some(2));
}

#[test]
fn a_directory_means_the_app_of_it() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let web = machine.path("shop/web");
    for (here, word) in [
        ("shop", web.to_str().unwrap()),
        ("shop/web", "."),
        ("shop", "./web"),
    ] {
        let said = machine.run(here, &["diff", word]);
        said.fails_with(&["web · prod · shop"]);
    }
    // Another repository is not looked at because a directory of it is named.
    let said = machine.run("empty", &["diff", web.to_str().unwrap()]);
    said.fails_with(&["there is no App", "name it with --source"]);
}

#[test]
fn a_sync_without_kubeconfig_says_so() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["sync", "web", "--yes"]);
    said.fails_with(&["there is no kubeconfig", "hint: Get a kubeconfig"]);
    assert!(!said.all().contains("not connected yet"), "{said:?}");
}

#[test]
fn places_are_named_once() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    let said = machine.run("shop", &["apps"]);
    said.fails_with(&["error: there is no kubeconfig"]);
    // Of several contexts none is the current one.
    let unchosen = "contexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: 'http://a'}}]\n";
    std::fs::write(machine.path("kubeconfig"), unchosen).unwrap();
    let said = machine.run("shop", &["apps"]);
    said.fails_with(&["error: web: the kubeconfig has no current context"]);
}

#[test]
fn clusters_are_looked_at_from_anywhere_but_not_those_that_are_none() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let said = machine.run("empty", &["clusters"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.all().contains("repository"), "{said:?}");
    let said = machine.run("empty", &["clusters", "--context", "nosuch"]);
    said.fails_with(&["nosuch"]);
    let said = machine.run("empty", &["doctor"]);
    assert!(said.out.contains("note repositories: none"), "{said:?}");
    assert!(!said.all().contains("error: /"), "{said:?}");
}

#[test]
fn a_list_with_what_is_not_known_is_no_success() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    machine.run("shop", &["apps"]).fails_with(&["failed"]);
}

#[test]
fn keys_are_judged_with_the_rest_of_the_config_file() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let config = |text: &str| std::fs::write(machine.path("config.yaml"), text).unwrap();
    config("keys:\n  snyc: S\n  refresh: hyper-x\n");
    for command in [&["config"][..], &["doctor"], &["apps"], &[]] {
        machine.run("shop", command).fails_with(&[
            "config.yaml:2:3: `keys.snyc`: no command has this name",
            "config.yaml:3:3: `keys.refresh`: `hyper-x` is not a key",
        ]);
    }
    config("keys:\n  sync: [r]\n");
    machine
        .run("shop", &["config"])
        .fails_with(&["config.yaml:2:3: `r` is bound to both `sync` and `refresh`"]);
}

#[test]
fn a_guard_of_no_context_is_noticed() {
    let machine = Machine::new();
    machine.cluster(DEAD);
    let config = "contexts:\n  prod: guarded\n  prdo: read-only\n";
    std::fs::write(machine.path("config.yaml"), config).unwrap();
    for command in ["config", "doctor"] {
        let said = machine.run("empty", &[command]);
        let wanted = "config.yaml:3:3: `contexts.prdo` means no context of the kubeconfig";
        assert!(said.all().contains(wanted), "{said:?}");
        assert!(!said.all().contains("contexts.prod`"), "{said:?}");
    }
}

#[test]
fn a_directory_is_rendered_as_a_part_of_its_repository() {
    let machine = Machine::new();
    let other = MAP.replace("name: a", "name: b");
    let mut shop = machine.shop(&[("web/a.yaml", MAP), ("base/b.yaml", &other)]);
    shop.link("web/b.yaml", "../base/b.yaml").unwrap();
    shop.commit("linked", &[]).unwrap();
    let said = machine.run("shop", &["render", "web"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out.matches("kind: ConfigMap").count(), 2, "{said:?}");
    // A directory in no repository is a tree of its own.
    std::fs::create_dir(machine.path("empty/plain")).unwrap();
    std::fs::write(machine.path("empty/plain/a.json"), "{\"kind\": ").unwrap();
    machine
        .run("empty", &["render", "plain"])
        .fails_with(&["a.json", "the JSON cannot be read"]);
}

#[test]
fn expressions_are_no_revisions() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    for revision in ["HEAD~1", "@", "v1.2.0^"] {
        let said = machine.run("shop", &["diff", "web", "--revision", revision]);
        said.fails_with(&[
            "revision expressions",
            "hint: A revision is a branch, a tag",
        ]);
    }
}

#[test]
fn a_credential_plugin_ends_with_the_program_and_so_does_what_it_started() {
    let machine = Machine::new();
    machine.cluster(DEAD).shop(&[("web/a.yaml", MAP)]);
    let pid = machine.path("pid");
    let script = format!(
        "sleep 1000 & echo $! > {0}.tmp; mv {0}.tmp {0}; wait",
        pid.display()
    );
    let kubeconfig = std::fs::read_to_string(machine.path("kubeconfig")).unwrap();
    let exec = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [-c, '{script}']}}}}"
    );
    let kubeconfig = kubeconfig.replace("{token: TOKEN-VALUE}", &exec);
    std::fs::write(machine.path("kubeconfig"), kubeconfig).unwrap();
    let mut child = machine
        .command("shop", &["diff", "web"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let started = loop {
        if let Ok(started) = std::fs::read_to_string(&pid) {
            break started;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::sleep(Duration::from_millis(20));
    };
    let sh = |line: String| Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(sh(format!("kill -TERM {}", child.id())).success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    // One that nobody has waited for yet is a zombie and runs no more. If it lived on, this would hang.
    let runs = || {
        std::fs::read_to_string(format!("/proc/{}/stat", started.trim()))
            .is_ok_and(|stat| !stat.contains(") Z "))
    };
    while runs() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_directory_is_rendered_whole_or_not_at_all() {
    let machine = Machine::new();
    let good = MAP.replace("name: a", "name: good");
    let kindless = format!("{good}---\napiVersion: v1\nmetadata: {{name: b}}\n");
    let truth = MAP.replace("name: a", "name: true");
    let generated = MAP.replace("name: a", "generateName: a-");
    let hook = "{generateName: a-, annotations: {argocd.argoproj.io/hook: Sync}}";
    let hook = MAP.replace("{name: a}", hook);
    machine.shop(&[
        ("kindless/a.yaml", &kindless),
        ("twice/a.yaml", MAP),
        ("twice/b.yaml", MAP),
        ("truth/a.yaml", &format!("{good}---\n{truth}")),
        ("generated/a.yaml", &format!("{good}---\n{generated}")),
        ("hook/a.yaml", &format!("{good}---\n{hook}")),
    ]);
    for (directory, words) in [
        ("kindless", "a.yaml:6:1: the manifest cannot be used"),
        ("twice", "two manifests define ConfigMap"),
        ("truth", "metadata.name of a ConfigMap is not a string"),
        ("generated", "a ConfigMap with generateName"),
    ] {
        let said = machine.run("shop", &["render", directory]);
        said.fails_with(&[words]);
        assert_eq!(said.out, "", "{directory}");
    }
    let said = machine.run("shop", &["render", "hook"]);
    assert_eq!(said.code, Some(0), "{said:?}");
}

/// A signal is no weather; but whoever waits for a cluster that hangs sends one.
#[test]
fn a_signal_ends_a_command_by_its_number() {
    let machine = Machine::new();
    machine.shop(&[("web/a.yaml", MAP)]);
    // Under nohup a hangup is ignored, by whoever is started there, too.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    let hears_hangups = ignored.unwrap_or_default() & 1 == 0;
    for (signal, code) in [("TERM", 143), ("HUP", 129)] {
        if signal == "HUP" && !hears_hangups {
            continue;
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        machine.cluster(&format!("http://{}", listener.local_addr().unwrap()));
        let child = machine
            .command("shop", &["diff", "web"])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // It listens for signals before it knocks.
        let _knock = listener.accept().unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        let killed = std::process::Command::new("sh")
            .args(["-c", &kill])
            .status();
        assert!(killed.unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(err.contains(&format!("interrupted (SIG{signal})")), "{err}");
    }
}
