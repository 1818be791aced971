//! The small shop: one directory with one of everything.

/// Its manifests, one file each; `@NS@` stands for the namespace.
pub const SHOP: [(&str, &str); 16] = [
    (
        "shop/namespace.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: @NS@\n  labels: {team: shop}\n",
    ),
    (
        "shop/serviceaccount.yaml",
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\nautomountServiceAccountToken: false\n",
    ),
    (
        "shop/role.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: web}\nrules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n  verbs: [get, list]\n",
    ),
    (
        "shop/rolebinding.yaml",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: web}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}\nsubjects:\n- {kind: ServiceAccount, name: web, namespace: @NS@}\n",
    ),
    (
        "shop/configmap.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  mode: production\n  site.conf: |\n    server {\n      listen 80;\n      gzip on;\n    }\n",
    ),
    (
        "shop/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData:\n  password: correct-horse\n  user: shop\n",
    ),
    (
        "shop/service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports:\n  - {name: http, port: 80, targetPort: 8080}\n",
    ),
    ("shop/deployment.yaml", DEPLOYMENT),
    (
        "shop/statefulset.yaml",
        "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  serviceName: db\n  replicas: 1\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec:\n      containers:\n      - name: db\n        image: registry.example/db:15\n        volumeMounts: [{name: data, mountPath: /data}]\n  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec:\n      accessModes: [ReadWriteOnce]\n      resources: {requests: {storage: 1Gi}}\n",
    ),
    (
        "shop/cronjob.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n  schedule: 0 3 * * *\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: OnFailure\n          containers:\n          - {name: report, image: \"registry.example/report:1\", args: [--daily]}\n",
    ),
    (
        "shop/ingress.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - host: shop.example\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend: {service: {name: web, port: {number: 80}}}\n",
    ),
    (
        "shop/hpa.yaml",
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: db}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}\n  minReplicas: 1\n  maxReplicas: 3\n  metrics:\n  - type: Resource\n    resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}\n",
    ),
    (
        "shop/pdb.yaml",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec:\n  minAvailable: 1\n  selector: {matchLabels: {app: web}}\n",
    ),
    (
        "shop/networkpolicy.yaml",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web}\nspec:\n  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - ports: [{port: 8080}]\n",
    ),
    (
        "shop/crd.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: coupons.@NS@.example}\nspec:\n  group: \"@NS@.example\"\n  scope: Namespaced\n  names: {plural: coupons, singular: coupon, kind: Coupon}\n  versions:\n  - name: v1\n    served: true\n    storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n          spec:\n            type: object\n            properties:\n              percent: {type: integer}\n              codes: {type: array, items: {type: string}}\n",
    ),
    (
        "shop/coupon.yaml",
        "apiVersion: \"@NS@.example/v1\"\nkind: Coupon\nmetadata: {name: spring}\nspec:\n  percent: 10\n  codes: [SPRING, APRIL]\n",
    ),
];

/// The web shop itself.
pub const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: registry.example/web:1.0
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: MODE, value: production}
        - name: PASSWORD
          valueFrom: {secretKeyRef: {name: web, key: password}}
        resources:
          requests: {cpu: 100m, memory: 64Mi}
          limits: {memory: 128Mi}
";

/// A ConfigMap.
pub fn config_map(name: &str, data: &[(&str, &str)]) -> String {
    let data: String = data
        .iter()
        .map(|(key, value)| format!("  {key}: {value:?}\n"))
        .collect();
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{data}")
}
