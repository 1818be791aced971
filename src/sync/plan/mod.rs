//! From what was compared to the ordered steps of a sync, a rollback or an adoption. Refuses an App, saying why and what
//! to do, rather than doing half of it.

mod choose;
mod gate;
mod prune;
mod refuse;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::facts::LiveFacts;
use super::order::{Task, defines, order, wave};
use super::record::record_name;
use crate::domain::plan::{Gate, Guard, PlannedApp};
use crate::domain::record::AppRecord;
use crate::domain::{
    Action, App, AppId, Commit, Destination, Gvk, Manifest, ObjectDrift, ObjectKey, Plan, PlanKind,
    PlanStep, Problem, Value, Verdict,
};

/// One object of an App, desired or held, as it was compared.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What would be sent: prepared, with the tracking annotation. `None`: the App holds it and Git no longer has it.
    pub desired: Option<Arc<Manifest>>,
    /// What the comparison came to.
    pub drift: Arc<ObjectDrift>,
    /// The live object; `None`: there is none.
    pub live: Option<LiveFacts>,
    /// Whether it is a hook.
    pub hook: bool,
    /// JSON pointers of leftovers that a step must claim before it applies.
    pub leftovers: Vec<String>,
    /// Whether it could not be predicted because something that it depends on is not there yet.
    pub unpredicted: bool,
    /// Whether the server was asked and would take the object anew, were the old one deleted: without that nothing is
    /// deleted to be made anew.
    pub recreatable: bool,
    /// The same, as it would be compared once an adoption has moved the ownership of its fields. `None`: there is none
    /// to move, or nobody has asked.
    pub adopted: Option<Box<Candidate>>,
}

impl Candidate {
    /// As an adoption would leave it.
    fn adopted(self) -> Self {
        match self.adopted {
            Some(adopted) => *adopted,
            None => self,
        }
    }
}

/// The App's record in the cluster.
#[derive(Clone, Debug)]
pub enum RecordState {
    /// There is none: it was never synced.
    None,
    /// As it was read.
    Read(AppRecord),
    /// It is there, or may be, and could not be read.
    Unreadable(Problem),
}

/// One App with all that a Plan is drawn from.
#[derive(Clone, Debug)]
pub struct AppInput {
    /// The App.
    pub app: Arc<App>,
    /// The commit that was rendered.
    pub commit: Commit,
    /// Its objects: all that Git wants, and all that it holds and that still live or could not be looked at.
    pub candidates: Vec<Candidate>,
    /// Its record.
    pub record: RecordState,
    /// Why it could not be rendered whole.
    pub render_problems: Vec<Problem>,
    /// Whether its destination namespace is there.
    pub namespace_exists: bool,
    /// Whether its destination namespace is being deleted.
    pub namespace_ends: bool,
    /// What this user may not do and a sync needs (writing record and lock, patching), as sentences: `you may not update configmaps`.
    pub missing_rights: Vec<String>,
    /// `namespace/name` of an Argo CD Application in that cluster that would claim the same instance name.
    pub argo_application: Option<String>,
    /// What could not be found out and stands in the way of nothing.
    pub warnings: Vec<String>,
    /// Where it was last synced to, when that is not where it goes now and nobody has said that it is meant.
    pub moved_from: Option<Destination>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanOptions {
    /// Sync, rollback or adoption.
    pub kind: PlanKind,
    /// Whether what is held and no longer in Git is deleted. A rollback never prunes.
    pub prune: bool,
    /// Name of the App of which everything may be pruned, as typed by a person. Implies `prune`.
    pub prune_all: Option<String>,
    /// The chosen objects; empty: all of them.
    pub only: Vec<(AppId, ObjectKey)>,
    /// Whether a person has agreed to take over objects that others made.
    pub adopt: bool,
    /// Whether objects are taken as an adoption would leave them (`Candidate::adopted`): the Plan is for showing only.
    pub estimate: bool,
}

impl Default for PlanOptions {
    /// A whole sync without prunes.
    fn default() -> Self {
        Self {
            kind: PlanKind::Sync,
            prune: false,
            prune_all: None,
            only: Vec::new(),
            adopt: false,
            estimate: false,
        }
    }
}

impl PlanOptions {
    fn prunes(&self) -> bool {
        self.kind == PlanKind::Sync && (self.prune || self.prune_all.is_some())
    }

