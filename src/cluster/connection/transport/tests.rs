//! Servers on loopback that fail in every way that a server can.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use tempfile::TempDir;

use super::*;
use crate::cluster::{ConnectOptions, Connection, Environment, Failure, Kubeconfigs};

const AUTHORITY: &str = include_str!("testdata/authority.pem");
const KEY: &str = include_str!("testdata/key.pem");
const GOOD: &str = include_str!("testdata/good.pem");
const NAMED: &str = include_str!("testdata/named.pem");
const EXPIRED: &str = include_str!("testdata/expired.pem");
const OWN: &str = include_str!("testdata/own.pem");
const OWN_OTHER: &str = include_str!("testdata/own_other.pem");
const OWN_NAMED: &str = include_str!("testdata/own_named.pem");
const OWN_EXPIRED: &str = include_str!("testdata/own_expired.pem");
const OTHER_KEY: &str = include_str!("testdata/other_key.pem");
const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

/// Serves each connection with `serve` for as long as the test lives.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

/// Reads a request's head, then writes an answer and closes.
fn answers(mut stream: impl std::io::Read + std::io::Write, answer: &[u8]) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    let _ = stream.write_all(answer);
    let _ = stream.flush();
    String::from_utf8_lossy(&head).into_owned()
}

fn tls(certificate: &str, wants_client: bool) -> SocketAddr {
    tls_with(certificate, KEY, wants_client)
}

/// A server with a certificate, and with a key that may be another's.
fn tls_with(certificate: &str, key: &str, wants_client: bool) -> SocketAddr {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let identity = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let builder = if wants_client {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
            .unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
            .build()
            .unwrap();
        ServerConfig::builder().with_client_cert_verifier(verifier)
    } else {
        ServerConfig::builder().with_no_client_auth()
    };
    let config = Arc::new(builder.with_cert_resolver(Arc::new(identity)));
    server(move |stream| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut tls = rustls::StreamOwned::new(connection, stream);
        answers(&mut tls, OK);
        tls.conn.send_close_notify();
        let _ = tls.flush();
    })
}

/// The outcome of one request through a kubeconfig with these fields of cluster and user.
async fn outcome(cluster: &str, user: &str) -> Result<u16, Problem> {
    let (connection, _files) = connection(cluster, user).await?;
    connection.get("/version").await.map(|reply| reply.status)
}

/// A connection, with the files that it is made from.
async fn connection(cluster: &str, user: &str) -> Result<(Connection, TempDir), Problem> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("authority.pem", AUTHORITY),
        ("good.pem", GOOD),
        ("key.pem", KEY),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let path = dir.path().join("config");
    let text = format!(
        "contexts: [{{name: prod, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         users: [{{name: u, user: {{{user}}}}}]"
    );
    std::fs::write(&path, text).unwrap();
    let kubeconfigs = Kubeconfigs::load_in(&Environment::default(), Some(path.as_os_str()), None)?;
    let options = ConnectOptions {
        timeout: Duration::from_secs(2),
        environment: Environment::default(),
        ..ConnectOptions::default()
    };
    let connection = Connection::open(&kubeconfigs, "prod", &options).await?;
    Ok((connection, dir))
}

async fn problem(cluster: &str, user: &str) -> Problem {
    let problem = outcome(cluster, user).await.unwrap_err();
    assert_eq!(problem.place, "prod");
    problem
}

#[tokio::test]
async fn a_change_that_found_no_connection_is_known_not_to_be_made() {
    let refused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let closes = server(drop);
    for (address, is_known) in [(refused, true), (closes, false)] {
        let cluster = format!("server: 'http://{address}'");
        let (connection, _files) = connection(&cluster, "").await.unwrap();
        let failure = connection
            .writer()
            .create_namespace("shop", &Default::default())
            .await
            .unwrap_err();
        assert_eq!(
            matches!(failure, Failure::NotDone(_)),
            is_known,
            "{failure:?}"
        );
    }
}

