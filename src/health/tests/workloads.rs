//! What runs pods, and pods.

use serde_json::{Value, json};

use super::{check, conditions};
use crate::domain::HealthStatus::{Degraded, Healthy, Progressing, Suspended, Unknown};
use crate::health::waiting_reasons;

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
fn a_pod_says_why_it_does_not_come_up() {
    let pod = json!({"status": {
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available", "lastTransitionTime": "2026-03-01T11:46:00Z"}],
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
    let texts =
        |pod: &Value| -> Vec<String> { waiting_reasons(pod).into_iter().map(|w| w.text).collect() };
    let since = waiting_reasons(&pod)[0].since.map(|t| t.to_string());
    assert_eq!(since.as_deref(), Some("2026-03-01T11:46:00Z"));
    assert_eq!(
        texts(&pod),
        [
            "not scheduled: Unschedulable: 0/3 nodes are available",
            "init container setup is waiting: CrashLoopBackOff: back-off 5m0s",
            "init container setup last ended with exit code 2: Error: no database",
            "container side is waiting: ErrImagePull",
            "container old last ended with exit code 137: OOMKilled",
        ]
    );
    assert_eq!(
        texts(&json!({"status": {"reason": "Evicted", "message": "disk"}})),
        ["pod: Evicted: disk"]
    );
    assert_eq!(
        texts(&json!({"status": {"phase": "Running"}})),
        Vec::<String>::new()
    );
    assert_eq!(texts(&json!("hostile")), Vec::<String>::new());
}
