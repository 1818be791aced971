//! Values that the server draws anew in each dry run: nobody states them, and the real write brings others.

use serde_json::Map;

use crate::domain::{Gvk, Value};

/// Takes a Service's addresses and port numbers that only `predicted` has out of it, where neither the live object nor
/// Git has one in that place. That there will be one is not told; that a number is shown which will not come true would
/// be worse.
pub fn remove(gvk: &Gvk, live: &Value, predicted: &mut Value, desired: &Value) {
    if !gvk.group.is_empty() || gvk.kind != "Service" {
        return;
    }
    let numbers: Vec<u64> = ports(live).iter().filter_map(node_port).collect();
    let Some(spec) = predicted.get_mut("spec").and_then(Value::as_object_mut) else {
        return;
    };
    let drop_new = |map: &mut Map<String, Value>, name: &str, known: &[Option<&Value>]| {
        if known
            .iter()
            .flatten()
            .all(|known| known.get(name).is_none())
        {
            map.remove(name);
        }
    };
    for name in ["clusterIP", "clusterIPs", "healthCheckNodePort"] {
        drop_new(spec, name, &[live.get("spec"), desired.get("spec")]);
    }
    let Some(Value::Array(new)) = spec.get_mut("ports") else {
        return;
    };
    for port in new {
        // A number that the live object has at another port is carried over, not drawn.
        if node_port(port).is_some_and(|number| numbers.contains(&number)) {
            continue;
        }
        let key = port_key(port);
        let same = |other: &&Value| port_key(other) == key;
        let live = ports(live).iter().find(same);
        let desired = ports(desired).iter().find(same);
        if let Some(map) = port.as_object_mut() {
            drop_new(map, "nodePort", &[live, desired]);
        }
    }
}

fn ports(service: &Value) -> &[Value] {
    let ports = service.pointer("/spec/ports").and_then(Value::as_array);
    ports.map_or(&[], Vec::as_slice)
}

fn port_key(port: &Value) -> (Option<u64>, String) {
    let protocol = port.get("protocol").and_then(Value::as_str);
    (
        port.get("port").and_then(Value::as_u64),
        protocol.unwrap_or("TCP").to_owned(),
    )
}

fn node_port(port: &Value) -> Option<u64> {
    port.get("nodePort").and_then(Value::as_u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_will_not_come_true_are_not_shown() {
        let service = |spec: Value| json!({"spec": spec});
        let live = service(json!({"type": "ClusterIP", "clusterIP": "10.0.0.7",
            "ports": [{"port": 80, "protocol": "TCP"}, {"port": 82, "protocol": "TCP", "nodePort": 30002}]}));
        let desired = service(json!({"type": "NodePort",
            "ports": [{"port": 80}, {"port": 81}, {"port": 83, "nodePort": 30003}, {"port": 84}]}));
        let mut predicted = service(
            json!({"type": "NodePort", "clusterIP": "10.0.0.7", "clusterIPs": ["10.0.0.0"], "healthCheckNodePort": 32767,
            "ports": [{"port": 80, "protocol": "TCP", "nodePort": 32768}, {"port": 81, "protocol": "TCP", "nodePort": 32769},
                {"port": 83, "protocol": "TCP", "nodePort": 30003}, {"port": 84, "protocol": "TCP", "nodePort": 30002}]}),
        );
        let gvk = Gvk::from_api_version("v1", "Service");
        remove(&gvk, &live, &mut predicted, &desired);
        assert_eq!(
            predicted,
            service(json!({"type": "NodePort", "clusterIP": "10.0.0.7",
                "ports": [{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "TCP"},
                    {"port": 83, "protocol": "TCP", "nodePort": 30003}, {"port": 84, "protocol": "TCP", "nodePort": 30002}]}))
        );
        // Another kind's field of that name is its own affair.
        let mut other = service(json!({"clusterIP": "x"}));
        remove(
            &Gvk::from_api_version("x.example/v1", "Service"),
            &service(json!({})),
            &mut other,
            &service(json!({})),
        );
        assert_eq!(other, service(json!({"clusterIP": "x"})));
    }
}
