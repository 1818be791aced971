//! One conversation with a remote: what it has, what is missing here, and the references brought into line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use gix::bstr::ByteSlice;
use gix::protocol::handshake::Ref;
use gix::protocol::transport::client::blocking_io::Transport;
use gix::refs::transaction::{Change, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};
use gix::remote::{Direction, fetch::Tags};

use crate::domain::{CommitId, Result};

use super::super::revision::commit_id;
use super::super::trouble::problem;
use super::meter::Gauge;
use super::ssh::{self, Leash};
use super::{FetchOptions, Fetched, Moved, http, weather};

/// What a mirror follows. The same names here and there, forced.
const REFSPECS: [&str; 2] = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
/// Asked for beside them, to learn the default branch.
const HEAD: &str = "HEAD";

/// A fetch about to be held.
pub(super) struct Conversation {
    pub(super) url: String,
    pub(super) options: FetchOptions,
    pub(super) gauge: Arc<Gauge>,
    pub(super) leash: Arc<Leash>,
}

/// Opens a mirror for fetching.
pub(super) fn open(path: &Path) -> Result<gix::Repository> {
    ready(gix::open_opts(path, gix::open::Options::default()), path)
}

/// Makes an empty mirror.
pub(super) fn init(path: &Path) -> Result<gix::Repository> {
    ready(gix::init_bare(path), path)
}

fn ready(opened: gix::Result<gix::Repository>, path: &Path) -> Result<gix::Repository> {
    let failed =
        |e: gix::Error| problem(&e, "cannot open the mirror").at(path.display().to_string());
    let mut repo = opened.map_err(failed)?;
    // Whoever keeps a log of references wants a name; nobody reads it.
    repo.committer_or_set_generic_fallback().map_err(failed)?;
    Ok(repo)
}

impl Conversation {
    /// Brings a mirror up to date.
    pub(super) fn hold(&self, repo: &gix::Repository) -> Result<Fetched> {
        let before = references(repo)?;
        let result = self.converse(repo);
        self.leash.end_child();
        result?;
        moved(repo, &before, &references(repo)?)
    }

    fn converse(&self, repo: &gix::Repository) -> Result<()> {
        let failed = |e: gix::Error| weather::problem(&e, &self.leash.said());
        let remote = repo
            .remote_at(self.url.as_str())
            .and_then(|remote| {
                remote
                    .with_fetch_tags(Tags::None)
                    .with_refspecs(REFSPECS, Direction::Fetch)
            })
            .map_err(failed)?;
        let Some(url) = remote.url(Direction::Fetch).cloned() else {
            return Err(weather::no_url());
        };
        // `insteadOf` may have led to another scheme.
        let transport: Box<dyn Transport + Send> = match url.scheme {
            gix::url::Scheme::Ssh => {
                let options = repo.ssh_connect_options().map_err(failed)?;
                Box::new(ssh::connect(
                    &url,
                    &options,
                    self.options.lent.as_ref(),
                    &self.leash,
                )?)
            }
            gix::url::Scheme::Https | gix::url::Scheme::Http => {
                let (url, version) = remote
                    .sanitized_url_and_version(Direction::Fetch)
                    .map_err(failed)?;
                Box::new(
                    gix::protocol::transport::client::blocking_io::http::connect::<
                        gix::protocol::transport::client::blocking_io::http::reqwest::Remote,
                    >(url, version, false),
                )
            }
            _ => return Err(weather::no_url()),
        };
        let mut connection = remote
            .to_connection_with_transport(transport)
            .with_credentials(http::credentials(
                repo.clone(),
                url.clone(),
                self.options.lent.is_some().then(|| self.leash.clone()),
            ));
        if url.scheme != gix::url::Scheme::Ssh {
            connection = connection.with_transport_options(http::options(
                repo,
                &url,
                self.options.deadline,
            )?);
        }
        let head = gix::refspec::parse(HEAD.into(), gix::refspec::parse::Operation::Fetch)
            .map_err(failed)?
            .to_owned();
        let options = gix::remote::ref_map::Options {
            extra_refspecs: vec![head],
            ..Default::default()
        };
        let mut meter = self.gauge.meter();
        let prepared = connection
            .prepare_fetch(&mut meter, options)
            .map_err(failed)?;
        // Whoever we are was accepted: nobody asks any more.
        if let Some(lent) = &self.options.lent {
            lent.give_back();
        }
        let theirs = prepared.ref_map().remote_refs.clone();
        // Before the new ones: a vanished branch `a` would stand in the way of a new `a/b`.
        remove_vanished(repo, &theirs).map_err(failed)?;
        if theirs.iter().any(|r| name_of(r).starts_with(b"refs/")) {
            prepared
                .with_write_packed_refs_only(true)
                .receive(&mut meter, self.leash.stopped())
                .map_err(failed)?;
        }
        follow_head(repo, &theirs).map_err(failed)
    }
}

