//! Each answer is one that a kube-apiserver 1.36 gave, cut to what matters.

use serde_json::{Value, json};

use super::RefusalKind as K;
use super::status::Status;
use crate::cluster::played::{configmaps, deployments, resource};
use crate::cluster::{Reply, Resource};
use crate::domain::{ObjectKey, ProblemKind};

fn reply(code: u16, body: &str) -> Reply {
    Reply {
        status: code,
        body: body.as_bytes().to_vec(),
        warnings: Vec::new(),
        retry_after: None,
    }
}

fn causes(code: u16, reason: &str, message: &str, causes: &[(&str, &str, &str)]) -> Reply {
    let causes: Vec<_> = causes
        .iter()
        .map(|(reason, message, field)| json!({"reason": reason, "message": message, "field": field}))
        .collect();
    let body = json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message,
        "details": {"name": "d1", "causes": causes}, "code": code});
    reply(code, &body.to_string())
}

fn plain(code: u16, reason: &str, message: &str, details: Value) -> Reply {
    let body = json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "details": details, "code": code});
    reply(code, &body.to_string())
}

fn refused(resource: &Resource, reply: &Reply) -> Option<crate::cluster::Refusal> {
    let key = ObjectKey::new(&resource.gvk.group, &resource.gvk.kind, "default", "d1");
    Status::of(reply).refusal(resource, &key)
}

#[test]
fn conflicts_with_several_managers_came_in_another_order_each_time() {
    let mut told = [
        (
            "FieldManagerConflict",
            "conflict with \"scale\"",
            ".spec.replicas",
        ),
        (
            "FieldManagerConflict",
            "conflict with \"patch\"",
            ".spec.paused",
        ),
        (
            "FieldManagerConflict",
            "conflict with \"edit\"",
            ".spec.replicas",
        ),
    ];
    let once = Status::of(&causes(409, "Conflict", "Apply failed", &told)).conflicts();
    told.reverse();
    let again = Status::of(&causes(409, "Conflict", "Apply failed", &told)).conflicts();
    assert_eq!(once.len(), 3);
    assert_eq!(once, again);
}