#[tokio::test]
async fn plain_failures_are_told_apart() {
    let refused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let closes = server(drop);
    let hangs = server(std::mem::forget);
    let cuts = server(|stream| {
        answers(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{");
    });
    let babbles = server(|stream| {
        answers(stream, b"SSH-2.0-OpenSSH_9.9\r\n");
    });
    let table = [
        (refused, "the API server refuses connections"),
        (closes, "the connection to the API server was cut off"),
        (hangs, "the API server did not answer within 2 s"),
        (cuts, "the server's answer was cut off"),
        (babbles, "what answers is not an HTTP server"),
    ];
    for (address, summary) in table {
        let problem = problem(&format!("server: 'http://{address}'"), "").await;
        assert_eq!(problem.summary, summary, "{problem:?}");
        assert_eq!(problem.kind, ProblemKind::Unreachable);
        assert!(!problem.causes.is_empty() || summary.contains("did not answer"));
    }
    let problem = problem("server: 'https://name.invalid:6443'", "").await;
    assert_eq!(problem.summary, "the API server's name cannot be resolved");
}

#[tokio::test]
async fn certificates_are_checked_and_each_fault_has_its_hint() {
    let trusts = "certificate-authority: authority.pem";
    let at = |address: SocketAddr, more: &str| format!("server: 'https://{address}', {more}");
    let good = tls(GOOD, false);
    assert_eq!(outcome(&at(good, trusts), "").await, Ok(200));
    let skips = "insecure-skip-tls-verify: true";
    assert_eq!(outcome(&at(tls(EXPIRED, false), skips), "").await, Ok(200));
    let named = tls(NAMED, false);
    let renamed = format!("{trusts}, tls-server-name: api.example");
    assert_eq!(outcome(&at(named, &renamed), "").await, Ok(200));

    let plain = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        answers(stream, b"");
    });
    let table = [
        (
            at(good, ""),
            "the API server's certificate is not trusted",
            "certificate-authority-data",
        ),
        (
            at(named, trusts),
            "the API server's certificate is not trusted",
            "tls-server-name",
        ),
        (
            at(tls(EXPIRED, false), trusts),
            "the API server's certificate is not trusted",
            "has expired",
        ),
        (
            at(plain, trusts),
            "what answers does not speak TLS",
            "plain HTTP",
        ),
    ];
    for (cluster, summary, hint) in table {
        let problem = problem(&cluster, "").await;
        assert_eq!(problem.summary, summary, "{problem:?}");
        assert!(
            problem.hints.iter().any(|h| h.contains(hint)),
            "{problem:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_its_own_authority_was_refused() {
    let text = |pems: &[&str]| base64::engine::general_purpose::STANDARD.encode(pems.concat());
    let at = |address: SocketAddr, pems: &[&str], more: &str| {
        let data = text(pems);
        format!("server: 'https://{address}', certificate-authority-data: {data}{more}")
    };
    let own = tls(OWN, false);
    let named = tls(OWN_NAMED, false);
    let renamed = ", tls-server-name: api.example";
    for taken in [
        at(own, &[OWN], ""),
        at(own, &[OWN_OTHER, OWN], ""),
        at(named, &[OWN_NAMED], renamed),
        // What an authority has signed is taken beside it.
        at(tls(GOOD, false), &[AUTHORITY, OWN], ""),
    ] {
        assert_eq!(outcome(&taken, "").await, Ok(200), "{taken}");
    }
    let client = "client-certificate: good.pem, client-key: key.pem";
    let asking = at(tls(OWN, true), &[OWN], "");
    assert_eq!(outcome(&asking, client).await, Ok(200));
    assert_eq!(outcome(&at(own, &[OWN], ""), "token: t").await, Ok(200));

    let thief = tls_with(OWN, OTHER_KEY, false);
    let expired = tls(OWN_EXPIRED, false);
    let is_authority = "an authority's own";
    for (refused, hint) in [
        (at(own, &[OWN_OTHER], ""), is_authority),
        (at(own, &[AUTHORITY], ""), is_authority),
        (at(expired, &[OWN_EXPIRED], ""), "has expired"),
        (at(named, &[OWN_NAMED], ""), is_authority),
        (at(named, &[OWN_NAMED, OWN], ""), "made for another name"),
        (at(own, &[OWN], renamed), is_authority),
        (at(thief, &[OWN], ""), "Compare the certificate-authority"),
    ] {
        let problem = problem(&refused, "").await;
        let said = problem.hints.concat();
        assert!(said.contains(hint), "{refused}: {problem:?}");
    }
}

#[tokio::test]
async fn client_certificates_are_sent() {
    let cluster = format!(
        "server: 'https://{}', certificate-authority: authority.pem",
        tls(GOOD, true)
    );
    let user = "client-certificate: good.pem, client-key: key.pem";
    assert_eq!(outcome(&cluster, user).await, Ok(200));
    let problem = problem(&cluster, "").await;
    assert_eq!(problem.kind, ProblemKind::Unauthenticated, "{problem:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_certificate_of_a_plugin_is_sent() {
    let cluster = format!(
        "server: 'https://{}', certificate-authority: authority.pem",
        tls(GOOD, true)
    );
    let answer = serde_json::json!({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": { "clientCertificateData": GOOD, "clientKeyData": KEY },
    });
    let user = format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, command: printf, args: ['%s', {}]}}",
        serde_json::Value::String(answer.to_string())
    );
    assert_eq!(outcome(&cluster, &user).await, Ok(200));
}

