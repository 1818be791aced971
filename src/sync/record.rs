//! The record of an App as a ConfigMap: names, encoding, decoding. What comes back from a cluster was written by
//! anybody: it is bounded, checked, and never trusted as a right. No I/O.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::domain::record::{AppRecord, Outcome, RunKind};
use crate::domain::{Problem, ProblemKind, SyncRecord, Value};

/// Version of the format. A record of a newer one is refused: writing it back would lose what it holds.
const FORMAT: u32 = 1;

/// The compressed record may have this many bytes: a ConfigMap may have 1 MiB, the summary included.
const MAX_COMPRESSED: usize = 960 * 1024;

/// The record may have this many bytes once inflated.
const MAX_INFLATED: u64 = 32 * 1024 * 1024;

/// The label that every record carries, and what it says.
pub const LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "trueup");

const DATA_KEY: &str = "record.json.gz";

/// The longest name that a ConfigMap or Lease may have.
const MAX_NAME: usize = 253;

/// Name of the ConfigMap (and Lease) of an App: `trueup-<app>`, or where that is no valid name the nearest valid one
/// with a hash of the App's name, so that two Apps never share one.
pub fn record_name(app: &str) -> String {
    let plain = format!("trueup-{app}");
    if is_dns_subdomain(&plain) {
        return plain;
    }
    let mut safe: String = app
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => c,
            _ => '-',
        })
        .collect();
    safe.truncate(MAX_NAME - "trueup--0123456789abcdef".len());
    let safe = safe.trim_matches('-');
    let dash = if safe.is_empty() { "" } else { "-" };
    format!("trueup-{safe}{dash}{:016x}", fnv1a(app.as_bytes()))
}

fn is_dns_subdomain(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.split('.').all(|label| {
            label
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                && !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// FNV-1a, 64 bits: the same on every machine and in every release, which the standard hasher does not promise.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A record as the ConfigMap that keeps it, without a resource version. When it would not fit, the oldest history goes
/// first.
///
/// # Errors
/// A Problem when it does not fit even without history.
pub fn encode(app: &str, namespace: &str, record: &AppRecord) -> Result<Value, Problem> {
    let mut record = record.clone();
    loop {
        let json = serde_json::to_vec(&record).map_err(|e| {
            Problem::new(
                ProblemKind::Internal,
                "the record could not be written down",
            )
            .because_of(&e)
        })?;
        let packed = gzip(&json).map_err(|e| {
            Problem::new(ProblemKind::Internal, "the record could not be compressed").because_of(&e)
        })?;
        if packed.len() <= MAX_COMPRESSED && json.len() as u64 <= MAX_INFLATED {
            return Ok(json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": record_name(app),
                    "namespace": namespace,
                    "labels": { LABEL.0: LABEL.1 },
                },
                "data": {
                    "app": app,
                    "version": FORMAT.to_string(),
                    "summary": summary(app, &record),
                },
                "binaryData": { DATA_KEY: STANDARD.encode(packed) },
            }));
        }
        if record.history.len() <= 1 {
            return Err(Problem::new(
                ProblemKind::TooLarge,
                format!(
                    "the record of {} objects does not fit into a ConfigMap",
                    record.inventory.0.len()
                ),
            )
            .hint("Split the App into several smaller ones."));
        }
        // Halving keeps the number of attempts small; the newest half is what a rollback needs.
        let drop = record
            .history
            .len()
            .div_ceil(2)
            .min(record.history.len() - 1);
        record.history.drain(..drop);
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// What `kubectl get -o yaml` shows of a record to a person who does not have trueup.
fn summary(app: &str, record: &AppRecord) -> String {
    let objects = match record.inventory.0.len() {
        1 => "1 object".to_owned(),
        n => format!("{n} objects"),
    };
    let Some(last) = record.history.last() else {
        return format!("{app}: {objects}, never synced");
    };
    let kind = match last.kind {
        RunKind::Sync => "sync",
        RunKind::Rollback => "rollback",
        RunKind::Adopt => "adoption",
    };
    let outcome = match last.outcome {
        Outcome::Running => "begun",
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Stopped => "stopped",
    };
    let SyncRecord {
        id,
        commit,
        who,
        started,
        ..
    } = last;
    format!(
        "{app}: {objects}; {kind} {id} to {} {outcome}, begun {started} by {who}",
        commit.short()
    )
}

/// Reads the record of `app` from its ConfigMap.
///
/// # Errors
/// A Problem where it is damaged, of a newer format, of another App, or larger than the limits allow. The record is
/// then unreadable: history and extras are unknown, which is not the same as having none.
pub fn decode(app: &str, config_map: &Value) -> Result<AppRecord, Problem> {
    let data = |key: &str| {
        config_map
            .get("data")
            .and_then(|d| d.get(key))
            .and_then(Value::as_str)
    };
    match data("version").and_then(|v| v.parse::<u32>().ok()) {
        Some(FORMAT) => {}
        Some(newer) if newer > FORMAT => {
            return Err(Problem::new(
                ProblemKind::Unsupported,
                format!("the record was written by a newer trueup (format {newer}, this one knows {FORMAT})"),
            )
            .at(place(config_map))
            .hint("Use a trueup that is at least as new as the one that wrote it."));
        }
        _ => {
            return Err(damaged(
                config_map,
                "its format version is missing or not a number",
            ));
        }
    }
    if data("app") != Some(app) {
        return Err(damaged(
            config_map,
            format!(
                "it names the App {:?}, not {app:?}",
                data("app").unwrap_or_default()
            ),
        ));
    }
    let packed = config_map
        .get("binaryData")
        .and_then(|d| d.get(DATA_KEY))
        .and_then(Value::as_str)
        .ok_or_else(|| damaged(config_map, format!("it has no binaryData `{DATA_KEY}`")))?;
    let packed = STANDARD
        .decode(packed)
        .map_err(|e| damaged(config_map, format!("its binaryData is no base64: {e}")))?;
    let mut json = Vec::new();
    GzDecoder::new(packed.as_slice())
        .take(MAX_INFLATED + 1)
        .read_to_end(&mut json)
        .map_err(|e| damaged(config_map, format!("its binaryData is no gzip: {e}")))?;
    if json.len() as u64 > MAX_INFLATED {
        return Err(damaged(
            config_map,
            format!("it inflates to more than {} MiB", MAX_INFLATED >> 20),
        ));
    }
    serde_json::from_slice(&json)
        .map_err(|e| damaged(config_map, format!("its content does not fit: {e}")))
}

fn place(config_map: &Value) -> String {
    let text = |pointer| {
        config_map
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    format!(
        "ConfigMap {}/{}",
        text("/metadata/namespace"),
        text("/metadata/name")
    )
}

fn damaged(config_map: &Value, why: impl Into<String>) -> Problem {
    Problem::new(
        ProblemKind::Invalid,
        "the App's record in the cluster cannot be read",
    )
    .at(place(config_map))
    .because(why)
    .hint("Restore the ConfigMap from a backup. Or delete it: the history is lost then, and what the App holds and Git no longer has must be removed by hand.")
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
