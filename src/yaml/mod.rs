//! YAML as Kubernetes reads and writes it: a loader over granit-parser's events with go-yaml v2's rules, and an emitter
//! in go-yaml v2's style. Pure; knows nothing of files.