fn name_of(reference: &Ref) -> &[u8] {
    match reference {
        Ref::Peeled { full_ref_name, .. }
        | Ref::Direct { full_ref_name, .. }
        | Ref::Symbolic { full_ref_name, .. }
        | Ref::Unborn { full_ref_name, .. } => full_ref_name.as_slice(),
    }
}

/// Where references stand, by full name. Tags are not peeled.
type References = BTreeMap<String, Target>;

fn references(repo: &gix::Repository) -> Result<References> {
    let failed = |e: &gix::Error| problem(e, "cannot read the references of the mirror");
    let all = repo.references().map_err(|e| failed(&e))?;
    let mut found = References::new();
    for reference in all.all().map_err(|e| failed(&e))? {
        let reference = reference.map_err(|e| failed(&e))?.detach();
        found.insert(reference.name.as_bstr().to_string(), reference.target);
    }
    let head = repo.head().map_err(|e| failed(&e))?;
    if let Some(id) = head.id() {
        found.insert(HEAD.to_owned(), Target::Object(id.detach()));
    }
    Ok(found)
}

fn remove_vanished(repo: &gix::Repository, theirs: &[Ref]) -> gix::Result<()> {
    let theirs: BTreeSet<&[u8]> = theirs.iter().map(name_of).collect();
    let mut edits = Vec::new();
    for reference in repo.references()?.all()? {
        let name = reference?.name().to_owned();
        if !theirs.contains(name.as_bstr().as_bytes()) {
            let change = Change::Delete {
                expected: PreviousValue::Any,
                log: RefLog::AndReference,
            };
            edits.push(RefEdit::new(name, change));
        }
    }
    repo.edit_references(edits).map(drop)
}

/// Points `HEAD` where the remote's is. A remote that shows none keeps what was.
fn follow_head(repo: &gix::Repository, theirs: &[Ref]) -> gix::Result<()> {
    let Some(head) = theirs.iter().find(|r| name_of(r) == HEAD.as_bytes()) else {
        return Ok(());
    };
    let target = match head {
        Ref::Symbolic { target, .. } | Ref::Unborn { target, .. } => {
            Target::Symbolic(FullName::try_from(target.clone()).map_err(gix::Error::from_error)?)
        }
        Ref::Direct { object, .. } | Ref::Peeled { object, .. } => Target::Object(*object),
    };
    let name = FullName::try_from(HEAD).map_err(gix::Error::from_error)?;
    let edit = RefEdit::update(name, target, PreviousValue::Any, "fetched");
    repo.edit_reference(edit).map(drop)
}

fn moved(repo: &gix::Repository, before: &References, after: &References) -> Result<Fetched> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut moved = Vec::new();
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old != new {
            moved.push(Moved {
                name: name.clone(),
                old: old.and_then(|target| peeled(repo, target)),
                new: new.and_then(|target| peeled(repo, target)),
            });
        }
    }
    Ok(Fetched { moved })
}

/// The commit that a reference leads to, or the object where it leads to none.
fn peeled(repo: &gix::Repository, target: &Target) -> Option<CommitId> {
    let id = target.try_id()?.to_owned();
    let object = repo.find_object(id).and_then(|o| o.peel_tags_to_end());
    Some(commit_id(object.map_or(id, |object| object.id)))
}