    /// The chosen objects of an App; empty also where all of them are meant.
    fn selected(&self, app: &AppId) -> BTreeSet<&ObjectKey> {
        self.only
            .iter()
            .filter(|(of, _)| of == app)
            .map(|(_, key)| key)
            .collect()
    }
}

/// Draws the Plan. Apps keep their order; the steps of each are ordered as Argo CD orders them, one App after another.
pub fn plan(apps: Vec<AppInput>, options: &PlanOptions) -> Plan {
    let mut drawn = Plan {
        kind: options.kind,
        apps: Vec::with_capacity(apps.len()),
        steps: Vec::new(),
        prune: options.prunes(),
        selective: !options.only.is_empty(),
        estimate: None,
    };
    let mut earlier = Earlier::default();
    for mut input in apps {
        if options.estimate {
            input.candidates = input
                .candidates
                .into_iter()
                .map(Candidate::adopted)
                .collect();
        }
        input.namespace_exists |= earlier.makes_home_of(&input.app);
        let (mut app, mut steps) = plan_app(&input, options);
        if let Some(problem) = earlier.overlap(&input, &steps) {
            app.refused = Some(problem);
            steps.clear();
        }
        earlier.add(&input.app, &steps);
        drawn.apps.push(app);
        drawn.steps.extend(steps);
    }
    drawn
}

/// What the Apps before one have in the Plan, by context and key.
#[derive(Default)]
struct Earlier(HashMap<(String, ObjectKey), AppId>);

impl Earlier {
    fn add(&mut self, app: &App, steps: &[PlanStep]) {
        for step in steps.iter().filter(|s| s.action != Action::Prune) {
            let at = (app.destination.context.clone(), step.key.clone());
            self.0.entry(at).or_insert_with(|| app.id.clone());
        }
    }

    fn makes_home_of(&self, app: &App) -> bool {
        let key = ObjectKey::new("", "Namespace", "", &app.destination.namespace);
        self.0.contains_key(&(app.destination.context.clone(), key))
    }

