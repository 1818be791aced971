//! trueup: wires the rooms together.
use std::sync::Arc;
use trueup::engine::*;
use trueup::settings::*;
#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let env: Environment = std::env::vars().collect();
    let places = Places::find(&env, None).unwrap();
    let loaded = load(&places, &env, &[]).unwrap();
    let machine = Machine {
        here: std::env::current_dir().unwrap(),
        kubeconfig: std::env::var_os("KUBECONFIG"),
        places,
        host: "h".into(),
        live: true,
        revision: None,
    };
    let (options, connector) = assemble(&loaded.settings, &machine);
    let mut engine = Engine::start(options, connector, Arc::new(trueup::domain::SystemClock));
    let t0 = std::time::Instant::now();
    let args: Vec<String> = std::env::args().collect();
    let mut done = false;
    while let Some(report) = engine.report().await {
        match report {
            Report::Changed => {
                let s = engine.snapshot();
                println!(
                    "{:?} settled={} rev={}",
                    t0.elapsed(),
                    s.settled,
                    s.revision
                );
                for c in &s.clusters {
                    println!(
                        "  cluster {} {:?} {} {:?} {:?}",
                        c.context, c.reach, c.version, c.rights, c.problems
                    );
                }
                for p in &s.problems {
                    println!("  P {p:?}");
                }
                for a in &s.apps {
                    println!(
                        "  app {} {:?} {:?} {:?} {:?} ahead={:?} problems={:?}",
                        a.app.id,
                        a.state,
                        a.sync,
                        a.counts,
                        a.health.as_ref().map(|h| h.status),
                        a.ahead,
                        a.problems.iter().map(|p| p.to_string()).collect::<Vec<_>>()
                    );
                    for o in &a.objects {
                        if o.drift.is_drift() || o.drift.problem.is_some() {
                            println!(
                                "     {:?} {} {:?} {:?}",
                                o.drift.verdict,
                                o.drift.key,
                                o.drift.problem.as_ref().map(|p| p.to_string()),
                                o.drift
                                    .fields
                                    .iter()
                                    .map(|f| f.path.to_string())
                                    .collect::<Vec<_>>()
                            );
                        } else {
                            println!(
                                "     ok {} foreign {:?} {:?}",
                                o.drift.key,
                                o.drift
                                    .foreign
                                    .iter()
                                    .map(|f| f.path.to_string())
                                    .collect::<Vec<_>>(),
                                o.health.as_ref().map(|h| h.status)
                            );
                        }
                    }
                }
                if s.settled && !done && args.len() > 1 {
                    done = true;
                    engine.send(Request::Draw(
                        Ticket(1),
                        Draw::Sync {
                            apps: s.apps.iter().map(|a| a.app.id.clone()).collect(),
                            only: vec![],
                            prune: args[1] == "prune",
                            prune_all: None,
                            adopt: args[1] == "adopt",
                        },
                    ));
                }
            }
            Report::Drawn(t, Ok(plan)) => {
                for a in &plan.apps {
                    println!(
                        "PLAN {} refused={:?} warn={:?} prunable={:?}",
                        a.id, a.refused, a.warnings, a.prunable
                    );
                }
                for s in &plan.steps {
                    println!(
                        "  STEP {} {:?} {} wave {} force {} unpred {}",
                        s.app.name, s.action, s.key, s.wave, s.guard.force, s.unpredicted
                    );
                }
                engine.send(Request::Run(t, plan));
            }
            Report::Run(_, v) => println!(
                "RUN waiting={:?} {:?} {:?} {:?}",
                v.waiting,
                v.outcome,
                v.problem,
                v.steps
                    .iter()
                    .filter(|s| !matches!(s, StepState::Waiting))
                    .last()
            ),
            r => println!("{r:?}"),
        }
    }
}
