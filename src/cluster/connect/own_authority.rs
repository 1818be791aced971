//! A server whose certificate is itself the kubeconfig's authority. Go takes a certificate that is among the roots
//! (crypto/x509 `Certificate.Verify`), and kubectl with it; webpki takes no authority's certificate for a server's. Only
//! that one answer of webpki is overruled here, and only for exactly a certificate that the kubeconfig holds.

use std::sync::Arc;

use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::Config;
use kube::client::ConfigExt as _;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tower::{BoxError, ServiceBuilder};

use crate::cluster::connection::transport::is_authority_as_server;

/// A client for a server that may be its own authority: one of the authority's certificates is made for its name. `None`
/// where none is (nearly always), and through a proxy: kube's own client is for those.
pub(super) fn client(config: &Config) -> Option<kube::Result<kube::Client>> {
    let roots = config.root_cert.as_ref()?;
    if config.accept_invalid_certs || config.proxy_url.is_some() {
        return None;
    }
    let host = config.cluster_url.host()?.trim_matches(['[', ']']);
    let name = config.tls_server_name.as_deref().unwrap_or(host);
    let name = ServerName::try_from(name.to_owned()).ok()?;
    let trusted: Vec<_> = roots.iter().cloned().map(CertificateDer::from).collect();
    let is_made_for_it = |root: &CertificateDer<'_>| {
        ParsedCertificate::try_from(root).is_ok_and(|c| verify_server_name(&c, &name).is_ok())
    };
    if !trusted.iter().any(is_made_for_it) {
        return None;
    }
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(trusted.iter().cloned());
    let usual = WebPkiServerVerifier::builder(Arc::new(store))
        .build()
        .ok()?;
    Some(assemble(config, name, OwnAuthority { usual, trusted }))
}

/// kube's client with another verifier, for which kube has no place; without proxies and compression.
fn assemble(
    config: &Config,
    name: ServerName<'static>,
    verifier: OwnAuthority,
) -> kube::Result<kube::Client> {
    let mut tls = config.rustls_client_config()?;
    tls.dangerous().set_certificate_verifier(Arc::new(verifier));
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(config.connect_timeout);
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .with_server_name_resolver(FixedServerNameResolver::new(name))
        .enable_http1()
        .wrap_connector(tcp);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(Client::builder(TokioExecutor::new()).build(https));
    Ok(kube::Client::new(service, config.default_namespace.clone()))
}

#[derive(Debug)]
struct OwnAuthority {
    usual: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for OwnAuthority {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let usual = self
            .usual
            .verify_server_cert(certificate, chain, name, ocsp, now);
        match usual {
            // webpki has looked at the dates by then, and not yet at the name.
            Err(error) if is_authority_as_server(&error) && self.trusted.contains(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            usual => usual,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
