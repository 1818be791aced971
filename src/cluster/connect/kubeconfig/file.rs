//! One kubeconfig file as written (client-go `clientcmd/api/v1`). Unknown fields are ignored, as kubectl does.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

use crate::domain::{Problem, ProblemKind, Result, Value};

/// A text that no log and no message shows.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub(in crate::cluster) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct File {
    #[serde(deserialize_with = "or_default")]
    pub clusters: Vec<Named<ClusterEntry>>,
    #[serde(deserialize_with = "or_default")]
    pub users: Vec<Named<UserEntry>>,
    #[serde(deserialize_with = "or_default")]
    pub contexts: Vec<Named<ContextEntry>>,
    #[serde(deserialize_with = "or_default")]
    pub current_context: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named<T: Default> {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(
        alias = "cluster",
        alias = "user",
        alias = "context",
        deserialize_with = "or_default",
        bound(deserialize = "T: Deserialize<'de> + Default")
    )]
    pub entry: T,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::cluster) struct ClusterEntry {
    #[serde(deserialize_with = "or_default")]
    pub server: String,
    pub tls_server_name: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub insecure_skip_tls_verify: bool,
    pub certificate_authority: Option<String>,
    pub certificate_authority_data: Option<String>,
    pub proxy_url: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub disable_compression: bool,
    #[serde(deserialize_with = "or_default")]
    pub extensions: Vec<Extension>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct Extension {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    pub extension: Value,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(in crate::cluster) struct UserEntry {
    pub client_certificate: Option<String>,
    pub client_certificate_data: Option<String>,
    pub client_key: Option<String>,
    pub client_key_data: Option<Secret>,
    pub token: Option<Secret>,
    #[serde(rename = "tokenFile")]
    pub token_file: Option<String>,
    pub username: Option<String>,
    pub password: Option<Secret>,
    #[serde(rename = "as")]
    pub impersonate: Option<String>,
    pub as_uid: Option<String>,
    pub as_groups: Option<Vec<String>>,
    pub as_user_extra: Option<std::collections::BTreeMap<String, Vec<String>>>,
    pub auth_provider: Option<AuthProvider>,
    pub exec: Option<ExecEntry>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct AuthProvider {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub config: std::collections::BTreeMap<String, Secret>,
}

/// A credential plugin.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::cluster) struct ExecEntry {
    #[serde(deserialize_with = "or_default")]
    pub api_version: String,
    #[serde(deserialize_with = "or_default")]
    pub command: String,
    #[serde(deserialize_with = "or_default")]
    pub args: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub env: Vec<EnvEntry>,
    #[serde(deserialize_with = "or_default")]
    pub install_hint: String,
    #[serde(deserialize_with = "or_default")]
    pub provide_cluster_info: bool,
    pub interactive_mode: Option<InteractiveMode>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(in crate::cluster) struct EnvEntry {
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(in crate::cluster) enum InteractiveMode {
    Never,
    IfAvailable,
    Always,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContextEntry {
    #[serde(deserialize_with = "or_default")]
    pub cluster: String,
    #[serde(deserialize_with = "or_default")]
    pub user: String,
    #[serde(deserialize_with = "or_default")]
    pub namespace: String,
}

/// Kubeconfigs write `null` where they mean nothing.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads one file; `None` where there is none.
///
/// # Errors
/// Not readable, not text, or not a kubeconfig; with the line where it is known.
pub(super) fn read(path: &Path) -> Result<Option<File>> {
    let broken =
        |summary: &str, place: String| Problem::new(ProblemKind::Config, summary).at(place);
    let shown = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(broken("the kubeconfig cannot be read", shown).because(error.to_string()));
        }
    };
    let text = text(bytes).ok_or_else(|| {
        broken("the kubeconfig is not text", shown.clone()).hint("It must be UTF-8 or UTF-16.")
    })?;
    // kubectl reads the first document alone.
    let Some(document) = serde_yaml::Deserializer::from_str(&text).next() else {
        return Ok(Some(File::default()));
    };
    let file: Option<File> = Option::deserialize(document).map_err(|error| {
        let place = match error.location() {
            Some(at) => format!("{shown}:{}:{}", at.line(), at.column()),
            None => shown.clone(),
        };
        broken("the kubeconfig is not valid", place).because(without_values(&error.to_string()))
    })?;
    let mut file = file.unwrap_or_default();
    let dir = path.parent().unwrap_or(Path::new(""));
    for cluster in &mut file.clusters {
        resolve(dir, &mut cluster.entry.certificate_authority);
    }
    for user in &mut file.users {
        let user = &mut user.entry;
        resolve(dir, &mut user.client_certificate);
        resolve(dir, &mut user.client_key);
        resolve(dir, &mut user.token_file);
        // A bare name is looked up in PATH; only what has a separator is a path (client-go, clientcmd/loader.go).
        if let Some(exec) = &mut user.exec
            && exec.command.contains(std::path::is_separator)
        {
            exec.command = absolute(dir, &exec.command);
        }
    }
    Ok(Some(file))
}

fn text(bytes: Vec<u8>) -> Option<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        String::from_utf16(&units.collect::<Vec<_>>()).ok()
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn resolve(dir: &Path, path: &mut Option<String>) {
    if let Some(path) = path.as_mut().filter(|p| !p.is_empty()) {
        *path = absolute(dir, path);
    }
}

fn absolute(dir: &Path, path: &str) -> String {
    let joined: PathBuf = dir.join(path);
    joined.to_string_lossy().into_owned()
}

/// An error of the YAML reader without the values that it quotes, which can be secrets.
fn without_values(message: &str) -> String {
    let mut parts = message.split('"');
    let first = parts.next().unwrap_or_default();
    match parts.next_back() {
        Some(last) => format!("{first}\"...\"{last}"),
        None => first.to_owned(),
    }
}
