//! What a sync would make of an object once an adoption has moved the ownership of its fields. Asks, and changes nothing.
//!
//! The server still has the object as it is, so that its dry run of the apply only tells who would be in the way. What
//! the apply would make is worked out from the `managedFields` as they will be, and sent as a dry-run JSON patch, so that
//! the server defaults, validates and admits it; as for leftovers.

use http::Method;

use crate::domain::{Result, Value};
use crate::merge::is_former_applier;

use super::foreseen::{foreseen, patch};
use super::{JSON_PATCH, Prediction, QUERY, bytes};
use crate::cluster::resource::target::Target;
use crate::cluster::{Connection, RefusalKind, Resource, Status};

impl Connection {
    /// Foretells what [`Connection::predict`] will say of `object` after an adoption. `adopted` is the live object with
    /// its managedFields as the adoption leaves them. `None`: they do not show enough to tell.
    ///
    /// # Errors
    /// As for [`Connection::predict`].
    pub async fn predict_adopted(
        &self,
        resource: &Resource,
        object: &Value,
        adopted: &Value,
    ) -> Result<Option<Prediction>> {
        let target = Target::of(resource, object)?;
        let Some(wanted) = foreseen(adopted, object, &[]) else {
            return Ok(None);
        };
        let mut prediction = Prediction::default();
        if let Some(refusal) = self.must_not_ask(resource, &target).await? {
            prediction.refusal = Some(refusal);
            return Ok(Some(prediction));
        }
        let applied = self
            .dry_apply(&target, object, false, &mut prediction)
            .await?;
        let mut conflicts = Status::of(&applied).conflicts();
        if conflicts.is_empty() {
            prediction.take(&applied, resource, &target)?;
            let kind = prediction.refusal.as_ref().map(|refusal| refusal.kind);
            if kind.is_some_and(|kind| !is_of_the_whole(kind)) {
                return Ok(Some(prediction));
            }
        }
        conflicts.retain(|conflict| !is_moved(&conflict.manager));
        prediction.conflicts = conflicts;
        prediction.n_requests += 1;
        let query = target.with(&format!("dryRun=All&{QUERY}"));
        let body = bytes(&patch(adopted, &wanted));
        let reply = self
            .request(Method::PATCH, &query, Some(JSON_PATCH), body)
            .await?;
        prediction.take(&reply, resource, &target)?;
        let kind = prediction.refusal.as_ref().map(|refusal| refusal.kind);
        if kind.is_some_and(is_of_the_whole) {
            let status = Status::of(&reply);
            self.predict_leftovers(resource, &target, object, adopted, &status, &mut prediction)
                .await?;
        }
        Ok(Some(prediction))
    }
}

/// Whether the server minds how the fields fit together, which is another matter once some have left.
fn is_of_the_whole(kind: RefusalKind) -> bool {
    matches!(kind, RefusalKind::Invalid | RefusalKind::Duplicate)
}

/// Whether an adoption moves what this holder has, by its name in a conflict (`"kubectl" using apps/v1`). What it wrote
/// through a subresource stays.
fn is_moved(holder: &str) -> bool {
    let name = holder.strip_prefix('"').and_then(|h| h.split_once('"'));
    name.is_some_and(|(name, rest)| {
        is_former_applier(name) && !rest.starts_with(" with subresource")
    })
}