    /// Two Apps of one Plan must not write the same object: neither diff would be what happens.
    fn overlap(&self, input: &AppInput, steps: &[PlanStep]) -> Option<Problem> {
        let context = &input.app.destination.context;
        let shared = steps
            .iter()
            .filter_map(|step| {
                let other = self.0.get(&(context.clone(), step.key.clone()))?;
                Some(format!("{} is in App {other}, too", step.key))
            })
            .collect();
        refuse::overlap(input, shared)
    }
}

fn unplanned(input: &AppInput) -> PlannedApp {
    PlannedApp {
        id: input.app.id.clone(),
        commit: input.commit.clone(),
        prunable: Vec::new(),
        takes_everything: false,
        refused: None,
        gates: Vec::new(),
        warnings: input.warnings.clone(),
    }
}

fn plan_app(input: &AppInput, options: &PlanOptions) -> (PlannedApp, Vec<PlanStep>) {
    let id = &input.app.id;
    let selected = options.selected(id);
    if selected.is_empty() && !options.only.is_empty() {
        let mut warnings = input.warnings.clone();
        warnings.push("nothing of this App was chosen".to_owned());
        return (
            PlannedApp {
                warnings,
                ..unplanned(input)
            },
            Vec::new(),
        );
    }
    let mut chosen: Vec<&Candidate> = input
        .candidates
        .iter()
        .filter(|c| selected.is_empty() || selected.contains(&c.drift.key))
        .collect();
    in_plan_order(&mut chosen, &input.app.destination.namespace);
    let mut planned = PlannedApp {
        refused: refuse::app(input, options).or_else(|| refuse::objects(input, &chosen, options)),
        ..unplanned(input)
    };
    if planned.refused.is_some() {
        return (planned, Vec::new());
    }
    if chosen.len() < selected.len() {
        let unknown = selected
            .iter()
            .filter(|key| !chosen.iter().any(|c| c.drift.key == ***key))
            .map(|key| format!("{key} was chosen and is no object of this App"));
        planned.warnings.extend(unknown);
    }
    let mut steps: Vec<PlanStep> = chosen
        .iter()
        .filter_map(|candidate| choose::step(input, candidate, options, &mut planned.warnings))
        .collect();
    if options.kind == PlanKind::Sync {
        let prunes = prune::prunes(input, &chosen, &mut planned.warnings);
        planned.prunable = prunes.iter().map(|step| step.key.clone()).collect();
        planned.takes_everything = prune::takes_everything(input, &prunes);
        if options.prunes() {
            if let Some(problem) = prune::refuse(input, &prunes, options) {
                planned.refused = Some(problem);
                return (planned, Vec::new());
            }
            steps.extend(prunes);
        }
    } else if options.prune || options.prune_all.is_some() {
        let text = "nothing is pruned by a rollback or an adoption".to_owned();
        planned.warnings.push(text);
    }
    let (mut steps, gates) = match options.kind {
        PlanKind::Adopt => (in_order(input, steps, &[]).0, Vec::new()),
        PlanKind::Sync | PlanKind::Rollback => {
            let beside = beside(input, &chosen, &steps);
            in_order(input, steps, &beside)
        }
    };
    planned.warnings.extend(gate::warnings(&gates, &steps));
    planned.gates = gates;
    if options.kind != PlanKind::Adopt && !input.namespace_exists && !steps.is_empty() {
        match namespace_first(input, &mut steps) {
            Ok(()) => {}
            Err(problem) => {
                planned.refused = Some(problem);
                return (planned, Vec::new());
            }
        }
    }
    if options.kind != PlanKind::Adopt && steps.is_empty() && is_record_gone(input) {
        let text = "its record is gone, and with it what it holds and its history; it is written anew from what lives and carries its tracking-id";
        planned.warnings.push(text.to_owned());
        steps.push(record_anew(input));
    }
    (planned, steps)
}

/// Whether there is no record although trueup synced the App: an object lives that it applied as this App's.
fn is_record_gone(input: &AppInput) -> bool {
    let is_ours = |c: &Candidate| {
        c.desired.is_some()
            && c.live.as_ref().is_some_and(|live| {
                live.applied_by_trueup() && live.tracked_by(&input.app.id.name, &c.drift.key)
            })
    };
    matches!(input.record, RecordState::None) && input.candidates.iter().any(is_ours)
}

/// The step that does nothing but have the record written, where nothing else is to be done.
fn record_anew(input: &AppInput) -> PlanStep {
    let (app, gvk) = (&input.app, Gvk::from_api_version("v1", "ConfigMap"));
    let namespace = &app.destination.namespace;
    let key = ObjectKey::new("", "ConfigMap", namespace, &record_name(&app.id.name));
    PlanStep {
        app: app.id.clone(),
        key: key.clone(),
        action: Action::Record,
        wave: 0,
        manifest: None,
        drift: Arc::new(ObjectDrift::new(key, gvk, Verdict::InSync)),
        guard: Guard::default(),
        leftovers: Vec::new(),
        propagation: app.sync.propagation,
        unpredicted: false,
    }
}

/// Puts objects in the order that their steps would have, so that whatever names them names the same ones every time.
fn in_plan_order(chosen: &mut Vec<&Candidate>, home: &str) {
    let tasks = chosen.iter().map(|c| task(c)).collect();
    let ranks: HashMap<ObjectKey, usize> = order(tasks, home)
        .into_iter()
        .zip(0..)
        .map(|(task, rank)| (task.key, rank))
        .collect();
    chosen.sort_by_key(|c| ranks.get(&c.drift.key).copied());
}

fn task(candidate: &Candidate) -> Task {
    let desired = candidate.desired.as_ref();
    Task {
        key: candidate.drift.key.clone(),
        wave: wave_of(candidate),
        prune: desired.is_none(),
        prune_last: false,
        defines: desired.and_then(|m| defines(&m.value)),
    }
}

/// What has no step and counts where Argo CD settles the waves (`getSyncTasks`): what is as Git wants it, and what Git
/// no longer has and stays.
fn beside<'a>(
    input: &AppInput,
    chosen: &[&'a Candidate],
    steps: &[PlanStep],
) -> Vec<&'a Candidate> {
    let stepped: BTreeSet<&ObjectKey> = steps.iter().map(|step| &step.key).collect();
    let counts = |c: &Candidate| match (&c.desired, &c.live) {
        (Some(_), _) => c.drift.verdict == Verdict::InSync,
        (None, Some(live)) => live.tracked_by(&input.app.id.name, &c.drift.key),
        (None, None) => false,
    };
    let chosen = chosen.iter().copied();
    chosen
        .filter(|c| counts(c) && !stepped.contains(&c.drift.key))
        .collect()
}

