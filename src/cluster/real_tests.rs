//! The same against a real API server, named by `TRUEUP_TEST_KUBECONFIG` (its current context may do everything).

use std::time::Duration;

use serde_json::json;

use super::played::{configmaps, deployments, resource};
use super::*;
use crate::domain::app::Propagation;
use crate::domain::plan::Guard;
use crate::domain::{Problem, Value};

async fn connect() -> Connection {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let path = std::env::var_os("TRUEUP_TEST_KUBECONFIG").unwrap();
    let kubeconfigs = Kubeconfigs::load(Some(&path), None).unwrap();
    let options = ConnectOptions {
        timeout: Duration::from_secs(20),
        ..ConnectOptions::default()
    };
    let current = kubeconfigs.current().unwrap();
    Connection::open(&kubeconfigs, current, &options)
        .await
        .unwrap()
}

/// A namespace of the test's own.
async fn namespace(connection: &Connection, name: &str) -> String {
    let name = format!("{name}-{}", std::process::id());
    let labels = [("team".to_owned(), "a".to_owned())].into();
    let made = connection
        .writer()
        .create_namespace(&name, &labels)
        .await
        .unwrap();
    assert!(made.created);
    let again = connection
        .writer()
        .create_namespace(&name, &Default::default())
        .await;
    assert!(matches!(again, Err(Failure::Changed(_))), "{again:?}");
    name
}

/// Writes an object as somebody else would.
async fn as_other(
    connection: &Connection,
    resource: &Resource,
    object: &Value,
    manager: &str,
) -> Value {
    let namespace = object["metadata"]["namespace"].as_str().unwrap();
    let path = format!("{}?fieldManager={manager}", resource.collection(namespace));
    let body = object.to_string().into_bytes();
    let reply = connection
        .request(http::Method::POST, &path, Some("application/json"), body)
        .await
        .unwrap();
    assert!(
        reply.is_success(),
        "{}",
        String::from_utf8_lossy(&reply.body)
    );
    reply.value().unwrap()
}

fn guard(object: &Value, force: bool) -> Guard {
    let meta = |field: &str| object["metadata"][field].as_str().unwrap().to_owned();
    Guard {
        uid: meta("uid"),
        resource_version: meta("resourceVersion"),
        force,
    }
}

fn deployment(namespace: &str, container: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": namespace}, "spec": {
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container]}}}})
}

fn bare(mut object: Value) -> Value {
    for field in ["managedFields", "resourceVersion", "generation"] {
        object["metadata"].as_object_mut().unwrap().remove(field);
    }
    object
}

