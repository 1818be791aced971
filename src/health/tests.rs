use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::HealthStatus::{Degraded, Healthy, Missing, Progressing, Suspended, Unknown};
use crate::domain::ObjectKey;

/// An object of a kind, with what else it has.
fn object(api_version: &str, kind: &str, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
    for (field, value) in rest.as_object().unwrap() {
        match (field.as_str(), value) {
            ("metadata", Value::Object(meta)) => {
                for (name, value) in meta {
                    object["metadata"][name] = value.clone();
                }
            }
            _ => object[field] = value.clone(),
        }
    }
    object
}

type Case = (&'static str, Value, HealthStatus, &'static str);

fn check(api_version: &str, kind: &str, cases: Vec<Case>) {
    for (what, rest, status, message) in cases {
        let health = assess(&object(api_version, kind, rest));
        assert_eq!(health, Some(Health::new(status, message)), "{kind}: {what}");
    }
}

/// A status with conditions of `type`, `status`, `reason` and `message`.
fn conditions(list: &[(&str, &str, &str, &str)]) -> Value {
    let list: Vec<Value> = list
        .iter()
        .map(|(kind, status, reason, message)| {
            json!({"type": kind, "status": status, "reason": reason, "message": message})
        })
        .collect();
    json!({"status": {"conditions": list}})
}

#[test]
fn deployments() {
    let with = |spec: Value, status: Value| json!({"metadata": {"generation": 2}, "spec": spec, "status": status});
    let status = |updated, total, available| json!({"observedGeneration": 2, "updatedReplicas": updated, "replicas": total, "availableReplicas": available});
    let mut late = status(1, 3, 1);
    late["conditions"] =
        json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]);
    check(
        "apps/v1",
        "Deployment",
        vec![
            (
                "paused",
                with(json!({"paused": true, "replicas": 3}), json!({})),
                Suspended,
                "Deployment is paused",
            ),
            (
                "lag",
                with(json!({"replicas": 3}), json!({"observedGeneration": 1})),
                Progressing,
                "Waiting for rollout to finish: observed deployment generation less than desired generation",
            ),
            (
                "deadline",
                with(json!({"replicas": 3}), late),
                Degraded,
                "Deployment \"web\" exceeded its progress deadline",
            ),
            (
                "updating",
                with(json!({"replicas": 3}), status(1, 3, 3)),
                Progressing,
                "Waiting for rollout to finish: 1 out of 3 new replicas have been updated...",
            ),
            (
                "old ones left",
                with(json!({"replicas": 3}), status(3, 5, 3)),
                Progressing,
                "Waiting for rollout to finish: 2 old replicas are pending termination...",
            ),
            (
                "not available",
                with(json!({"replicas": 3}), status(3, 3, 2)),
                Progressing,
                "Waiting for rollout to finish: 2 of 3 updated replicas are available...",
            ),
            (
                "all there",
                with(json!({"replicas": 3}), status(3, 3, 3)),
                Healthy,
                "",
            ),
            (
                "scaled to none",
                with(json!({"replicas": 0}), json!({"observedGeneration": 2})),
                Healthy,
                "",
            ),
            (
                "no status yet",
                json!({"metadata": {"generation": 1}, "spec": {"replicas": 1}}),
                Progressing,
                "Waiting for rollout to finish: observed deployment generation less than desired generation",
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let with = |strategy: Value, status: Value| json!({"metadata": {"generation": 1}, "spec": {"replicas": 3, "updateStrategy": strategy}, "status": status});
    let status = |ready, updated| {
        json!({
            "observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": updated, "currentReplicas": 3,
            "updateRevision": "web-2", "currentRevision": "web-1",
        })
    };
    let mut same = status(3, 3);
    same["currentRevision"] = json!("web-2");
    let rolling =
        |partition| json!({"type": "RollingUpdate", "rollingUpdate": {"partition": partition}});
    let plain = || json!({"type": "RollingUpdate"});
    check(
        "apps/v1",
        "StatefulSet",
        vec![
            (
                "not observed",
                with(plain(), json!({})),
                Progressing,
                "Waiting for statefulset spec update to be observed...",
            ),
            (
                "not ready",
                with(plain(), status(1, 3)),
                Progressing,
                "Waiting for 2 pods to be ready...",
            ),
            (
                "partition",
                with(rolling(1), status(3, 1)),
                Progressing,
                "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...",
            ),
            (
                "partition done",
                with(rolling(1), status(3, 2)),
                Healthy,
                "partitioned roll out complete: 2 new pods have been updated...",
            ),
            (
                "on delete",
                with(json!({"type": "OnDelete"}), status(3, 0)),
                Healthy,
                "statefulset has 3 ready pods",
            ),
            (
                "rolling",
                with(plain(), status(3, 1)),
                Progressing,
                "waiting for statefulset rolling update to complete 1 pods at revision web-2...",
            ),
            (
                "done",
                with(plain(), same),
                Healthy,
                "statefulset rolling update complete 3 pods at revision web-2...",
            ),
        ],
    );
}

#[test]
fn replica_and_daemon_sets() {
    let failed = json!({
        "metadata": {"generation": 1}, "spec": {"replicas": 2},
        "status": {"observedGeneration": 1, "conditions": [{"type": "ReplicaFailure", "status": "True", "message": "quota"}]},
    });
    let set = |available| {
        json!({
            "metadata": {"generation": 1}, "spec": {"replicas": 2},
            "status": {"observedGeneration": 1, "availableReplicas": available},
        })
    };
    check(
        "apps/v1",
        "ReplicaSet",
        vec![
            (
                "lag",
                json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}),
                Progressing,
                "Waiting for rollout to finish: observed replica set generation less than desired generation",
            ),
            ("failure", failed, Degraded, "quota"),
            (
                "not there",
                set(1),
                Progressing,
                "Waiting for rollout to finish: 1 out of 2 new replicas are available...",
            ),
            ("there", set(2), Healthy, ""),
        ],
    );
    let daemon = |kind: &str, updated, available| {
        json!({
            "metadata": {"generation": 1}, "spec": {"updateStrategy": {"type": kind}},
            "status": {"observedGeneration": 1, "desiredNumberScheduled": 3, "updatedNumberScheduled": updated, "numberAvailable": available},
        })
    };
    check(
        "apps/v1",
        "DaemonSet",
        vec![
            (
                "lag",
                json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}}),
                Progressing,
                "Waiting for rollout to finish: observed daemon set generation less than desired generation",
            ),
            (
                "on delete",
                daemon("OnDelete", 1, 0),
                Healthy,
                "daemon set 1 out of 3 new pods have been updated",
            ),
            (
                "updating",
                daemon("RollingUpdate", 1, 3),
                Progressing,
                "Waiting for daemon set \"web\" rollout to finish: 1 out of 3 new pods have been updated...",
            ),
            (
                "not available",
                daemon("RollingUpdate", 3, 2),
                Progressing,
                "Waiting for daemon set \"web\" rollout to finish: 2 of 3 updated pods are available...",
            ),
            ("there", daemon("RollingUpdate", 3, 3), Healthy, ""),
        ],
    );
}

