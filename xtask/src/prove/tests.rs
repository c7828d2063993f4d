use super::*;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn figures_are_found_alone_and_behind_the_name_of_a_test() {
    assert_eq!(figure("proof: 120 000 rows/s"), Some("120 000 rows/s".to_owned()));
    assert_eq!(
        figure("test ingest::rate ... proof: 5 ms"),
        Some("5 ms".to_owned())
    );
    assert_eq!(figure("this is waterproof: yes"), None);
    assert_eq!(figure("he said ... proof: no"), None);
}

#[test]
fn passed_tests_are_summed_over_binaries() {
    let output = lines(
        "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\nnoise\n\
         test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
    );
    assert_eq!(tests_passed(&output), Some(7));
    assert_eq!(tests_passed(&lines("no tests here")), None);
}

fn outcome(fault: Option<&str>, seconds: f64) -> Outcome {
    Outcome {
        seconds,
        fault: fault.map(str::to_owned),
        figures: vec!["7 of 7".to_owned()],
        last_lines: lines("last words"),
        about: About {
            date: "today".to_owned(),
            commit: "abc".to_owned(),
            machine: "one".to_owned(),
            compiler: "rustc".to_owned(),
        },
    }
}

#[test]
fn the_report_shows_results_figures_and_the_end_of_a_failure_and_what_was_not_run() {
    let [first, second, third, ..] = PROOF_STEPS else {
        unreachable!()
    };
    let mut known = Known::default();
    let failed = outcome(Some("the command failed"), 65.0);
    known.steps.insert(second.name.to_owned(), failed);
    known.steps.insert(first.name.to_owned(), outcome(None, 5.0));
    known
        .steps
        .insert("a step of the past".to_owned(), outcome(None, 5.0));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proof.toml");
    known.keep(&path).unwrap();
    let report = render(&Known::read(&path).unwrap());
    let row = format!(
        "| {} | passed | 5.0 s | {} min | today | abc |",
        first.name, first.budget_minutes
    );
    assert!(report.contains(&row), "{report}");
    let row = format!("| {} | FAILED: the command failed | 1 min 05 s |", second.name);
    assert!(report.contains(&row), "{report}");
    assert!(
        report.contains("- 7 of 7\n") && !report.contains("of the past"),
        "{report}"
    );
    assert!(
        report.contains(&format!("- **Not run: {}; ", third.name)),
        "{report}"
    );
    assert_eq!(report.matches("last words").count(), 1, "{report}");
    assert!(report.lines().all(|line| line == line.trim_end()), "{report}");
}

#[test]
fn a_step_over_its_budget_passes_and_says_so() {
    let step = &PROOF_STEPS[0];
    let late = outcome(None, (step.budget_minutes * 60 + 1) as f64);
    assert_eq!(late.result(step), "passed, over its budget");
    assert!(verdict(&[(step, late)]).is_ok());
    assert!(verdict(&[(step, outcome(Some("no test ran"), 1.0))]).is_err());
}

#[test]
fn a_command_that_runs_no_test_is_a_failure() {
    let nothing = Step {
        name: "nothing",
        kind: Kind::Test,
        command: "echo 'test result: ok. 0 passed; 0 failed'",
        budget_minutes: 1,
    };
    let outcome = run(Path::new("."), &nothing).unwrap();
    assert_eq!(outcome.result(&nothing), "FAILED: no test ran");
}

#[test]
fn an_unknown_part_is_told_with_the_steps() {
    let error = prove(Path::new("/nowhere"), Some("no such step")).unwrap_err();
    assert!(error.to_string().contains(PROOF_STEPS[0].name), "{error}");
}
