//! Whether a wave lets the next one begin.

use crate::domain::{Health, HealthStatus, ObjectKey, Problem, ProblemKind};

/// What waiting for health came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    /// All are healthy, or have no health.
    Yes,
    /// Not yet: how many still are on their way, and one of them with its reason:
    /// `Service/shop/web (Progressing: no address yet)`.
    NotYet(usize, String),
    /// One is Degraded or gone: the rest of the App is not run.
    Never(Problem),
}

/// Whether the objects of a wave let the next one begin, by Argo CD's rule (gitops-engine `syncContext.Sync`): Healthy or
/// without health passes, Degraded fails, what is no longer there (Missing) too; anything else is waited for.
pub fn settled<'a>(
    objects: impl IntoIterator<Item = (&'a ObjectKey, Option<&'a Health>)>,
) -> Settled {
    let mut waiting = 0;
    let mut example = String::new();
    for (key, health) in objects {
        let Some(health) = health else { continue };
        match health.status {
            HealthStatus::Healthy => {}
            HealthStatus::Degraded => {
                return Settled::Never(
                    Problem::new(
                        ProblemKind::Rejected,
                        "it is Degraded, so that the waves after it are not run",
                    )
                    .at(key.to_string())
                    .because(health.message.clone())
                    .hint("Look at its events and pods, correct the cause in Git, and sync again."),
                );
            }
            HealthStatus::Missing => {
                return Settled::Never(
                    Problem::new(
                        ProblemKind::Conflict,
                        "it is no longer in the cluster, so that the waves after it are not run",
                    )
                    .at(key.to_string())
                    .hint(
                        "Find out who deletes it, or what makes it delete itself, and sync again.",
                    ),
                );
            }
            status => {
                waiting += 1;
                if example.is_empty() {
                    example = match health.message.as_str() {
                        "" => format!("{key} ({status})"),
                        message => format!("{key} ({status}: {message})"),
                    };
                }
            }
        }
    }
    match waiting {
        0 => Settled::Yes,
        waiting => Settled::NotYet(waiting, example),
    }
}
