//! Server-side apply as a pure function: for now its vocabulary, the schema and the field sets of `managedFields`.
