//! The one that owns tasks: Requests in, Reports out; caches, debounce, latest wins, cancellation.
