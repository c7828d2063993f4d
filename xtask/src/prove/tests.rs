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

static STEP: Step = Step {
    name: "a thing",
    kind: Kind::Test,
    command: "true",
    budget_minutes: 1,
};

fn outcome(fault: Option<&str>, seconds: u64) -> Outcome {
    Outcome {
        step: &STEP,
        took: Duration::from_secs(seconds),
        fault: fault.map(str::to_owned),
        figures: vec!["7 of 7".to_owned()],
        last_lines: lines("last words"),
    }
}

fn about() -> About {
    let text = |text: &str| text.to_owned();
    About {
        date: text("today"),
        commit: text("abc"),
        machine: text("one"),
        compiler: text("rustc"),
    }
}

#[test]
fn the_report_shows_results_figures_and_the_end_of_a_failure() {
    let report = render(
        &about(),
        &[outcome(None, 5), outcome(Some("the command failed"), 65)],
    );
    assert!(
        report.contains("| a thing | passed | 5.0 s | 1 min |"),
        "{report}"
    );
    assert!(
        report.contains("| a thing | FAILED: the command failed | 1 min 05 s | 1 min |"),
        "{report}"
    );
    assert!(report.contains("- 7 of 7\n"), "{report}");
    assert_eq!(report.matches("last words").count(), 1, "{report}");
    assert!(report.lines().all(|line| line == line.trim_end()), "{report}");
}

#[test]
fn a_step_over_its_budget_passes_and_says_so() {
    assert_eq!(outcome(None, 61).result(), "passed, over its budget");
    assert!(verdict(&[outcome(None, 61)]).is_ok());
    assert!(verdict(&[outcome(Some("no test ran"), 1)]).is_err());
}

#[test]
fn a_command_that_runs_no_test_is_a_failure() {
    static NOTHING: Step = Step {
        name: "nothing",
        kind: Kind::Test,
        command: "echo 'test result: ok. 0 passed; 0 failed'",
        budget_minutes: 1,
    };
    let outcomes = run(Path::new("."), std::iter::once(&NOTHING), |_| Ok(())).unwrap();
    assert_eq!(outcomes[0].result(), "FAILED: no test ran");
}
