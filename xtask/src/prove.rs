//! `prove` runs what is too long for every commit and writes docs/PROOF.md; `bench` runs its measurements only.
//!
//! What belongs here: the list of steps and the report. What does not: the tests themselves. A test gives the
//! report a figure by printing a line `proof: …`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use crate::{print, shell};

#[cfg(test)]
mod tests;

const REPORT: &str = "docs/PROOF.md";
/// The outcomes of steps between runs. Beside the report, so that a part that is run on another machine leaves the rest in it.
const KEPT: &str = "docs/proof.toml";
/// How much of a failed step's output the report keeps.
const LAST_LINES: usize = 30;

/// One command of the proof.
struct Step {
    /// A few words that say what is proved.
    name: &'static str,
    kind: Kind,
    /// A shell command line, run in the workspace root.
    command: &'static str,
    /// Minutes it may take on two cores with a warm target directory.
    budget_minutes: u64,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// True or false.
    Test,
    /// Figures.
    Bench,
}

/// The steps, in the order they run: edit here. A step whose command runs no test at all counts as failed, so
/// that a renamed test cannot leave the proof in silence.
const PROOF_STEPS: &[Step] = &[
    Step {
        name: "every test of every commit",
        kind: Kind::Test,
        command: "cargo test --workspace --no-fail-fast",
        budget_minutes: 40,
    },
    Step {
        name: "the lake on a simulated disk: what was acknowledged is there, once",
        kind: Kind::Test,
        command: "cargo test --workspace --test it simulation_of_ten_thousand_seeds -- --ignored --nocapture",
        budget_minutes: 60,
    },
    Step {
        name: "every answer of queries beside writers is the model's at its own _seq",
        kind: Kind::Test,
        command: "cargo test --workspace --test it crowd_of_two_hundred_seeds -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "the registry on a simulated disk",
        kind: Kind::Test,
        command: "cargo test --workspace --lib proof -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "planted faults of the seeded city are found: recall and precision by kind, false alarms on clean data",
        kind: Kind::Test,
        command: "cargo test --workspace --test it feed_trust_on_three_seeds -- --ignored --nocapture",
        budget_minutes: 15,
    },
    Step {
        name: "indicators of the books against the truth of a seed that was not used while they were written",
        kind: Kind::Test,
        command: "cargo test --workspace --test it the_truth_of_another_seed -- --ignored --nocapture",
        budget_minutes: 15,
    },
    Step {
        name: "two hundred kills of the real program under ingest",
        kind: Kind::Test,
        command: "cargo test --workspace --test it two_hundred_kills -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "a hundred kills of the real program while devices send",
        kind: Kind::Test,
        command: "cargo test --workspace --test it survive_a_hundred_kills -- --ignored --nocapture",
        budget_minutes: 15,
    },
    Step {
        name: "fifty kills each of the real program under ingest from a broker, MQTT 3.1.1 and 5, QoS 1 and 2",
        kind: Kind::Test,
        command: "cargo test --workspace --test it fifty_kills_each -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "a thousand alarms over a hundred kills: each contact is told once on each channel",
        kind: Kind::Test,
        command: "cargo test --workspace --test it a_thousand_alarms -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "alarms: fifty thousand events in a minute, from the event to the screen",
        kind: Kind::Test,
        command: "cargo test --workspace --test it a_storm_of_fifty_thousand -- --ignored --nocapture && \
            cargo test --workspace --test it from_the_event_to_the_screen -- --ignored --nocapture",
        budget_minutes: 15,
    },
    Step {
        name: "alarm rules on what is planted in the seeded city, by rule: recall, precision, delay",
        kind: Kind::Test,
        command: "cargo test --workspace --test it alarm_rules_on_two_seeds -- --ignored --nocapture",
        budget_minutes: 20,
    },
    Step {
        name: "the same answers on two Ballista executors",
        kind: Kind::Test,
        command: "cargo test -p qala-cluster --features cluster -- --nocapture",
        budget_minutes: 60,
    },
    Step {
        name: "the same indicators on two Ballista executors",
        kind: Kind::Test,
        command: "rm -rf target/prove-city && \
            cargo run --quiet --bin qala -- demo --fill-only --history 3 --start 2026-03-02T08:00 --data target/prove-city && \
            QALA_CITY_DATA=target/prove-city \
            cargo test -p qala-cluster --features cluster --test it seeded_city -- --ignored --nocapture",
        budget_minutes: 30,
    },
    Step {
        name: "the same indicators by plans as they are first made",
        kind: Kind::Test,
        command: "{ [ -d target/prove-city ] || \
            cargo run --quiet --bin qala -- demo --fill-only --history 3 --start 2026-03-02T08:00 --data target/prove-city; } && \
            QALA_CITY_DATA=target/prove-city \
            cargo test --workspace --test it indicators_by_plain_plans -- --ignored --nocapture",
        budget_minutes: 30,
    },
    Step {
        name: "the same CSV into Qala and into PostgreSQL; JSON",
        kind: Kind::Bench,
        command: "python3 benches/ingest.py",
        budget_minutes: 15,
    },
    Step {
        name: "readings of devices through SensorThings",
        kind: Kind::Bench,
        command: "python3 benches/devices.py",
        budget_minutes: 5,
    },
    Step {
        name: "readings through a broker",
        kind: Kind::Bench,
        command: "python3 benches/mqtt.py",
        budget_minutes: 10,
    },
    Step {
        name: "two hundred million rows: memory, dashboards, rollups, scans beside DuckDB, ingest beside a query",
        kind: Kind::Bench,
        command: "python3 benches/scan.py",
        budget_minutes: 30,
    },
    Step {
        name: "the seeded city: filled with three years, then live at 1, 10 and 50 times real speed",
        kind: Kind::Bench,
        command: "python3 benches/live.py --fill 1103",
        budget_minutes: 40,
    },
    Step {
        name: "the log alone",
        kind: Kind::Bench,
        command: "cargo test --workspace --lib log_speed -- --ignored --nocapture",
        budget_minutes: 5,
    },
    Step {
        name: "a map, and one ten times as large: time and memory",
        kind: Kind::Bench,
        command: "cargo test --workspace --lib a_map_ten_times_as_large -- --ignored --nocapture",
        budget_minutes: 5,
    },
    Step {
        name: "local statistics with conditional permutation beside esda: 1,000 to 100,000 cells",
        kind: Kind::Bench,
        command: "python3 benches/spatial.py",
        budget_minutes: 60,
    },
    Step {
        name: "the timetable of New York with statistics of its routes, beside gtfs-kit",
        kind: Kind::Bench,
        command: "python3 benches/gtfs.py",
        budget_minutes: 5,
    },
    Step {
        name: "speed of the CSV parser",
        kind: Kind::Bench,
        command: "cargo test --workspace --lib csv_speed -- --ignored --nocapture",
        budget_minutes: 5,
    },
];