#[test]
fn pods() {
    let waiting = |reason: &str| json!({"containerStatuses": [{"name": "c", "state": {"waiting": {"reason": reason, "message": "told"}}}]});
    let pod = |policy: &str, phase: &str, mut status: Value| {
        status["phase"] = json!(phase);
        json!({"spec": {"restartPolicy": policy}, "status": status})
    };
    let ready = json!({"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"lastState": {"terminated": {}}}]});
    let restarted = json!({"containerStatuses": [{"lastState": {"terminated": {"exitCode": 1}}}]});
    let ended = |terminated: Value| json!({"containerStatuses": [{"name": "c", "state": {"terminated": terminated}}]});
    let both = json!({
        "initContainerStatuses": [{"name": "i", "state": {"terminated": {"exitCode": 3}}}],
        "containerStatuses": [{"name": "c", "state": {"terminated": {"exitCode": 4}}}],
    });
    let annotated = |annotations: Value| {
        let mut pod = pod("Never", "Pending", waiting("ImagePullBackOff"));
        pod["metadata"] = json!({"annotations": annotations});
        pod
    };
    let ignore = "argocd.argoproj.io/ignore-restart-policy";
    check(
        "v1",
        "Pod",
        vec![
            (
                "crash loop",
                pod("Always", "Running", waiting("CrashLoopBackOff")),
                Degraded,
                "told",
            ),
            (
                "no image",
                pod("Always", "Pending", waiting("ErrImagePull")),
                Degraded,
                "told",
            ),
            (
                "bad config",
                pod("Always", "Pending", waiting("CreateContainerConfigError")),
                Degraded,
                "told",
            ),
            (
                "creating",
                pod("Always", "Pending", waiting("ContainerCreating")),
                Progressing,
                "",
            ),
            (
                "no image, runs once",
                pod("Never", "Pending", waiting("ImagePullBackOff")),
                Progressing,
                "",
            ),
            (
                "no image, told to mind",
                annotated(json!({ignore: "true"})),
                Degraded,
                "told",
            ),
            (
                "no image, hook",
                annotated(json!({ignore: "true", "argocd.argoproj.io/hook": "PreSync"})),
                Progressing,
                "",
            ),
            (
                "succeeded",
                pod("Never", "Succeeded", json!({})),
                Healthy,
                "",
            ),
            (
                "failed, told",
                pod("Never", "Failed", json!({"message": "evicted"})),
                Degraded,
                "evicted",
            ),
            (
                "failed, container told",
                pod(
                    "Never",
                    "Failed",
                    ended(json!({"message": "boom", "exitCode": 1})),
                ),
                Degraded,
                "boom",
            ),
            (
                "failed, memory",
                pod(
                    "Never",
                    "Failed",
                    ended(json!({"reason": "OOMKilled", "exitCode": 137})),
                ),
                Degraded,
                "OOMKilled",
            ),
            (
                "failed, init first",
                pod("Never", "Failed", both),
                Degraded,
                "container \"i\" failed with exit code 3",
            ),
            (
                "failed, untold",
                pod("Never", "Failed", json!({})),
                Degraded,
                "",
            ),
            ("ready", pod("Always", "Running", ready), Healthy, ""),
            (
                "restarted",
                pod("Always", "Running", restarted),
                Degraded,
                "",
            ),
            (
                "starting",
                pod("Always", "Running", json!({})),
                Progressing,
                "",
            ),
            (
                "runs once",
                pod("OnFailure", "Running", json!({})),
                Progressing,
                "",
            ),
            (
                "no phase",
                json!({"spec": {"restartPolicy": "Always"}}),
                Unknown,
                "",
            ),
        ],
    );
}

#[test]
fn jobs_and_what_makes_them() {
    check(
        "batch/v1",
        "Job",
        vec![
            ("running", json!({"status": {"active": 1}}), Progressing, ""),
            (
                "complete",
                conditions(&[
                    ("SuccessCriteriaMet", "True", "", "no"),
                    ("Complete", "True", "", "ok"),
                ]),
                Healthy,
                "ok",
            ),
            (
                "failed",
                conditions(&[("Failed", "True", "", "limit")]),
                Degraded,
                "limit",
            ),
            (
                "suspended",
                conditions(&[("Suspended", "True", "", "held")]),
                Suspended,
                "held",
            ),
            (
                "resumed",
                conditions(&[("Suspended", "False", "", "resumed")]),
                Healthy,
                "resumed",
            ),
        ],
    );
    let cron = |status: Value| json!({"spec": {}, "status": status});
    check(
        "batch/v1",
        "CronJob",
        vec![
            (
                "suspended",
                json!({"spec": {"suspend": true}}),
                Suspended,
                "CronJob is Suspended",
            ),
            (
                "no status",
                json!({"spec": {}}),
                Progressing,
                "Waiting for CronJob",
            ),
            (
                "never",
                cron(json!({})),
                Healthy,
                "CronJob has not been scheduled yet",
            ),
            (
                "never succeeded",
                cron(json!({"lastScheduleTime": "2026-01-02T00:00:00Z"})),
                Healthy,
                "The Cronjob never completed succesfully. It may not be healthy",
            ),
            (
                "running",
                cron(
                    json!({"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:00:00Z", "active": [{}]}),
                ),
                Healthy,
                "The job is running. Its last execution may not have been successful",
            ),
            (
                "failed",
                cron(
                    json!({"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-01T00:00:00Z"}),
                ),
                Degraded,
                "CronJob has not completed its last execution successfully",
            ),
            (
                "succeeded",
                cron(
                    json!({"lastScheduleTime": "2026-01-02T00:00:00Z", "lastSuccessfulTime": "2026-01-02T00:01:00Z"}),
                ),
                Healthy,
                "CronJob has completed its last execution successfully",
            ),
        ],
    );
    let phase = |phase: &str| json!({"status": {"phase": phase, "message": "m"}});
    check(
        "argoproj.io/v1alpha1",
        "Workflow",
        vec![
            ("new", json!({}), Progressing, ""),
            ("running", phase("Running"), Progressing, "m"),
            ("done", phase("Succeeded"), Healthy, "m"),
            ("failed", phase("Failed"), Degraded, "m"),
            ("error", phase("Error"), Degraded, "m"),
            ("odd", phase("Odd"), Unknown, "m"),
        ],
    );
}

#[test]
fn services_claims_and_ingresses() {
    let address = json!({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}});
    let mut balanced = address.clone();
    balanced["spec"] = json!({"type": "LoadBalancer"});
    check(
        "v1",
        "Service",
        vec![
            (
                "cluster",
                json!({"spec": {"type": "ClusterIP"}}),
                Healthy,
                "",
            ),
            (
                "waiting",
                json!({"spec": {"type": "LoadBalancer"}}),
                Progressing,
                "",
            ),
            ("balanced", balanced, Healthy, ""),
        ],
    );
    for group in ["networking.k8s.io/v1", "extensions/v1beta1"] {
        check(
            group,
            "Ingress",
            vec![
                ("waiting", json!({}), Progressing, ""),
                ("there", address.clone(), Healthy, ""),
            ],
        );
    }
    let phase = |phase: &str| json!({"status": {"phase": phase}});
    check(
        "v1",
        "PersistentVolumeClaim",
        vec![
            ("bound", phase("Bound"), Healthy, ""),
            ("pending", phase("Pending"), Progressing, ""),
            ("lost", phase("Lost"), Degraded, ""),
            ("new", json!({}), Unknown, ""),
        ],
    );
}

#[test]
fn autoscalers() {
    let cases = || {
        vec![
            (
                "no metric",
                conditions(&[(
                    "ScalingActive",
                    "False",
                    "FailedGetResourceMetric",
                    "no metrics",
                )]),
                Degraded,
                "no metrics",
            ),
            (
                "no target",
                conditions(&[("AbleToScale", "False", "FailedGetScale", "no target")]),
                Degraded,
                "no target",
            ),
            (
                "able",
                conditions(&[
                    ("AbleToScale", "True", "ReadyForNewScale", "fine"),
                    ("ScalingActive", "False", "InvalidSelector", "late"),
                ]),
                Healthy,
                "fine",
            ),
            (
                "limited",
                conditions(&[("ScalingLimited", "True", "TooFewReplicas", "at least 2")]),
                Healthy,
                "at least 2",
            ),
            (
                "idle",
                conditions(&[("ScalingActive", "False", "ScalingDisabled", "none")]),
                Progressing,
                "Waiting to Autoscale",
            ),
            ("new", json!({}), Progressing, "Waiting to Autoscale"),
        ]
    };
    check("autoscaling/v2", "HorizontalPodAutoscaler", cases());
    check("autoscaling/v2beta2", "HorizontalPodAutoscaler", cases());
    let in_annotation: Vec<Case> = cases()
        .into_iter()
        .map(|(what, rest, status, message)| {
            let list = rest
                .pointer("/status/conditions")
                .cloned()
                .unwrap_or(json!([]));
            let annotations =
                json!({"autoscaling.alpha.kubernetes.io/conditions": list.to_string()});
            (
                what,
                json!({"metadata": {"annotations": annotations}}),
                status,
                message,
            )
        })
        .collect();
    check("autoscaling/v1", "HorizontalPodAutoscaler", in_annotation);
    check(
        "autoscaling/v1",
        "HorizontalPodAutoscaler",
        vec![("new", json!({}), Progressing, "Waiting to Autoscale")],
    );
    for broken in ["{", "{}"] {
        let annotations = json!({"autoscaling.alpha.kubernetes.io/conditions": broken});
        let hpa = object(
            "autoscaling/v1",
            "HorizontalPodAutoscaler",
            json!({"metadata": {"annotations": annotations}}),
        );
        assert_eq!(assess(&hpa).unwrap().status, Unknown);
    }
}

#[test]
fn services_of_the_api() {
    check(
        "apiregistration.k8s.io/v1",
        "APIService",
        vec![
            ("new", json!({}), Progressing, "Waiting to be processed"),
            (
                "there",
                conditions(&[("Available", "True", "Passed", "all checks passed")]),
                Healthy,
                "Passed: all checks passed",
            ),
            (
                "away",
                conditions(&[("Available", "False", "MissingEndpoints", "none")]),
                Progressing,
                "MissingEndpoints: none",
            ),
        ],
    );
    check(
        "policy/v1",
        "PodDisruptionBudget",
        vec![
            ("new", json!({}), Progressing, "Waiting for status"),
            (
                "enough",
                conditions(&[("DisruptionAllowed", "True", "SufficientPods", "")]),
                Healthy,
                "PodDisruptionBudget has SufficientPods",
            ),
            (
                "too few",
                conditions(&[("DisruptionAllowed", "False", "InsufficientPods", "")]),
                Healthy,
                "PodDisruptionBudget has InsufficientPods",
            ),
            (
                "failed",
                conditions(&[("DisruptionAllowed", "False", "SyncFailed", "")]),
                Degraded,
                "PodDisruptionBudget has SyncFailed",
            ),
        ],
    );
    let established = ("Established", "True", "", "ok");
    check(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        vec![
            ("new", json!({}), Progressing, "Status conditions not found"),
            (
                "established",
                conditions(&[("NamesAccepted", "True", "", "fine"), established]),
                Healthy,
                "CRD is healthy",
            ),
            (
                "not yet",
                conditions(&[("Established", "False", "", "")]),
                Degraded,
                "CRD is not established",
            ),
            (
                "names",
                conditions(&[established, ("NamesAccepted", "False", "", "taken")]),
                Degraded,
                "CRD names have not been accepted: taken",
            ),
            (
                "schema",
                conditions(&[established, ("NonStructuralSchema", "True", "", "odd")]),
                Degraded,
                "Schema violations found: odd",
            ),
            (
                "going",
                conditions(&[established, ("Terminating", "True", "", "bye")]),
                Progressing,
                "CRD is terminating: bye",
            ),
        ],
    );
}

#[test]
fn gateways_and_routes() {
    let listener = |c: Value| json!({"status": {"conditions": [], "listeners": [{"conditions": c["status"]["conditions"]}]}});
    check(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        vec![
            ("new", json!({}), Progressing, "Waiting for Gateway status"),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "no class")]),
                Degraded,
                "no class",
            ),
            (
                "programming",
                conditions(&[
                    ("Accepted", "True", "", ""),
                    ("Programmed", "Unknown", "", ""),
                ]),
                Progressing,
                "Gateway is still being programmed",
            ),
            (
                "listener",
                listener(conditions(&[(
                    "ResolvedRefs",
                    "False",
                    "",
                    "no certificate",
                )])),
                Degraded,
                "Listener: no certificate",
            ),
            (
                "there",
                conditions(&[("Accepted", "True", "", ""), ("Programmed", "True", "", "")]),
                Healthy,
                "Gateway is healthy",
            ),
        ],
    );
    let stale = json!({
        "metadata": {"generation": 2},
        "status": {"conditions": [{"type": "Accepted", "status": "True", "observedGeneration": 1, "message": "old"}]},
    });
    check(
        "gateway.networking.k8s.io/v1",
        "GatewayClass",
        vec![
            (
                "new",
                json!({}),
                Progressing,
                "Waiting for GatewayClass status",
            ),
            (
                "accepted",
                conditions(&[("Accepted", "True", "", "")]),
                Healthy,
                "GatewayClass is accepted",
            ),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "parameters")]),
                Degraded,
                "parameters",
            ),
            (
                "unknown",
                conditions(&[("Accepted", "Unknown", "", "")]),
                Progressing,
                "Waiting for GatewayClass status",
            ),
            (
                "stale",
                stale,
                Progressing,
                "Waiting for GatewayClass status",
            ),
        ],
    );
    let parents = |generation: i64, list: &[(&str, &str)]| {
        let conditions: Vec<Value> = list
            .iter()
            .map(|(kind, status)| json!({"type": kind, "status": status, "observedGeneration": generation}))
            .collect();
        json!({"metadata": {"generation": 2}, "status": {"parents": [{"parentRef": {"name": "gw"}, "conditions": conditions}]}})
    };
    for kind in ["HTTPRoute", "GRPCRoute"] {
        check(
            "gateway.networking.k8s.io/v1",
            kind,
            vec![
                (
                    "refused",
                    parents(2, &[("Accepted", "False")]),
                    Degraded,
                    "Parent gw: Failed condition: Accepted",
                ),
                (
                    "no backend",
                    parents(2, &[("Accepted", "True"), ("ResolvedRefs", "False")]),
                    Degraded,
                    "Parent gw: Failed condition: ResolvedRefs",
                ),
                (
                    "programming",
                    parents(2, &[("Programmed", "False")]),
                    Progressing,
                    "Parent gw: Route is still being programmed",
                ),
            ],
        );
    }
    let waiting = |kind: &str| format!("Waiting for {kind} status");
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute"] {
        for rest in [
            json!({}),
            parents(1, &[("Accepted", "False")]),
            json!({"status": {"parents": []}}),
        ] {
            let health = assess(&object("gateway.networking.k8s.io/v1", kind, rest)).unwrap();
            assert_eq!(health, Health::new(Progressing, waiting(kind)));
        }
        let both = parents(2, &[("Accepted", "True"), ("ResolvedRefs", "True")]);
        let health = assess(&object("gateway.networking.k8s.io/v1", kind, both)).unwrap();
        assert_eq!(health, Health::new(Healthy, format!("{kind} is healthy")));
    }
    let half = parents(2, &[("Accepted", "True")]);
    check(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        vec![("half", half.clone(), Healthy, "HTTPRoute is healthy")],
    );
    check(
        "gateway.networking.k8s.io/v1",
        "TLSRoute",
        vec![(
            "half",
            half,
            Progressing,
            "Parent gw: Waiting for TLSRoute conditions",
        )],
    );
}

