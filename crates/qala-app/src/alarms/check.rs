//! Whether the rules and contacts of alarms fit what they name.

use std::collections::BTreeSet;

use qala_core::FunctionId;
use qala_core::spec::{AlarmSpec, AlarmWhen, DatasetSpec, FeedSpec, IndicatorSpec, NoticeSpec, nearest};

fn unknown<'a>(what: &str, written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let hint = nearest(written, known);
    let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
    format!("there is no {what} `{written}`{hint}")
}

/// What is wrong with the rules and contacts, one sentence each.
pub fn alarm_faults(
    rules: &[AlarmSpec],
    notice: &NoticeSpec,
    indicators: &[IndicatorSpec],
    datasets: &[DatasetSpec],
    feeds: &[FeedSpec],
    functions: &BTreeSet<FunctionId>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let function = |id: &FunctionId| {
        (!functions.contains(id))
            .then(|| unknown("function", id.as_str(), functions.iter().map(FunctionId::as_str)))
    };
    for rule in rules {
        let id = &rule.id;
        let mut wrong = Vec::new();
        wrong.extend(function(&rule.owner_function));
        wrong.extend(
            rule.escalation
                .iter()
                .filter_map(|step| function(step.function.as_ref()?)),
        );
        if let Some(whole) = &rule.part_of
            && !rules.iter().any(|other| other.id == *whole)
        {
            wrong.push(unknown(
                "rule",
                whole.as_str(),
                rules.iter().map(|r| r.id.as_str()),
            ));
        }
        if let Some((indicator, grain)) = rule.series() {
            match indicators.iter().find(|spec| spec.id == *indicator) {
                None => wrong.push(unknown(
                    "indicator",
                    indicator.as_str(),
                    indicators.iter().map(|spec| spec.id.as_str()),
                )),
                Some(spec) if !spec.grains.contains(&grain) => {
                    wrong.push(format!("the indicator `{indicator}` has no grain `{grain}`"));
                }
                Some(_) => {}
            }
        }
        match &rule.when {
            AlarmWhen::Event { dataset, .. } if !datasets.iter().any(|spec| spec.name == *dataset) => {
                wrong.push(unknown(
                    "dataset",
                    dataset.as_str(),
                    datasets.iter().map(|spec| spec.name.as_str()),
                ));
            }
            AlarmWhen::Missing { feeds: named, .. } => {
                let lost = named
                    .iter()
                    .filter(|feed| !feeds.iter().any(|spec| spec.id == **feed));
                wrong.extend(
                    lost.map(|feed| {
                        unknown("feed", feed.as_str(), feeds.iter().map(|spec| spec.id.as_str()))
                    }),
                );
            }
            _ => {}
        }
        faults.extend(wrong.into_iter().map(|fault| format!("alarm {id}: {fault}")));
    }
    for contact in &notice.contact {
        let lost = contact.functions.iter().filter_map(function);
        faults.extend(lost.map(|fault| format!("contact {}: {fault}", contact.id)));
    }
    faults.extend(
        notice
            .outside_function
            .iter()
            .filter_map(function)
            .map(|fault| format!("outside_function: {fault}")),
    );
    faults
}
