//! Which tool a directory is written for, as Argo CD finds out where the source does not say.

use crate::domain::{Entry, EntryKind, Problem, ProblemKind, RepoPath};

/// A tool other than reading the files as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// The directory is a kustomization.
    Kustomize,
    /// The directory is a chart.
    Helm,
}

impl Tool {
    /// The tool for a directory with these entries, and the name of the file that tells. Of two the later by name decides,
    /// as in Argo CD.
    pub fn of(entries: &[Entry]) -> Option<(Self, &str)> {
        let tells = |entry: &Entry| match entry.name.as_str() {
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some(Self::Kustomize),
            name if name.ends_with("Chart.yaml") => Some(Self::Helm),
            _ => None,
        };
        entries
            .iter()
            .rev()
            .filter(|e| matches!(e.kind, EntryKind::File | EntryKind::Symlink))
            .find_map(|e| Some((tells(e)?, e.name.as_str())))
    }

    /// What to call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "Kustomize",
            Self::Helm => "Helm",
        }
    }

    /// Why a directory with this file is not rendered.
    pub fn unsupported(self, file: &RepoPath) -> Problem {
        let (summary, what) = match self {
            Self::Kustomize => ("this release does not render Kustomize", "a kustomization"),
            Self::Helm => ("this release does not render Helm", "a Helm chart"),
        };
        Problem::new(ProblemKind::Unsupported, summary)
            .at(file.to_string())
            .because(format!("the file makes its directory {what}"))
            .hint(
                "Point the App at a directory of plain manifests, or set `directory` in its source to read this one as plain files.",
            )
    }
}