#[test]
fn sets_of_listeners() {
    let set = |kind: &str, status: &str, seen: i64| {
        let condition = json!({"type": kind, "status": status, "observedGeneration": 2});
        json!({
            "metadata": {"generation": 2},
            "status": {
                "conditions": [{"type": "Accepted", "status": "True", "observedGeneration": seen}],
                "listeners": [{"name": "https", "conditions": [condition]}],
            },
        })
    };
    let waiting = "Waiting for ListenerSet status";
    check(
        "gateway.networking.k8s.io/v1",
        "ListenerSet",
        vec![
            ("new", json!({}), Progressing, waiting),
            (
                "no listener",
                conditions(&[("Accepted", "True", "", "")]),
                Progressing,
                waiting,
            ),
            (
                "refused",
                conditions(&[("Accepted", "False", "", "no")]),
                Degraded,
                "no",
            ),
            ("stale", set("Programmed", "True", 1), Progressing, waiting),
            (
                "there",
                set("Programmed", "True", 2),
                Healthy,
                "ListenerSet is healthy",
            ),
            (
                "conflict",
                set("Conflicted", "True", 2),
                Degraded,
                "Listener: Listener is conflicted",
            ),
            (
                "reference",
                set("ResolvedRefs", "False", 2),
                Degraded,
                "Listener: Failed condition: ResolvedRefs",
            ),
            (
                "programming",
                set("Programmed", "Unknown", 2),
                Progressing,
                "Listener: Listener is still being programmed",
            ),
        ],
    );
}

