//! Which kinds may be asked for a dry run: an aggregated API that does not know the parameter would ignore it, and a
//! look would change the object.

use futures::FutureExt as _;

use crate::domain::{Problem, ProblemKind, Result, Value, key};

use crate::cluster::resource::target::Target;
use crate::cluster::{Connection, Refusal, RefusalKind, Resource};

impl Connection {
    /// Where a dry run of this object is asked for, or why it is not: nothing is sent then.
    ///
    /// # Errors
    /// Where it cannot be found out.
    pub(super) async fn askable(
        &self,
        resource: &Resource,
        object: &Value,
    ) -> Result<Result<Target, Refusal>> {
        let target = match Target::of(resource, object) {
            Ok(target) => target,
            Err(problem) => {
                return Ok(Err(Refusal {
                    kind: RefusalKind::Invalid,
                    problem,
                    fields: Vec::new(),
                }));
            }
        };
        Ok(match self.must_not_ask(resource, &target).await? {
            Some(refusal) => Err(refusal),
            None => Ok(target),
        })
    }

    /// Why the server must not be asked for a dry run of this kind; `None` where it may.
    ///
    /// # Errors
    /// Where it cannot be found out.
    pub(super) async fn must_not_ask(
        &self,
        resource: &Resource,
        target: &Target,
    ) -> Result<Option<Refusal>> {
        if key::is_built_in(&resource.gvk.group) {
            return Ok(None);
        }
        let known = async {
            // The document of a kind that came just now comes a moment later than the kind.
            Ok(self.is_custom(resource).await? || self.patch_supports_dry_run(resource).await?)
        };
        let (gvk, now) = (resource.gvk.clone(), self.clock().instant());
        let knows = self
            .dry_runs()
            .get(gvk, now, |knows| *knows, known.boxed())
            .await?;
        if knows || self.is_unserved(resource).await? {
            return Ok(None);
        }
        Ok(Some(Refusal {
            kind: RefusalKind::NotAsked,
            problem: Problem::new(
                ProblemKind::Unsupported,
                format!("the API of {} does not know dry runs", resource.gvk),
            )
            .at(target.key.to_string())
            .because("its OpenAPI document has no dryRun parameter, so that asking would change the object")
            .hint("It is compared locally. Apply it by hand: what a sync would make of it cannot be shown."),
            fields: Vec::new(),
        }))
    }

    /// Whether nobody serves the group at this version: then there is nothing that asking could change.
    async fn is_unserved(&self, resource: &Resource) -> Result<bool> {
        let path = format!("/apis/{}/{}", resource.gvk.group, resource.gvk.version);
        Ok(self.get(&path).await?.status == 404)
    }

    /// Whether the kind is defined by a CustomResourceDefinition, which the API server serves itself.
    async fn is_custom(&self, resource: &Resource) -> Result<bool> {
        let path = format!(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{}.{}",
            resource.plural, resource.gvk.group
        );
        Ok(self.get(&path).await?.is_success())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::played::{play, resource};

    #[tokio::test]
    async fn nothing_is_sent_to_an_api_that_would_take_a_look_for_a_change() {
        let widgets = resource("shop.example", "v1", "Widget", "widgets", true);
        let widget = json!({"apiVersion": "shop.example/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "shop"}});
        let index =
            json!({"paths": {"apis/shop.example/v1": {"serverRelativeURL": "/openapi/v3/x"}}});
        let answers = vec![
            (404, json!({})),
            (200, index),
            (200, json!({"paths": {}})),
            (200, json!({"kind": "APIResourceList"})),
        ];
        let asked = |anew| {
            let (connection, log) = play(answers.clone());
            let (widgets, widget) = (widgets.clone(), widget.clone());
            async move {
                let refusal = match anew {
                    true => connection.predict_anew(&widgets, &widget).await.unwrap(),
                    false => {
                        let asked = connection.predict(&widgets, &widget, None).await;
                        asked.unwrap().refusal
                    }
                };
                (refusal.unwrap().kind, log.lines())
            }
        };
        for anew in [false, true] {
            let (kind, lines) = asked(anew).await;
            assert_eq!(kind, RefusalKind::NotAsked);
            assert!(lines.iter().all(|l| l.starts_with("GET ")), "{lines:?}");
        }
    }
}
