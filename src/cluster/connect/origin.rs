//! What a connection was made from, to tell whether the kubeconfig says something else by now.

use super::kubeconfig::{Entry, Kubeconfigs};
use crate::cluster::Connection;

/// A context's entries, and what the files held that they name. A token file is not among them: it is read again anyway.
#[derive(PartialEq)]
pub(in crate::cluster) struct Origin {
    entry: Entry,
    files: Vec<Option<Vec<u8>>>,
}

impl Origin {
    /// Reads the files; one that cannot be read counts as that.
    pub(super) fn of(mut entry: Entry) -> Self {
        // Which context is the current one concerns those that name none.
        entry.info.current = false;
        let named = [
            &entry.cluster.certificate_authority,
            &entry.user.client_certificate,
            &entry.user.client_key,
        ];
        let files = named.map(|path| std::fs::read(path.as_ref()?).ok());
        Self {
            files: files.into(),
            entry,
        }
    }
}

impl Connection {
    /// Whether the kubeconfigs say something else of its context than when it was made, or nothing any more. Reads the
    /// files that they name, and blocks meanwhile.
    pub fn is_outdated(&self, kubeconfigs: &Kubeconfigs) -> bool {
        let Some(origin) = self.origin() else {
            return false;
        };
        match kubeconfigs.entry(self.context()) {
            Ok(entry) => Origin::of(entry) != *origin,
            Err(_) => true,
        }
    }
}
