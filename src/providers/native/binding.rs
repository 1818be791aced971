//! Which cluster and namespace the config file binds a directory to.

use crate::domain::RepoPath;
use crate::settings::Binding;
use crate::settings::pattern::matches_directory;

use super::repository::RepositoryRef;

/// The first binding that matches a directory of a repository.
pub fn of<'b>(
    bindings: &'b [Binding],
    repository: &RepositoryRef,
    directory: &RepoPath,
) -> Option<&'b Binding> {
    bindings.iter().find(|binding| {
        let named = binding.repository.as_deref();
        named.is_none_or(|name| repository.is_named_by(name))
            && matches_directory(&binding.directory, directory.as_str())
    })
}