#[test]
fn policies_of_gateways() {
    let ancestors = |list: &[(&str, &str, &str, i64)]| {
        let list: Vec<Value> = list
            .iter()
            .map(|(kind, status, reason, seen)| {
                json!({"ancestorRef": {"name": "gw"}, "conditions": [
                    {"type": kind, "status": status, "reason": reason, "message": "told", "observedGeneration": seen},
                ]})
            })
            .collect();
        json!({"metadata": {"generation": 2}, "status": {"ancestors": list}})
    };
    let waiting = "Waiting for BackendTLSPolicy status";
    check(
        "gateway.networking.k8s.io/v1",
        "BackendTLSPolicy",
        vec![
            ("new", json!({}), Progressing, waiting),
            (
                "accepted",
                ancestors(&[("Accepted", "True", "", 2)]),
                Healthy,
                "BackendTLSPolicy is healthy",
            ),
            (
                "refused",
                ancestors(&[("Accepted", "False", "Invalid", 2)]),
                Degraded,
                "Ancestor gw: told",
            ),
            (
                "stale",
                ancestors(&[("Accepted", "True", "", 1)]),
                Progressing,
                "Waiting for Ancestor gw to update BackendTLSPolicy status",
            ),
            (
                "another's",
                ancestors(&[("Accepted", "False", "TargetNotFound", 2)]),
                Progressing,
                waiting,
            ),
            (
                "one of two",
                ancestors(&[
                    ("Accepted", "False", "TargetNotFound", 2),
                    ("Accepted", "True", "", 2),
                ]),
                Healthy,
                "BackendTLSPolicy is healthy",
            ),
        ],
    );
}