#[tokio::test]
#[ignore = "needs a real API server: TRUEUP_TEST_KUBECONFIG"]
async fn guards_hold() -> Result<(), Problem> {
    let connection = connect().await;
    let (writer, namespace) = (connection.writer(), namespace(&connection, "guards").await);
    let maps = configmaps();
    let map = |value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": namespace}, "data": {"a": value}});
    assert_eq!(connection.predict(&maps, &map("1"), None).await?.uid, "");
    let made = writer.create(&maps, &map("1")).await.unwrap();
    assert!(made.created);
    assert!(matches!(
        writer.create(&maps, &map("1")).await,
        Err(Failure::Changed(_))
    ));
    let old = guard(&made.object, true);
    let prediction = connection.predict(&maps, &map("2"), None).await?;
    assert_eq!(
        (&prediction.uid, &prediction.resource_version),
        (&old.uid, &old.resource_version)
    );
    writer
        .apply(&maps, &map("2"), &guard(&made.object, false))
        .await
        .unwrap();
    assert!(matches!(
        writer.apply(&maps, &map("3"), &old).await,
        Err(Failure::Changed(_))
    ));
    assert!(matches!(
        writer.replace(&maps, &map("3"), &old).await,
        Err(Failure::Changed(_))
    ));
    let other = Guard {
        uid: "11111111-1111-1111-1111-111111111111".into(),
        ..old.clone()
    };
    assert!(matches!(
        writer
            .apply(
                &maps,
                &map("3"),
                &Guard {
                    force: false,
                    ..other.clone()
                }
            )
            .await,
        Err(Failure::Changed(_))
    ));
    let gone = |uid: &str, version: &str| {
        let (writer, namespace, uid, version) = (
            writer.clone(),
            namespace.clone(),
            uid.to_owned(),
            version.to_owned(),
        );
        async move {
            writer
                .delete(
                    &configmaps(),
                    &namespace,
                    "m",
                    &uid,
                    &version,
                    Propagation::Background,
                )
                .await
        }
    };
    assert!(matches!(
        gone(&old.uid, &old.resource_version).await,
        Err(Failure::Changed(_))
    ));
    let now = connection.predict(&maps, &map("2"), None).await?;
    assert_eq!(
        gone(&now.uid, &now.resource_version).await,
        Ok(Deletion::Gone)
    );
    assert_eq!(
        gone(&now.uid, &now.resource_version).await,
        Ok(Deletion::Gone)
    );
    // A deleted object does not come back to life.
    assert!(matches!(
        writer
            .apply(
                &maps,
                &map("3"),
                &Guard {
                    force: false,
                    ..old.clone()
                }
            )
            .await,
        Err(Failure::Changed(_))
    ));
    assert!(matches!(
        writer.replace(&maps, &map("3"), &old).await,
        Err(Failure::Changed(_))
    ));

    let absent = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "nope"}});
    let refusal = connection
        .predict(&maps, &absent, None)
        .await?
        .refusal
        .unwrap();
    assert_eq!(refusal.kind, RefusalKind::NamespaceAbsent);
    let foo = resource("foo.io", "v1", "Foo", "foos", true);
    let unknown = json!({"apiVersion": "foo.io/v1", "kind": "Foo", "metadata": {"name": "m", "namespace": namespace}});
    assert_eq!(
        connection
            .predict(&foo, &unknown, None)
            .await?
            .refusal
            .unwrap()
            .kind,
        RefusalKind::UnknownKind
    );
    assert!(connection.patch_supports_dry_run(&deployments()).await?);
    Ok(())
}

#[tokio::test]
#[ignore = "needs a real API server: TRUEUP_TEST_KUBECONFIG"]
async fn a_replaced_field_goes_when_it_leaves_git() -> Result<(), Problem> {
    let connection = connect().await;
    let (writer, namespace) = (connection.writer(), namespace(&connection, "replace").await);
    let maps = configmaps();
    let map = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": namespace}, "data": data});
    let live = as_other(
        &connection,
        &maps,
        &map(json!({"a": "1", "b": "2"})),
        "somebody",
    )
    .await;
    let wanted = map(json!({"a": "2", "c": "3"}));
    let prediction = connection.predict_replace(&maps, &wanted, &live).await?;
    let put = writer
        .replace(&maps, &wanted, &guard(&live, false))
        .await
        .unwrap();
    assert_eq!(bare(prediction.object.unwrap()), bare(put.object.clone()));
    let claimed = writer.claim(&maps, &wanted, &put).await.unwrap();
    let entries = claimed.object["metadata"]["managedFields"]
        .as_array()
        .unwrap();
    let ours: Vec<_> = entries
        .iter()
        .filter(|e| e["manager"] == "trueup")
        .map(|e| &e["operation"])
        .collect();
    assert_eq!(ours, ["Apply"]);
    let without = map(json!({"a": "2"}));
    assert_eq!(
        connection
            .predict(&maps, &without, None)
            .await?
            .object
            .unwrap()["data"],
        json!({"a": "2"})
    );
    Ok(())
}

