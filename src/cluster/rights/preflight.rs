//! Whether the user may keep record and lock, without which there is no sync. Asks, and changes nothing.

use futures::FutureExt as _;
use futures::future::try_join_all;

use crate::domain::{Problem, ProblemKind, Result};

use crate::cluster::writer::lease::leases;
use crate::cluster::writer::records::configmaps;
use crate::cluster::{Ask, Connection};

impl Connection {
    /// Whether the user may read, create and update an App's record and lock; what is missing, where something is. The
    /// namespace need not exist. A right to all names that was there a moment ago is taken for granted: many Apps share
    /// a namespace.
    ///
    /// # Errors
    /// Where the server can't be asked.
    pub async fn may_sync(
        &self,
        namespace: &str,
        record: &str,
        lock: &str,
    ) -> Result<Option<Problem>> {
        let rights = [(configmaps(), record, "record"), (leases(), lock, "lock")];
        let asked = rights.iter().flat_map(|(resource, name, what)| {
            // A right to create never depends on the name.
            [("get", *name), ("create", ""), ("update", *name)].map(|(verb, name)| async move {
                let all = Ask {
                    verb: verb.to_owned(),
                    group: resource.gvk.group.clone(),
                    resource: resource.plural.clone(),
                    namespace: namespace.to_owned(),
                    name: String::new(),
                };
                let granted = self.may_now(&all).await?;
                let may = granted
                    || (!name.is_empty() && {
                        let name = name.to_owned();
                        self.may(&Ask { name, ..all }).boxed().await?
                    });
                Ok::<_, Problem>(
                    (!may).then(|| format!("you may not {verb} {} (its {what})", resource.plural)),
                )
            })
        });
        let missing: Vec<_> = try_join_all(asked).await?.into_iter().flatten().collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let problem = Problem::new(
            ProblemKind::Forbidden,
            format!("no sync without the right to keep its record and lock in {namespace}"),
        );
        let problem = missing.into_iter().fold(problem, Problem::because);
        Ok(Some(problem.hint(
            "Somebody who grants rights can bind the ClusterRole edit in that namespace, and leases of \
             coordination.k8s.io with it.",
        )))
    }
}