#[test]
fn every_no_of_the_server_is_understood() {
    let typed = |text: &str| {
        plain(
            500,
            "",
            &format!(
                "failed to create typed patch object (default/d1; apps/v1, Kind=Deployment): {text}"
            ),
            json!({}),
        )
    };
    let converted = |text: &str| {
        plain(
            500,
            "",
            &format!(
                "failed to convert new object (default/d1; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to apps/v1, Kind=Deployment: {text}"
            ),
            json!({}),
        )
    };
    let invalid = |cause| causes(422, "Invalid", "is invalid", &[cause]);
    let cases = [
        (
            typed(".spec.foo: field not declared in schema"),
            K::UnknownField,
            vec!["spec.foo"],
            "",
        ),
        (
            typed(
                ".spec.template.spec.containers[name=\"w:b\"].imagePulPolicy: field not declared in schema",
            ),
            K::UnknownField,
            vec!["spec.template.spec.containers[name=\"w:b\"].imagePulPolicy"],
            "",
        ),
        (
            typed(".spec.template.spec.containers: duplicate entries for key [name=\"web\"]"),
            K::Duplicate,
            vec!["spec.template.spec.containers"],
            ".spec.template.spec.containers: duplicate entries for key [name=\"web\"]",
        ),
        (
            typed(".spec.replicas: expected numeric (int or float), got string"),
            K::Invalid,
            vec!["spec.replicas"],
            ".spec.replicas: expected numeric (int or float), got string",
        ),
        (
            typed(".data.a: expected string, got &value.valueUnstructured{Value:12345}"),
            K::Invalid,
            vec!["data.a"],
            ".data.a: expected string, got something else",
        ),
        (
            converted("error decoding from json: illegal base64 data at input byte 3"),
            K::Invalid,
            vec![],
            "error decoding from json: illegal base64 data at input byte 3",
        ),
        (
            converted("quantities must match the regular expression 'x'"),
            K::Invalid,
            vec![],
            "quantities must match the regular expression 'x'",
        ),
        (
            plain(500, "", "duplicate nodePort: {TCP 30637}", json!({})),
            K::Duplicate,
            vec![],
            "duplicate nodePort: {TCP 30637}",
        ),
        (
            plain(
                400,
                "BadRequest",
                "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.foo\", unknown field \"spec.bar\"",
                json!(null),
            ),
            K::UnknownField,
            vec!["spec.foo", "spec.bar"],
            "",
        ),
        (
            plain(
                400,
                "BadRequest",
                "the name of the object (y) does not match the name on the URL (x)",
                json!(null),
            ),
            K::Invalid,
            vec![],
            "the name of the object (y) does not match the name on the URL (x)",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: {\"matchLabels\":{\"a\":\"c\"}}: field is immutable",
                "spec.selector",
            )),
            K::Immutable,
            vec!["spec.selector"],
            "spec.selector: field is immutable",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: [\"10.0.9.9\"]: may not change once set",
                "spec.clusterIPs[0]",
            )),
            K::Immutable,
            vec!["spec.clusterIPs[0]"],
            "spec.clusterIPs[0]: may not change once set",
        ),
        (
            invalid((
                "FieldValueForbidden",
                "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden",
                "spec",
            )),
            K::Immutable,
            vec!["spec"],
            "spec: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: \"example.com/x\": field is immutable",
                "type",
            )),
            K::Immutable,
            vec!["type"],
            "type: field is immutable",
        ),
        (
            invalid((
                "FieldValueForbidden",
                "Forbidden: field is immutable when `immutable` is set",
                "data",
            )),
            K::Immutable,
            vec!["data"],
            "data: field is immutable when `immutable` is set",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: {\"APIGroup\":\"x\",\"Name\":\"view\"}: cannot change roleRef",
                "roleRef",
            )),
            K::Immutable,
            vec!["roleRef"],
            "roleRef: cannot change roleRef",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: {\"labels\":{\"q\":\"a\\\"b: {\"},\"Spec\":{}}: field is immutable",
                "spec.template",
            )),
            K::Immutable,
            vec!["spec.template"],
            "spec.template: field is immutable",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: -1: must be greater than or equal to 0",
                "spec.replicas",
            )),
            K::Invalid,
            vec!["spec.replicas"],
            "spec.replicas: must be greater than or equal to 0",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: \"\": may not be specified when `value` is not empty",
                "spec.env[0].valueFrom",
            )),
            K::Invalid,
            vec!["spec.env[0].valueFrom"],
            "spec.env[0].valueFrom: may not be specified when `value` is not empty",
        ),
        (
            invalid((
                "FieldValueDuplicate",
                "Duplicate value: \"http\"",
                "spec.ports[1].name",
            )),
            K::Duplicate,
            vec!["spec.ports[1].name"],
            "spec.ports[1].name: duplicate value",
        ),
        (
            invalid((
                "FieldValueNotSupported",
                "Unsupported value: \"Nope\": supported values: \"A\", \"B\"",
                "spec.type",
            )),
            K::Invalid,
            vec!["spec.type"],
            "spec.type: unsupported value: supported values: \"A\", \"B\"",
        ),
        (
            invalid((
                "FieldValueTooLong",
                "Too long: may not be more than 1048576 bytes",
                "[]",
            )),
            K::TooLarge,
            vec![],
            "may not be more than 1048576 bytes",
        ),
        (
            invalid((
                "FieldValueTooLong",
                "Too long: may not be more than 63 bytes",
                "metadata.name",
            )),
            K::Invalid,
            vec!["metadata.name"],
            "metadata.name: may not be more than 63 bytes",
        ),
        (
            invalid((
                "FieldValueInvalid",
                "Invalid value: null: some validation rules were not checked",
                "<nil>",
            )),
            K::Invalid,
            vec![],
            "some validation rules were not checked",
        ),
        (
            plain(
                413,
                "RequestEntityTooLarge",
                "Request entity too large: limit is 3145728",
                json!(null),
            ),
            K::TooLarge,
            vec![],
            "Request entity too large: limit is 3145728",
        ),
        (
            causes(
                422,
                "Invalid",
                "configmaps \"c9\" is forbidden: ValidatingAdmissionPolicy 'v' with binding 'v' denied request: no",
                &[(
                    "",
                    "ValidatingAdmissionPolicy 'v' with binding 'v' denied request: no",
                    "",
                )],
            ),
            K::Webhook,
            vec![],
            "configmaps \"c9\" is forbidden: ValidatingAdmissionPolicy 'v' with binding 'v' denied request: no",
        ),
        (
            plain(
                500,
                "InternalError",
                "Internal error occurred: failed calling webhook \"wh.ex.io\": failed to call webhook: Post \"https://x\": connection refused",
                json!({}),
            ),
            K::Webhook,
            vec![],
            "Internal error occurred: failed calling webhook \"wh.ex.io\": failed to call webhook: Post \"https://x\": connection refused",
        ),
        (
            plain(
                500,
                "",
                "admission webhook \"a.b\" denied the request: no",
                json!({}),
            ),
            K::Webhook,
            vec![],
            "admission webhook \"a.b\" denied the request: no",
        ),
        (
            plain(
                400,
                "BadRequest",
                "admission webhook \"a.b\" does not support dry run",
                json!({}),
            ),
            K::DryRunUnsupported,
            vec![],
            "admission webhook \"a.b\" does not support dry run",
        ),
        (
            causes(
                403,
                "Forbidden",
                "configmaps \"y\" is forbidden: unable to create new content in namespace term because it is being terminated",
                &[(
                    "NamespaceTerminating",
                    "namespace term is being terminated",
                    "metadata.namespace",
                )],
            ),
            K::NamespaceTerminating,
            vec![],
            "configmaps \"y\" is forbidden: unable to create new content in namespace term because it is being terminated",
        ),
        (
            plain(
                403,
                "Forbidden",
                "configmaps \"x\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=0, limited: configmaps=0",
                json!({}),
            ),
            K::Quota,
            vec![],
            "configmaps \"x\" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=0, limited: configmaps=0",
        ),
        (
            plain(
                403,
                "Forbidden",
                "configmaps \"c1\" is forbidden: User \"viewer\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"default\"",
                json!({}),
            ),
            K::Forbidden,
            vec![],
            "configmaps \"c1\" is forbidden: User \"viewer\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"default\"",
        ),
        (
            plain(
                403,
                "Forbidden",
                "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"bob\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"]}",
                json!({}),
            ),
            K::Forbidden,
            vec![],
            "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"bob\" (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"]}",
        ),
        (
            plain(
                403,
                "Forbidden",
                "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged",
                json!({}),
            ),
            K::Webhook,
            vec![],
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\": privileged",
        ),
        (
            plain(
                404,
                "NotFound",
                "namespaces \"nope\" not found",
                json!({"name": "nope", "kind": "namespaces"}),
            ),
            K::NamespaceAbsent,
            vec![],
            "",
        ),
        (
            plain(
                404,
                "NotFound",
                "the server could not find the requested resource",
                json!({}),
            ),
            K::UnknownKind,
            vec![],
            "",
        ),
        (
            reply(404, "404 page not found\n"),
            K::UnknownKind,
            vec![],
            "",
        ),
        (
            plain(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format",
                json!({}),
            ),
            K::Other,
            vec![],
            "the body of the request was in an unknown format",
        ),
    ];
    for (reply, kind, fields, cause) in cases {
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let refusal = refused(&deployments(), &reply).unwrap_or_else(|| panic!("weather: {text}"));
        assert_eq!(refusal.kind, kind, "{text}");
        assert_eq!(refusal.fields, fields, "{text}");
        assert_eq!(
            refusal
                .problem
                .causes
                .first()
                .map(String::as_str)
                .unwrap_or_default(),
            cause,
            "{text}"
        );
        assert_eq!(refusal.problem.place, "apps/Deployment/default/d1");
    }
}

