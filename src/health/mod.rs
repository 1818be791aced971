//! Health of one object by Argo CD's rules, and its roll-up to an App.