#[test]
fn other_kinds_by_their_conditions() {
    let lag = json!({"metadata": {"generation": 3}, "status": {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}});
    let stale = json!({
        "metadata": {"generation": 3},
        "status": {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 2, "message": "old news"}]},
    });
    let mut suspended = conditions(&[("Ready", "False", "Off", "")]);
    suspended["spec"] = json!({"suspend": true});
    check(
        "example.com/v1",
        "Widget",
        vec![
            (
                "ready",
                conditions(&[("Ready", "True", "Ok", "serving")]),
                Healthy,
                "serving",
            ),
            (
                "not ready",
                conditions(&[("Ready", "False", "Broken", "no disk")]),
                Degraded,
                "no disk",
            ),
            (
                "not ready yet",
                conditions(&[("Ready", "False", "Provisioning", "")]),
                Progressing,
                "Provisioning",
            ),
            (
                "unknown",
                conditions(&[("Ready", "Unknown", "", "")]),
                Progressing,
                "Ready is Unknown",
            ),
            (
                "stalled",
                conditions(&[
                    ("Ready", "True", "", ""),
                    ("Stalled", "True", "Quota", "over"),
                ]),
                Degraded,
                "over",
            ),
            (
                "reconciling",
                conditions(&[
                    ("Ready", "False", "Broken", "x"),
                    ("Reconciling", "True", "Busy", ""),
                ]),
                Progressing,
                "Busy",
            ),
            (
                "available",
                conditions(&[
                    ("Available", "True", "", ""),
                    ("Progressing", "True", "", ""),
                ]),
                Healthy,
                "Available is True",
            ),
            (
                "synced, not ready",
                conditions(&[
                    ("Synced", "True", "", ""),
                    ("Ready", "False", "Creating", ""),
                ]),
                Progressing,
                "Creating",
            ),
            (
                "not synced",
                conditions(&[
                    ("Synced", "False", "ReconcileError", "denied"),
                    ("Ready", "True", "", ""),
                ]),
                Degraded,
                "denied",
            ),
            (
                "lag",
                lag,
                Progressing,
                "Waiting for its controller: it has seen generation 2 of 3",
            ),
            ("stale", stale, Progressing, "old news"),
            ("suspended", suspended, Suspended, "suspended by its spec"),
        ],
    );
    for rest in [
        json!({}),
        json!({"status": {}}),
        json!({"data": {"a": "b"}}),
        conditions(&[("Dangling", "False", "Found", "fine")]),
        json!({"status": {"conditions": "text"}}),
        json!({"spec": {"suspend": true}}),
    ] {
        assert_eq!(
            assess(&object("example.com/v1", "Widget", rest.clone())),
            None,
            "{rest}"
        );
    }
}