#[test]
fn what_is_not_about_the_object_is_weather() {
    for reply in [
        plain(401, "Unauthorized", "Unauthorized", json!({})),
        plain(409, "Conflict", "the object has been modified", json!({})),
        plain(429, "TooManyRequests", "slow down", json!({})),
        plain(
            500,
            "InternalError",
            "etcdserver: request timed out",
            json!({}),
        ),
        plain(
            500,
            "",
            "strconv.ParseUint: parsing \"abc\": invalid syntax",
            json!({}),
        ),
        plain(503, "ServiceUnavailable", "shutting down", json!({})),
        reply(502, "<html>bad gateway</html>"),
        reply(504, ""),
        // Not the API server's own words.
        reply(403, "<html>your browser is not welcome</html>"),
        reply(403, ""),
        reply(400, "bad request"),
    ] {
        assert_eq!(refused(&configmaps(), &reply), None, "{reply:?}");
    }
}

#[test]
fn a_webhook_that_is_down_may_come_back() {
    let reply = plain(
        500,
        "InternalError",
        "Internal error occurred: failed calling webhook \"wh.ex.io\": refused",
        json!({}),
    );
    assert_eq!(
        refused(&configmaps(), &reply).unwrap().problem.kind,
        ProblemKind::Unreachable
    );
}

#[test]
fn an_absent_namespace_is_not_an_absent_object() {
    let namespaces = resource("", "v1", "Namespace", "namespaces", false);
    let status = Status::of(&plain(
        404,
        "NotFound",
        "namespaces \"a\" not found",
        json!({"name": "a", "kind": "namespaces"}),
    ));
    assert!(status.is_absent(&ObjectKey::new("", "Namespace", "", "a")));
    assert!(!status.is_absent(&ObjectKey::new("", "ConfigMap", "a", "a")));
    assert_eq!(
        status
            .refusal(&namespaces, &ObjectKey::new("", "Namespace", "", "a"))
            .unwrap()
            .kind,
        K::Other
    );
}

#[test]
fn values_of_secrets_are_not_echoed() {
    let value = "Invalid value: \"hunter2: {\\\"x\\\"\": a valid label must be short";
    let refusal = refused(
        &configmaps(),
        &causes(
            422,
            "Invalid",
            "Secret \"d1\" is invalid: hunter2",
            &[("FieldValueInvalid", value, "data.p")],
        ),
    )
    .unwrap();
    assert_eq!(
        refusal.problem.causes,
        ["data.p: a valid label must be short"]
    );
    assert!(!refusal.problem.to_string().contains("hunter2"));
}