#[tokio::test]
async fn proxies_are_used_and_blamed() {
    let refused = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let wants_login = server(|stream| {
        answers(
            stream,
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        );
    });
    let fails = server(|stream| {
        answers(stream, b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    let table = [
        (format!("http://{refused}"), ProblemKind::Unreachable),
        (
            format!("http://me:s3cret@{wants_login}"),
            ProblemKind::Unauthenticated,
        ),
        (format!("http://{fails}"), ProblemKind::Unreachable),
        (format!("socks5://{refused}"), ProblemKind::Unreachable),
        (format!("socks5://{fails}"), ProblemKind::Unreachable),
    ];
    for (proxy, kind) in table {
        let problem = problem(
            &format!("server: 'https://10.1.2.3', proxy-url: '{proxy}'"),
            "",
        )
        .await;
        assert_eq!(problem.kind, kind, "{problem:?}");
        assert!(
            problem
                .causes
                .iter()
                .any(|c| c.contains("through the proxy")),
            "{problem:?}"
        );
        assert!(!format!("{problem:?}").contains("s3cret"), "{problem:?}");
    }
}

#[tokio::test]
async fn what_the_user_is_reaches_the_server() {
    let (sender, heads) = std::sync::mpsc::channel();
    let address = server(move |stream| {
        let _ = sender.send(answers(stream, OK).to_ascii_lowercase());
    });
    let cluster = format!("server: 'http://{address}/prefix'");
    let table = [
        ("token: t", vec!["authorization: bearer t\r\n"]),
        (
            "username: u, password: p",
            vec!["authorization: basic dtpw\r\n"],
        ),
        (
            "token: t, as: eve, as-uid: '7', as-groups: [g1, g2], as-user-extra: {Scope: [s]}",
            vec![
                "impersonate-user: eve\r\n",
                "impersonate-uid: 7\r\n",
                "impersonate-group: g1\r\n",
                "impersonate-group: g2\r\n",
                "impersonate-extra-scope: s\r\n",
            ],
        ),
        (
            "",
            vec![
                "get /prefix/version http/1.1\r\n",
                "accept: application/json\r\n",
            ],
        ),
    ];
    for (user, expected) in table {
        assert_eq!(outcome(&cluster, user).await, Ok(200), "{user}");
        let head = heads.recv().unwrap();
        for line in expected {
            assert!(head.contains(line), "{user}: {head}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_said_before_anything_is_sent() {
    use ProblemKind::{Config, Unauthenticated, Unsupported};
    let server = "server: 'https://127.0.0.1:1'";
    let with = |more: &str| format!("{server}, {more}");
    let table = [
        (with("certificate-authority: nowhere.pem"), "", Config),
        (with("certificate-authority-data: '%%%'"), "", Config),
        (with("certificate-authority-data: aGVsbG8="), "", Config),
        (with("proxy-url: 'ftp://x'"), "", Config),
        (with("tls-server-name: 'not a name'"), "", Config),
        ("server: 'ftp://x'".to_owned(), "", Config),
        ("server: 'https://'".to_owned(), "", Config),
        (
            server.to_owned(),
            "client-certificate: nowhere.pem, client-key: key.pem",
            Config,
        ),
        (server.to_owned(), "client-certificate: good.pem", Config),
        (server.to_owned(), "as-groups: [g]", Config),
        (server.to_owned(), "token: \"a\\nb\"", Unauthenticated),
        (server.to_owned(), "auth-provider: {name: gcp}", Unsupported),
        (server.to_owned(), "exec: {command: x}", Config),
    ];
    for (cluster, user, kind) in table {
        let problem = problem(&cluster, user).await;
        assert_eq!(problem.kind, kind, "{cluster} {user}: {problem:?}");
    }
}
