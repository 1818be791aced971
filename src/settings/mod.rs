//! The config file and the places of trueup's own files: read, checked with line numbers, and explained.