/// Puts the steps of one App in order and gives them the waves that they run in, which `beside` has a part in. What of
/// that is in sync and gates later steps is given with them.
fn in_order(
    input: &AppInput,
    steps: Vec<PlanStep>,
    beside: &[&Candidate],
) -> (Vec<PlanStep>, Vec<Gate>) {
    let last: BTreeSet<&ObjectKey> = input
        .candidates
        .iter()
        .filter(|c| choose::options_of(input, c).prune_last)
        .map(|c| &c.drift.key)
        .collect();
    let tasks = steps
        .iter()
        .map(|step| Task {
            key: step.key.clone(),
            wave: step.wave,
            prune: step.action == Action::Prune,
            prune_last: last.contains(&step.key),
            defines: step.manifest.as_ref().and_then(|m| defines(&m.value)),
        })
        .chain(beside.iter().map(|c| task(c)))
        .collect();
    // A key has one step: it is either desired or not.
    let mut by_key: HashMap<ObjectKey, PlanStep> =
        steps.into_iter().map(|s| (s.key.clone(), s)).collect();
    let tasks = order(tasks, &input.app.destination.namespace);
    let in_sync: Vec<&Candidate> = match input.app.sync.out_of_sync_only {
        true => Vec::new(),
        false => beside
            .iter()
            .copied()
            .filter(|c| c.desired.is_some())
            .collect(),
    };
    let mut gates = gate::gates(&tasks, &in_sync);
    let steps = tasks
        .into_iter()
        .filter_map(|task| {
            let wave = task.wave;
            by_key
                .remove(&task.key)
                .map(|step| PlanStep { wave, ..step })
        })
        .collect::<Vec<_>>();
    let last = steps.iter().map(|step| step.wave).max();
    gates.retain(|gate| last > Some(gate.wave));
    (steps, gates)
}

/// Makes the creation of an absent destination namespace the first step: the record and the lock live in it.
fn namespace_first(input: &AppInput, steps: &mut Vec<PlanStep>) -> Result<(), Problem> {
    let name = &input.app.destination.namespace;
    let first_wave = steps.first().map_or(0, |s| s.wave);
    let key = ObjectKey::new("", "Namespace", "", name);
    if let Some(at) = steps
        .iter()
        .position(|s| s.key == key && s.action != Action::Prune)
    {
        let mut step = steps.remove(at);
        step.wave = first_wave;
        steps.insert(0, step);
        return Ok(());
    }
    if !input.app.sync.create_namespace {
        return Err(refuse::no_namespace(input));
    }
    let value: Value = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": { "name": name },
    });
    let gvk = Gvk::from_api_version("v1", "Namespace");
    let mut drift = ObjectDrift::new(key.clone(), gvk.clone(), Verdict::Missing);
    drift.confirmed = false;
    drift.predicted = Some(Arc::new(value.clone()));
    let manifest = Manifest {
        gvk,
        value: Arc::new(value),
        origin: Default::default(),
    };
    steps.insert(
        0,
        PlanStep {
            app: input.app.id.clone(),
            key,
            action: Action::CreateNamespace,
            wave: first_wave,
            manifest: Some(Arc::new(manifest)),
            drift: Arc::new(drift),
            guard: Guard::default(),
            leftovers: Vec::new(),
            propagation: input.app.sync.propagation,
            unpredicted: true,
        },
    );
    Ok(())
}

/// The keys that the App holds now, to be written ahead of a Run: those of its record, without those that are proven
/// gone, and those desired objects that live and are its own.
pub fn held(input: &AppInput, gone: &BTreeSet<ObjectKey>) -> BTreeSet<ObjectKey> {
    let mut held: BTreeSet<ObjectKey> = match &input.record {
        RecordState::Read(record) => record.inventory.0.difference(gone).cloned().collect(),
        RecordState::None | RecordState::Unreadable(_) => BTreeSet::new(),
    };
    held.extend(
        input
            .candidates
            .iter()
            .filter(|c| c.desired.is_some())
            .filter(|c| {
                c.live
                    .as_ref()
                    .is_some_and(|live| live.tracked_by(&input.app.id.name, &c.drift.key))
            })
            .map(|c| c.drift.key.clone()),
    );
    held
}

fn wave_of(candidate: &Candidate) -> i32 {
    match (&candidate.desired, &candidate.live) {
        (Some(desired), _) => wave(|name| desired.annotation(name)),
        (None, Some(live)) => wave(|name| live.annotations.get(name).map(String::as_str)),
        (None, None) => 0,
    }
}

#[cfg(test)]
mod tests;
