//! What a shell is offered for a line that is half typed.

use super::*;

fn complete(line: &str) -> (Vec<String>, bool) {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let found = candidates(
        &words,
        &Names {
            apps: &|| vec!["shop/cart".into(), "web".into(), "we:b".into()],
            contexts: &|| vec!["prod-eu".into(), "staging".into()],
            records: &|| vec![("2".into(), "4f2c1e9 succeeded".into())],
            objects: &|| vec!["apps/Deployment/shop/web".into()],
        },
    );
    let words = found.words.into_iter().map(|(word, _)| word).collect();
    (words, found.files)
}

#[test]
fn words_are_completed() {
    let cases: &[(&str, &[&str], bool)] = &[
        ("trueup d", &["diff", "doctor"], true),
        ("trueup --source x dif", &["diff"], true),
        ("trueup diff w", &["web", "we:b"], false),
        ("trueup diff web sh", &["shop/cart"], false),
        ("trueup sync --prune ", &["shop/cart", "web", "we:b"], false),
        ("trueup rollback w", &["web", "we:b"], false),
        ("trueup rollback web ", &[], false),
        ("trueup diff --fo", &["--foreign"], false),
        ("trueup diff --context pr", &["prod-eu"], false),
        ("trueup --context=st", &["--context=staging"], false),
        ("trueup diff -o ", &["text", "json", "markdown"], false),
        ("trueup diff --output m", &["markdown"], false),
        ("trueup completions ", &["bash", "zsh", "fish"], false),
        ("trueup render ", &[], true),
        ("trueup --kubeconfig ", &[], true),
        ("trueup ./x diff", &[], true),
        ("trueup sync --prune-all w", &["web", "we:b"], false),
        ("trueup rollback web --to ", &["2"], false),
        ("trueup rollback web --to=", &["--to=2"], false),
        (
            "trueup sync web --resource apps/",
            &["apps/Deployment/shop/web"],
            false,
        ),
        (
            "trueup sync web --resource Dep",
            &["Deployment/shop/web"],
            false,
        ),
        (
            "trueup sync web --resource=Dep",
            &["--resource=Deployment/shop/web"],
            false,
        ),
        ("trueup sync web --resource dep", &[], false),
        ("trueup clusters ", &[], false),
        ("trueup __com", &[], true),
    ];
    for (line, words, files) in cases {
        let (found, has_files) = complete(line);
        assert_eq!(found, *words, "{line}");
        assert_eq!(has_files, *files, "{line}");
    }
}

#[test]
fn names_that_would_break_a_line_are_left_out() {
    let words = ["trueup", "diff", ""].map(str::to_owned);
    let names = Names {
        apps: &|| vec!["a\nb".into(), "\u{1b}[2J".into(), "ok".into()],
        contexts: &Vec::new,
        records: &Vec::new,
        objects: &Vec::new,
    };
    assert_eq!(answer(&candidates(&words, &names)), "ok\tApp\n");
}

#[test]
fn a_line_of_nothing_is_answered() {
    let names = Names {
        apps: &Vec::new,
        contexts: &Vec::new,
        records: &Vec::new,
        objects: &Vec::new,
    };
    for words in [
        vec![],
        vec!["trueup".to_owned()],
        vec!["trueup".into(), String::new()],
    ] {
        let found = candidates(&words, &names);
        assert!(
            found.words.iter().any(|(word, _)| word == "sync"),
            "{words:?}"
        );
    }
}

/// Bash itself completes with the script, answered by a program that stands in for trueup.
#[test]
#[ignore = "needs bash"]
fn bash_completes_with_the_script() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("trueup.bash"), script(Shell::Bash)).unwrap();
    let program =
        "#!/bin/sh\nprintf '%s|' \"$@\" > \"$0.asked\"\nprintf 'web\\tApp\\nwe:b\\tApp\\n:\\n'\n";
    std::fs::write(path("trueup"), program).unwrap();
    std::fs::write(path("webfile"), "").unwrap();
    let script = format!(
        "cd '{0}' && chmod +x trueup && PATH={0}:$PATH && source ./trueup.bash && complete -p trueup && \
         COMP_WORDS=(trueup diff we) COMP_CWORD=2 COMP_LINE='trueup diff we' COMP_POINT=14 && \
         _trueup && printf '%s\\n' \"${{COMPREPLY[@]}}\" && cat trueup.asked",
        directory.path().display()
    );
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", &script])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text,
        "complete -F _trueup trueup\nweb\nwe:b\nwebfile\n__complete|--|trueup|diff|we|",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
