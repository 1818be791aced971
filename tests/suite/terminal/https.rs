//! A Git server over https on loopback: one empty repository, for whoever knows the password.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use base64::Engine as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Made for these tests; it opens nothing.
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSbP/nDkRtwgcpQt2
YWCH4PKQFTq/jLkUgKnYB20sYcqhRANCAAS9U6k9o8kI78Y8ZSoZGK8ovgsZs8lJ
LvZvTcGJ4yW1lBi6ye4dC3Ku0pD5bStJQgmLadb12b2IPbCoHG9WG9Zi
-----END PRIVATE KEY-----";
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBizCCATGgAwIBAgIUa4MaRkqGaWxd1HrjFI1frPoJp1MwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIbG9vcGJhY2swIBcNMjYxMTIxMTUxNDM0WhgPMjEyNjEwMjgx
NTE0MzRaMBMxETAPBgNVBAMMCGxvb3BiYWNrMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEvVOpPaPJCO/GPGUqGRivKL4LGbPJSS72b03BieMltZQYusnuHQtyrtKQ
+W0rSUIJi2nW9dm9iD2wqBxvVhvWYqNhMF8wHQYDVR0OBBYEFLfsl0sqRKkQP5dt
tSKNHGdoYNo9MB8GA1UdIwQYMBaAFLfsl0sqRKkQP5dttSKNHGdoYNo9MA8GA1Ud
EQQIMAaHBH8AAAEwDAYDVR0TAQH/BAIwADAKBggqhkjOPQQDAgNIADBFAiEAqND1
aE/y3VIWtUI9lHsusjhhSTPQM39CWL0atY0EeS4CIHrnhKq/iOUouvj+G0vD30zK
JfQ+fsYtooolPbpxXEBn
-----END CERTIFICATE-----";

/// Serves until the test ends; returns the port.
pub fn serve(user: &str, password: &str) -> u16 {
    let pair = format!("{user}:{password}");
    let wanted = base64::engine::general_purpose::STANDARD.encode(pair);
    let wanted = format!("authorization: basic {wanted}").to_lowercase();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, wanted) = (config.clone(), wanted.clone());
            std::thread::spawn(move || answer(stream, config, &wanted));
        }
    });
    port
}

fn answer(stream: TcpStream, config: Arc<ServerConfig>, wanted: &str) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line) {
                Ok(1..) if line.trim().is_empty() => break,
                Ok(1..) => head.push(line.trim().to_lowercase()),
                _ => return,
            }
        }
        skip_body(&mut stream, &head);
        let kind = "application/x-git-upload-pack";
        let answer = if !head.iter().any(|line| line == wanted) {
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic realm=x\r\ncontent-length: 0\r\n\r\n"
                .to_owned()
        } else if head[0].starts_with("get ") {
            let lines = [
                "# service=git-upload-pack\n",
                "",
                "version 2\n",
                "ls-refs\n",
                "fetch\n",
                "",
            ];
            ok(&format!("{kind}-advertisement"), &lines)
        } else {
            ok(&format!("{kind}-result"), &[""])
        };
        if stream.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn skip_body(stream: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>, head: &[String]) {
    let length = head.iter().find_map(|l| l.strip_prefix("content-length: "));
    if let Some(length) = length {
        let mut body = vec![0; length.parse().unwrap()];
        let _ = stream.read_exact(&mut body);
    } else if head.iter().any(|l| l == "transfer-encoding: chunked") {
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|n| n > 0) && !line.ends_with("\r\n0\r\n") {}
        let _ = stream.read_line(&mut line);
    }
}

/// An answer of packet lines; an empty one is a flush.
fn ok(kind: &str, lines: &[&str]) -> String {
    let body: String = lines
        .iter()
        .map(|line| match line.len() {
            0 => "0000".to_owned(),
            n => format!("{:04x}{line}", n + 4),
        })
        .collect();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