#[tokio::test]
#[ignore = "needs a real API server: TRUEUP_TEST_KUBECONFIG"]
async fn ownership_moves_and_nothing_else() -> Result<(), Problem> {
    let connection = connect().await;
    let (writer, namespace) = (connection.writer(), namespace(&connection, "adopt").await);
    let live = as_other(
        &connection,
        &deployments(),
        &deployment(&namespace, json!({"name": "web", "image": "x"})),
        "kubectl-create",
    )
    .await;
    let mut entry = live["metadata"]["managedFields"][0].clone();
    entry["manager"] = json!("trueup");
    entry["operation"] = json!("Apply");
    let patch = json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        {"op": "replace", "path": "/metadata/managedFields", "value": [entry]},
    ]);
    let adopted = writer.adopt(&deployments(), &live, &patch).await.unwrap();
    assert_eq!(adopted.changed, Vec::<String>::new());
    assert_eq!(
        adopted.done.object["metadata"]["managedFields"],
        json!([entry])
    );
    assert!(matches!(
        writer.adopt(&deployments(), &live, &patch).await,
        Err(Failure::Changed(_))
    ));
    Ok(())
}

#[tokio::test]
#[ignore = "needs a real API server: TRUEUP_TEST_KUBECONFIG"]
async fn leftovers_are_predicted_and_claimed() -> Result<(), Problem> {
    let connection = connect().await;
    let writer = connection.writer();
    let services = resource("", "v1", "Service", "services", true);
    let budgets = resource(
        "policy",
        "v1",
        "PodDisruptionBudget",
        "poddisruptionbudgets",
        true,
    );
    let web = |more: Value| {
        let mut container = json!({"name": "web", "image": "x"});
        container
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        container
    };
    let service = |ports: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": ports}});
    let budget = |field: &str| json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "p"}, "spec": {field: 1, "selector": {"matchLabels": {"a": "b"}}}});
    let volume = |volume: Value| {
        let mut object = deployment("", web(json!({})));
        object["spec"]["template"]["spec"]["volumes"] = json!([volume]);
        object
    };
    let mut recreate = deployment("", web(json!({})));
    recreate["spec"]["strategy"] = json!({"type": "Recreate"});
    let from = json!({"configMapKeyRef": {"name": "c", "key": "k"}});
    let container = "/spec/template/spec/containers/0";
    let cases = [
        (
            deployments(),
            deployment("", web(json!({}))),
            recreate,
            vec!["/spec/strategy/rollingUpdate".to_owned()],
        ),
        (
            deployments(),
            deployment(
                "",
                web(json!({"env": [{"name": "B", "value": "0"}, {"name": "A", "value": "1"}]})),
            ),
            deployment("", web(json!({"env": [{"name": "A", "valueFrom": from}]}))),
            vec![format!("{container}/env/1/value")],
        ),
        (
            deployments(),
            deployment("", web(json!({"livenessProbe": {"httpGet": {"port": 80}}}))),
            deployment(
                "",
                web(json!({"livenessProbe": {"exec": {"command": ["a"]}}})),
            ),
            vec![format!("{container}/livenessProbe/httpGet")],
        ),
        (
            deployments(),
            volume(json!({"name": "v", "emptyDir": {}})),
            volume(json!({"name": "v", "configMap": {"name": "c"}})),
            vec!["/spec/template/spec/volumes/0/emptyDir".to_owned()],
        ),
        (
            services,
            service(json!([{"name": "http", "port": 80}, {"name": "m", "port": 9090}])),
            service(json!([{"name": "http", "port": 8080}, {"name": "m", "port": 9090}])),
            vec!["/spec/ports/0".to_owned()],
        ),
        (
            budgets,
            budget("minAvailable"),
            budget("maxUnavailable"),
            vec!["/spec/minAvailable".to_owned()],
        ),
    ];
    for (i, (kind, mut before, mut wanted, leftovers)) in cases.into_iter().enumerate() {
        let namespace = namespace(&connection, &format!("left-{i}")).await;
        for object in [&mut before, &mut wanted] {
            object["metadata"]["namespace"] = json!(namespace);
        }
        let live = as_other(&connection, &kind, &before, "kubectl-client-side-apply").await;
        let prediction = connection.predict(&kind, &wanted, Some(&live)).await?;
        assert_eq!(
            prediction.leftovers, leftovers,
            "{i} {:?}",
            prediction.refusal
        );
        let claimed = writer
            .claim_leftovers(&kind, &live, &prediction.leftovers)
            .await
            .unwrap();
        assert_eq!(bare(claimed.object.clone()), bare(live), "{i}");
        let applied = writer
            .apply(
                &kind,
                &wanted,
                &guard(&claimed.object, !prediction.conflicts.is_empty()),
            )
            .await
            .unwrap();
        assert_eq!(
            bare(applied.object),
            bare(prediction.object.unwrap()),
            "{i}"
        );
        // Held by somebody who is not a former applier, it is a conflict, and goes all the same.
        before["metadata"]["name"] = json!("other");
        wanted["metadata"]["name"] = json!("other");
        let live = as_other(&connection, &kind, &before, "somebody").await;
        let prediction = connection.predict(&kind, &wanted, Some(&live)).await?;
        assert_eq!(prediction.leftovers, leftovers, "{i}");
        let taken = prediction.conflicts.last().map(|c| c.manager.as_str());
        assert!(
            taken.is_some_and(|m| m.starts_with("\"somebody\" using ")),
            "{i}: {taken:?}"
        );
        let claimed = writer
            .claim_leftovers(&kind, &live, &prediction.leftovers)
            .await
            .unwrap();
        let applied = writer
            .apply(&kind, &wanted, &guard(&claimed.object, true))
            .await
            .unwrap();
        assert_eq!(
            bare(applied.object),
            bare(prediction.object.unwrap()),
            "{i}"
        );
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs a real API server: TRUEUP_TEST_KUBECONFIG"]
async fn records_and_locks_have_one_writer() -> Result<(), Problem> {
    let connection = connect().await;
    let (writer, namespace) = (connection.writer(), namespace(&connection, "lock").await);
    assert_eq!(connection.may_sync(&namespace, "r", "l").await?, None);
    assert_eq!(connection.read_record(&namespace, "r").await?, None);
    let data = json!({"data": {"history": "x"}});
    let first = writer
        .write_record(&namespace, "r", data.clone(), None)
        .await
        .unwrap();
    assert!(matches!(
        writer
            .write_record(&namespace, "r", data.clone(), None)
            .await,
        Err(Failure::Changed(_))
    ));
    let (object, version) = connection.read_record(&namespace, "r").await?.unwrap();
    assert_eq!(version, first);
    let mut next = object;
    next["data"]["history"] = json!("y");
    writer
        .write_record(&namespace, "r", next.clone(), Some(&first))
        .await
        .unwrap();
    assert!(matches!(
        writer
            .write_record(&namespace, "r", next, Some(&first))
            .await,
        Err(Failure::Changed(_))
    ));

    let now = jiff::Timestamp::now();
    let LeaseState::Ours(ours) = writer.acquire(&namespace, "l", "me", now).await.unwrap() else {
        panic!()
    };
    let held = writer.acquire(&namespace, "l", "you", now).await.unwrap();
    assert_eq!(held, LeaseState::Held(ours.clone()));
    let renewed = writer
        .renew(&ours, now + jiff::SignedDuration::from_secs(5))
        .await
        .unwrap();
    assert_ne!(renewed.resource_version, ours.resource_version);
    assert!(matches!(
        writer.takeover(&ours, "you", now).await,
        Err(Failure::Changed(_))
    ));
    let taken = writer.takeover(&renewed, "you", now).await.unwrap();
    assert!(matches!(
        writer.renew(&renewed, now).await,
        Err(Failure::Changed(_))
    ));
    writer.release(&taken, now).await.unwrap();
    let LeaseState::Ours(again) = writer.acquire(&namespace, "l", "me", now).await.unwrap() else {
        panic!()
    };
    assert_eq!((again.holder.as_str(), again.transitions), ("me", 2));
    Ok(())
}