/// Runs every step, or those whose name contains `part`, and writes the report with what is known of all of them: hours of
/// work can be done in parts. Fails when a step that was run failed.
pub(crate) fn prove(root: &Path, part: Option<&str>) -> anyhow::Result<()> {
    let chosen: Vec<&Step> = PROOF_STEPS
        .iter()
        .filter(|step| part.is_none_or(|part| step.name.contains(part)))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = PROOF_STEPS.iter().map(|step| step.name).collect();
        bail!(
            "no step has this in its name; the steps are:\n{}",
            names.join("\n")
        );
    }
    let kept = root.join(KEPT);
    if part.is_none() {
        Known::default().keep(&kept)?;
    }
    let mut outcomes = Vec::new();
    for step in chosen {
        let outcome = run(root, step)?;
        // Read again: another part may run beside this one.
        let mut known = Known::read(&kept)?;
        known.steps.insert(step.name.to_owned(), outcome.clone());
        outcomes.push((step, outcome));
        // After each step: hours of work are not lost to the last of them.
        known.keep(&kept)?;
        std::fs::write(root.join(REPORT), render(&known))
            .with_context(|| format!("{REPORT} cannot be written"))?;
    }
    print::line(&format!("prove: wrote {REPORT}"));
    verdict(&outcomes)
}

/// Runs the measurements and prints their figures.
pub(crate) fn bench(root: &Path) -> anyhow::Result<()> {
    let mut outcomes = Vec::new();
    for step in PROOF_STEPS.iter().filter(|step| step.kind == Kind::Bench) {
        outcomes.push((step, run(root, step)?));
    }
    for figure in outcomes.iter().flat_map(|(_, outcome)| &outcome.figures) {
        print::line(&format!("bench: {figure}"));
    }
    verdict(&outcomes)
}

/// The last outcome of each step by its name.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    steps: BTreeMap<String, Outcome>,
}

impl Known {
    fn read(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                toml::from_str(&text).with_context(|| format!("{} is damaged; remove it", path.display()))
            }
            Err(_) => Ok(Self::default()),
        }
    }

    fn keep(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, toml::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// What came of a step.
#[derive(Clone, Serialize, Deserialize)]
struct Outcome {
    seconds: f64,
    /// `None` when it passed, else why not.
    fault: Option<String>,
    /// What its tests printed after `proof: `.
    figures: Vec<String>,
    /// Of one that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    last_lines: Vec<String>,
    about: About,
}

impl Outcome {
    fn result(&self, step: &Step) -> String {
        match &self.fault {
            Some(fault) => format!("FAILED: {fault}"),
            None if self.seconds > (step.budget_minutes * 60) as f64 => "passed, over its budget".to_owned(),
            None => "passed".to_owned(),
        }
    }
}

fn run(root: &Path, step: &Step) -> anyhow::Result<Outcome> {
    print::line(&format!("== {} ==\n$ {}", step.name, step.command));
    let about = About::ask(root);
    let start = Instant::now();
    let output = shell::run_and_keep(root, step.command)?;
    let fault = if !output.success {
        Some("the command failed".to_owned())
    } else if tests_passed(&output.lines) == Some(0) {
        Some("no test ran".to_owned())
    } else {
        None
    };
    let place = root.display().to_string();
    let figures = output
        .lines
        .iter()
        .filter_map(|line| Some(figure(line)?.trim_end().replace(&place, ".")))
        .collect();
    let last = match fault {
        Some(_) => output.lines.len().saturating_sub(LAST_LINES),
        None => output.lines.len(),
    };
    let last_lines = output.lines[last..]
        .iter()
        .map(|line| line.replace(&place, "."))
        .collect();
    let outcome = Outcome {
        seconds: start.elapsed().as_secs_f64(),
        fault,
        figures,
        last_lines,
        about,
    };
    let (result, took) = (outcome.result(step), minutes(outcome.seconds));
    print::line(&format!("== {}: {result}, {took} ==", step.name));
    Ok(outcome)
}

fn verdict(outcomes: &[(&Step, Outcome)]) -> anyhow::Result<()> {
    let failed = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.fault.is_some())
        .count();
    if failed > 0 {
        bail!("{failed} of {} steps failed", outcomes.len());
    }
    Ok(())
}