#[test]
fn what_is_being_deleted_is_on_its_way() {
    let deleted = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
    for (api_version, kind) in [
        ("v1", "ConfigMap"),
        ("apps/v1", "Deployment"),
        ("example.com/v1", "Widget"),
    ] {
        check(
            api_version,
            kind,
            vec![("deleted", deleted.clone(), Progressing, "Pending deletion")],
        );
    }
}

#[test]
fn a_version_that_no_rule_reads_is_unknown() {
    let old = assess(&object("apps/v1beta1", "Deployment", json!({}))).unwrap();
    assert_eq!(
        old,
        Health::new(
            Unknown,
            "unsupported Deployment GVK: apps/v1beta1 Deployment"
        )
    );
    assert_eq!(assess(&object("v1", "ConfigMap", json!({}))), None);
    assert_eq!(assess(&json!({"kind": "Pod"})), None);
}

#[test]
fn ignoring_is_asked_for_by_annotation() {
    for (value, expected) in [
        (json!("true"), true),
        (json!("false"), false),
        (json!(true), false),
    ] {
        let annotations = json!({"argocd.argoproj.io/ignore-healthcheck": value});
        assert_eq!(
            ignored(&json!({"metadata": {"annotations": annotations}})),
            expected
        );
    }
    assert!(!ignored(&json!({})));
}

