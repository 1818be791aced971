use super::*;
use std::io::Read as _;

#[test]
#[ignore = "scratch"]
fn scratch() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let inputs: Vec<String> = serde_json::from_str(&text).unwrap();
    let out: Vec<Value> = inputs.iter().map(|s| {
        let (docs, err) = load_until_error(s, &Limits::default());
        serde_json::json!({"docs": docs.into_iter().map(|d| d.value).collect::<Vec<_>>(), "error": err.map(|e| format!("{} @{:?}", e.message, e.at.map(|a| a.to_string())))})
    }).collect();
    std::fs::write(
        "/tmp/trueup-render/out.json",
        serde_json::to_string(&out).unwrap(),
    )
    .unwrap();
}
#[test]
#[ignore = "scratch"]
fn scratch_emit() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let inputs: Vec<String> = serde_json::from_str(&text).unwrap();
    let out: Vec<String> = inputs
        .iter()
        .map(|s| emit(&serde_json::from_str(s).unwrap()))
        .collect();
    std::fs::write(
        "/tmp/trueup-render/out.json",
        serde_json::to_string(&out).unwrap(),
    )
    .unwrap();
}
