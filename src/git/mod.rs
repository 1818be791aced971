//! Repositories through gix: checkouts read in place, URLs mirrored; revisions, trees and history.