#[test]
fn an_app_is_as_ill_as_its_worst_object() {
    let keys: Vec<ObjectKey> = (0..6)
        .map(|i| ObjectKey::new("", "Pod", "shop", &format!("p{i}")))
        .collect();
    let child = ObjectKey::new("argoproj.io", "Application", "argocd", "child");
    let health = |status, message: &str| Health::new(status, message);
    let roll = |objects: &[(&ObjectKey, Option<Health>, bool, bool)]| {
        roll_up(
            objects
                .iter()
                .map(|(key, health, missing, ignored)| AppObject {
                    key,
                    health: health.as_ref(),
                    missing: *missing,
                    ignored: *ignored,
                }),
        )
    };
    let fine = || Some(Health::default());
    assert_eq!(roll(&[]), Health::default());
    assert_eq!(roll(&[(&keys[0], None, false, false)]), Health::default());
    assert_eq!(
        roll(&[
            (
                &keys[0],
                Some(health(Progressing, "starting")),
                false,
                false
            ),
            (&keys[1], Some(health(Degraded, "crashing")), false, false),
            (&keys[2], fine(), false, false),
            (&keys[3], Some(health(Degraded, "")), false, false),
        ]),
        health(Degraded, "Pod/shop/p1: crashing; Pod/shop/p3")
    );
    let five: Vec<_> = keys
        .iter()
        .take(5)
        .map(|k| (k, Some(health(Suspended, "")), false, false))
        .collect();
    assert_eq!(
        roll(&five),
        health(
            Suspended,
            "Pod/shop/p0; Pod/shop/p1; Pod/shop/p2; and 2 more"
        )
    );
    // A missing object is drift, not illness, unless nothing is left.
    assert_eq!(
        roll(&[
            (&keys[0], None, true, false),
            (&keys[1], fine(), false, false)
        ]),
        Health::default()
    );
    assert_eq!(
        roll(&[(&keys[0], None, true, false), (&keys[1], None, true, false)]),
        health(Missing, "none of its 2 objects is in the cluster")
    );
    assert_eq!(
        roll(&[
            (&keys[0], None, true, false),
            (&keys[1], Some(health(Degraded, "x")), false, true)
        ]),
        Health::default(),
        "an ignored object lives, and its health does not count"
    );
    assert_eq!(
        roll(&[(&child, Some(health(Unknown, "")), false, false)]),
        Health::default()
    );
    assert_eq!(
        roll(&[(&child, Some(health(Degraded, "x")), false, false)]).status,
        Degraded
    );
}

