//! Where Apps come from. `native`: `Application` manifests in files, and discovery in repositories.
