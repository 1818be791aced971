//! The JSON of every command: `apiVersion: trueup/v1`, described in `docs/command-line.md`. It only ever grows.

use serde_json::json;

use crate::domain::drift::{Conflict, Foreign};
use crate::domain::record::SyncRecord;
use crate::domain::{
    Cause, Commit, FieldDrift, Health, Notice, ObjectDrift, ObjectKey, Owner, Problem, Source,
    Value, Verdict,
};
use crate::drift::masked;
use crate::engine::{AppView, ObjectView};

use super::codes;

/// A document of a kind, with its fields.
pub fn document(kind: &str, fields: Value) -> Value {
    let mut document = json!({"apiVersion": "trueup/v1", "kind": kind});
    if let (Value::Object(document), Value::Object(fields)) = (&mut document, fields) {
        document.extend(fields);
    }
    document
}

/// A document as text. Control characters and other traps for a terminal are written as escapes, which changes nothing
/// for a program.
pub fn text(document: &Value) -> String {
    let plain = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut out = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        let is_trap = c != '\n'
            && matches!(
                crate::domain::text::visible(c.encode_utf8(&mut [0; 4])),
                std::borrow::Cow::Owned(_)
            );
        if is_trap {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// An App without its objects.
pub fn app(view: &AppView) -> Value {
    let app = &view.app;
    json!({
        "name": app.id.name,
        "namespace": app.id.namespace,
        "context": app.id.context,
        "provider": codes::provider(app.id.provider),
        "project": app.project,
        "discovered": app.discovered,
        "orphaned": app.orphaned,
        "definedAt": (!app.defined_at.is_empty()).then_some(&app.defined_at),
        "source": source(&app.source),
        "state": codes::state(view.state),
        "sync": codes::sync(&view.sync),
        "counts": counts(view),
        "health": view.health.as_ref().map(health),
        "target": view.target.as_ref().map(|target| json!({
            "revision": target.revision.to_string(),
            "name": target.name,
            "commit": commit(&target.commit),
            "uncommitted": target.uncommitted,
            "unpushed": target.unpushed,
            "behind": target.behind,
            "overrideOf": target.override_of.as_ref().map(ToString::to_string),
        })),
        "ahead": view.distance.map(|d| d.ahead),
        "behind": view.distance.map(|d| d.behind),
        "pinned": view.pinned,
        "lastSync": view.record.as_ref().and_then(|r| r.last_synced()).map(record),
        "oldSince": view.old_since,
        "problems": view.problems.iter().map(problem).collect::<Vec<_>>(),
        "notices": view.notices.iter().map(notice).collect::<Vec<_>>(),
    })
}

fn counts(view: &AppView) -> Value {
    let counts = &view.counts;
    json!({
        "objects": counts.objects,
        "drifted": counts.drifted,
        "changed": counts.changed,
        "missing": counts.missing,
        "extra": counts.extra,
        "refused": counts.refused,
        "unknown": counts.unknown,
        "git": counts.git,
        "cluster": counts.cluster,
        "foreign": counts.foreign,
        "overridden": counts.overridden,
        "unconfirmed": counts.unconfirmed,
    })
}

fn source(source: &Source) -> Value {
    json!({
        "repository": source.repository.to_string(),
        "revision": source.revision.to_string(),
        "path": source.path.to_string(),
        "directory": {
            "recurse": source.directory.recurse,
            "include": source.directory.include,
            "exclude": source.directory.exclude,
        },
    })
}

/// A commit.
pub fn commit(commit: &Commit) -> Value {
    json!({
        "id": commit.id,
        "author": commit.author,
        "time": commit.time,
        "message": commit.summary,
    })
}

/// Health.
pub fn health(health: &Health) -> Value {
    json!({"status": health.status, "message": health.message})
}

/// A Problem.
pub fn problem(problem: &Problem) -> Value {
    json!({
        "kind": codes::problem(problem.kind),
        "summary": problem.summary,
        "place": problem.place,
        "causes": problem.causes,
        "hints": problem.hints,
    })
}

/// A notice.
pub fn notice(notice: &Notice) -> Value {
    json!({"place": notice.place, "text": notice.text})
}

/// The key of an object.
pub fn key(key: &ObjectKey) -> Value {
    json!({
        "group": key.group,
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
    })
}

/// An object with its comparison.
pub fn object(app: &AppView, view: &ObjectView) -> Value {
    let mut object = drift(&view.drift);
    if let Value::Object(map) = &mut object {
        map.insert("cause".into(), json!(cause(app, &view.drift)));
        if let Some(Value::Object(problem)) = map.get_mut("problem").filter(|_| app.is_forced(view))
        {
            problem.insert("hints".into(), json!([super::diff::FORCED]));
        }
        map.insert("health".into(), json!(view.health.as_ref().map(health)));
        map.insert("created".into(), json!(view.created));
        let file = view.manifest.as_ref().map(|m| {
            json!({
                "file": m.origin.file.as_str(),
                "line": m.origin.start.line,
                "column": m.origin.start.column,
            })
        });
        map.insert("place".into(), json!(file));
    }
    object
}

/// Which side made the object differ, as for its fields: one that was deleted from the cluster has the cause `cluster`,
/// one that is new in Git `git`. `None` where nothing differs.
fn cause(app: &AppView, drift: &ObjectDrift) -> Option<&'static str> {
    let side = match drift.verdict {
        Verdict::Missing if app.was_deleted(drift) => Cause::Cluster,
        Verdict::Missing | Verdict::Extra => Cause::Git,
        Verdict::Drifted | Verdict::Refused => super::diff::cause(drift),
        Verdict::InSync | Verdict::Unknown => return None,
    };
    Some(codes::cause(side))
}

/// The comparison of an object, Secrets masked.
pub fn drift(drift: &ObjectDrift) -> Value {
    let drift = masked(drift);
    json!({
        "key": key(&drift.key),
        "apiVersion": drift.gvk.api_version(),
        "verdict": codes::verdict(drift.verdict),
        "confirmed": drift.confirmed,
        "problem": drift.problem.as_ref().map(problem),
        "fields": drift.fields.iter().map(field).collect::<Vec<_>>(),
        "foreign": drift.foreign.iter().map(foreign).collect::<Vec<_>>(),
        "overridden": drift.overridden.iter().map(overridden).collect::<Vec<_>>(),
        "conflicts": drift.conflicts.iter().map(conflict).collect::<Vec<_>>(),
    })
}

fn field(field: &FieldDrift) -> Value {
    let mut json = json!({
        "path": field.path.to_string(),
        "cause": codes::cause(field.cause),
        "owners": field.owners.iter().map(owner).collect::<Vec<_>>(),
        "place": place(field),
    });
    // A field that is absent differs from one that is null.
    for (name, value) in [("live", &field.live), ("predicted", &field.predicted)] {
        if let Some(value) = value {
            json[name] = value.clone();
        }
    }
    json
}

/// Here `live` of a field holds what Git wants, and `predicted` what the server makes of it.
fn overridden(field: &FieldDrift) -> Value {
    let mut json = json!({
        "path": field.path.to_string(),
        "owners": field.owners.iter().map(owner).collect::<Vec<_>>(),
        "place": place(field),
    });
    for (name, value) in [("desired", &field.live), ("predicted", &field.predicted)] {
        if let Some(value) = value {
            json[name] = value.clone();
        }
    }
    json
}

fn place(field: &FieldDrift) -> Value {
    json!(field.place.as_ref().map(|(file, at)| json!({
        "file": file.as_str(),
        "line": at.line,
        "column": at.column,
    })))
}

fn foreign(foreign: &Foreign) -> Value {
    json!({
        "path": foreign.path.to_string(),
        "value": foreign.value,
        "owner": owner(&foreign.owner),
    })
}

fn conflict(conflict: &Conflict) -> Value {
    json!({"field": conflict.field, "manager": conflict.manager})
}

fn owner(owner: &Owner) -> Value {
    json!({
        "manager": owner.manager,
        "operation": if owner.apply { "Apply" } else { "Update" },
        "subresource": owner.subresource,
        "time": owner.time,
    })
}

/// One recorded Run.
pub fn record(record: &SyncRecord) -> Value {
    json!({
        "id": record.id,
        "kind": record.kind,
        "commit": record.commit,
        "revision": record.revision,
        "repository": crate::domain::source::without_password(&record.repository),
        "path": record.path,
        "message": record.message,
        "who": record.who,
        "started": record.started,
        "finished": record.finished,
        "outcome": record.outcome,
        "reason": record.reason,
        "applied": record.applied,
        "pruned": record.pruned,
        "failed": record.failed,
        "notRun": record.not_run,
        "selective": record.selective,
    })
}