#[test]
fn a_pod_says_why_it_does_not_come_up() {
    let pod = json!({"status": {
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}],
        "initContainerStatuses": [
            {"name": "done", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
            {"name": "setup", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
             "lastState": {"terminated": {"exitCode": 2, "reason": "Error", "message": "no database\n"}}},
        ],
        "containerStatuses": [
            {"name": "web", "state": {"waiting": {"reason": "PodInitializing"}}},
            {"name": "side", "state": {"waiting": {"reason": "ErrImagePull"}}},
            {"name": "old", "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
        ],
    }});
    assert_eq!(
        waiting_reasons(&pod),
        [
            "not scheduled: Unschedulable: 0/3 nodes are available",
            "init container setup is waiting: CrashLoopBackOff: back-off 5m0s",
            "init container setup last ended with exit code 2: Error: no database",
            "container side is waiting: ErrImagePull",
            "container old last ended with exit code 137: OOMKilled",
        ]
    );
    assert_eq!(
        waiting_reasons(&json!({"status": {"reason": "Evicted", "message": "disk"}})),
        ["pod: Evicted: disk"]
    );
    assert_eq!(
        waiting_reasons(&json!({"status": {"phase": "Running"}})),
        Vec::<String>::new()
    );
    assert_eq!(waiting_reasons(&json!("hostile")), Vec::<String>::new());
}

/// Any JSON, with the fields that rules look at likely to be there and likely to be of a wrong type.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[A-Za-z]{0,8}".prop_map(Value::from),
    ];
    let names = vec![
        "status",
        "spec",
        "metadata",
        "conditions",
        "type",
        "replicas",
        "generation",
        "observedGeneration",
        "phase",
        "containerStatuses",
        "state",
        "waiting",
        "terminated",
        "parents",
        "loadBalancer",
        "ingress",
        "updateStrategy",
        "rollingUpdate",
        "partition",
        "annotations",
        "ancestors",
        "listeners",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.clone()), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_object_is_too_odd(rest in any_json(), rule in 0..RULES.len()) {
        let (group, kind, versions, _) = RULES[rule];
        let version = versions.first().unwrap_or(&"v1");
        let api_version = if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
        let mut object = rest;
        if !object.is_object() {
            object = json!({"status": object});
        }
        object["apiVersion"] = json!(api_version);
        object["kind"] = json!(kind);
        prop_assert!(assess(&object).is_some());
        object["kind"] = json!("Widget");
        let _ = assess(&object);
        let _ = waiting_reasons(&object);
    }
}
