//! Whole flows against a real Kubernetes API server, from a Git repository to the cluster and back.

mod ground;
mod live;
mod shop;

mod adopt;
mod destination;
mod drift;
mod edits;
mod first;
mod history;
mod options;
mod prune;
mod runs;
mod said;
mod sources;
mod viewer;