/// The figure in a line of output. One thread of tests writes `test name ... ` before what the test prints.
fn figure(line: &str) -> Option<String> {
    let text = match line.split_once(" ... ") {
        Some((before, after)) if before.starts_with("test ") => after,
        _ => line,
    };
    text.strip_prefix("proof: ").map(str::to_owned)
}

/// How many tests passed by the `test result:` lines, or nothing when there is no such line.
fn tests_passed(lines: &[String]) -> Option<u64> {
    let mut sum = None;
    for line in lines.iter().filter(|line| line.starts_with("test result:")) {
        let before = line.split(" passed").next().unwrap_or_default();
        let passed: u64 = before
            .rsplit(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        sum = Some(sum.unwrap_or(0) + passed);
    }
    sum
}

/// When, of what, and on which machine.
#[derive(Clone, Serialize, Deserialize)]
struct About {
    date: String,
    commit: String,
    machine: String,
    compiler: String,
}

impl About {
    fn ask(root: &Path) -> Self {
        let unknown = || "unknown".to_owned();
        let mut commit = shell::ask(root, "git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(unknown);
        let changes = shell::ask(
            root,
            "git",
            &[
                "status",
                "--porcelain",
                "--",
                ".",
                ":!docs/PROOF.md",
                ":!docs/proof.toml",
            ],
        );
        if changes.is_some_and(|changes| !changes.is_empty()) {
            commit.push_str(" with changes");
        }
        Self {
            date: shell::ask(root, "date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_else(unknown),
            commit,
            machine: machine(),
            compiler: shell::ask(root, "rustc", &["--version"]).unwrap_or_else(unknown),
        }
    }
}

fn machine() -> String {
    let field = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores =
        std::thread::available_parallelism().map_or("? cores".to_owned(), |cores| format!("{cores} cores"));
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok())
        .map_or("? GiB".to_owned(), |kibibytes| {
            format!("{} GiB", (kibibytes + 524_288) / 1_048_576)
        });
    format!("{processor}, {cores}, {memory} of memory")
}

fn minutes(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let whole = seconds as u64;
    format!("{} min {:02} s", whole / 60, whole % 60)
}

fn render(known: &Known) -> String {
    let mut text = String::from("# Proof\n\nWritten by `make prove`; not edited by hand.\n\n");
    let done: Vec<_> = PROOF_STEPS
        .iter()
        .filter_map(|step| Some((step, known.steps.get(step.name)?)))
        .collect();
    let mut machines: Vec<String> = done
        .iter()
        .map(|(_, outcome)| format!("{}; {}", outcome.about.machine, outcome.about.compiler))
        .collect();
    machines.sort();
    machines.dedup();
    for machine in machines {
        let _ = writeln!(text, "- Machine: {machine}");
    }
    let missing: Vec<&str> = PROOF_STEPS
        .iter()
        .filter(|step| !known.steps.contains_key(step.name))
        .map(|step| step.name)
        .collect();
    if !missing.is_empty() {
        let _ = writeln!(text, "- **Not run: {}**", missing.join("; "));
    }
    text.push_str("\n| step | result | time | budget | when | commit |\n|---|---|---|---|---|---|\n");
    for (step, outcome) in &done {
        let Step {
            name, budget_minutes, ..
        } = step;
        let (result, took) = (outcome.result(step), minutes(outcome.seconds));
        let About { date, commit, .. } = &outcome.about;
        let _ = writeln!(
            text,
            "| {name} | {result} | {took} | {budget_minutes} min | {date} | {commit} |"
        );
    }
    for (step, outcome) in &done {
        let Step { name, command, .. } = step;
        let (result, took) = (outcome.result(step), minutes(outcome.seconds));
        let _ = write!(text, "\n## {name}\n\n`{command}`: {result}, {took}.\n");
        if !outcome.figures.is_empty() {
            text.push('\n');
        }
        for figure in &outcome.figures {
            let _ = writeln!(text, "- {figure}");
        }
        if outcome.fault.is_some() {
            let _ = write!(text, "\n```text\n{}\n```\n", outcome.last_lines.join("\n"));
        }
    }
    text
}
