//! Whether a scheduled run fits its model and the datasets it fills.

use qala_core::spec::{
    Column, ColumnType, DatasetSpec, InputForm, Kind, ModelSpec, OWN_COLUMNS, RunOutput, RunSpec, nearest,
};

fn unknown<'a>(what: &str, written: &str, known: impl Iterator<Item = &'a str>) -> String {
    let hint = nearest(written, known);
    let hint = hint.map(|h| format!("; did you mean `{h}`?")).unwrap_or_default();
    format!("there is no {what} `{written}`{hint}")
}

/// What is wrong with a run, one sentence each.
pub fn run_faults(run: &RunSpec, datasets: &[&DatasetSpec]) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(model) = qala_models::model(run.model.as_str()) else {
        let known = qala_models::models().map(|model| model.card.id);
        return vec![format!(
            "run {}: {}",
            run.id,
            unknown("model", run.model.as_str(), known)
        )];
    };
    match model.spec() {
        Ok(spec) => {
            faults.extend(of_model(run, &spec));
            for (name, output) in &run.outputs {
                let known = spec.outputs.iter().find(|o| o.name == *name);
                let columns: Vec<&str> = known
                    .map(|o| o.columns.iter().map(|c| c.name.as_str()).collect())
                    .unwrap_or_default();
                let found = of_output(output, &columns, datasets);
                faults.extend(found.into_iter().map(|fault| format!("output `{name}`: {fault}")));
            }
        }
        Err(refusal) => faults.push(refusal.to_string()),
    }
    faults
        .iter()
        .map(|fault| format!("run {}: {fault}", run.id))
        .collect()
}

fn of_model(run: &RunSpec, spec: &ModelSpec) -> Vec<String> {
    let mut faults = Vec::new();
    for name in run.inputs.keys() {
        match spec.inputs.iter().find(|input| input.name == *name) {
            None => faults.push(unknown(
                "input",
                name,
                spec.inputs.iter().map(|i| i.name.as_str()),
            )),
            Some(input) if input.form == InputForm::File => {
                faults.push(format!("the input `{name}` is a file; a query gives a table"));
            }
            Some(_) => {}
        }
    }
    for input in spec.inputs.iter().filter(|input| !input.may_be_absent) {
        if !run.inputs.contains_key(&input.name) {
            faults.push(format!("the input `{}` is missing", input.name));
        }
    }
    for name in run.settings.keys() {
        if !spec.settings.iter().any(|setting| setting.name == *name) {
            faults.push(unknown(
                "setting",
                name,
                spec.settings.iter().map(|s| s.name.as_str()),
            ));
        }
    }
    for name in run.outputs.keys() {
        if !spec.outputs.iter().any(|output| output.name == *name) {
            faults.push(unknown(
                "output",
                name,
                spec.outputs.iter().map(|o| o.name.as_str()),
            ));
        }
    }
    faults
}

fn of_output(output: &RunOutput, columns: &[&str], datasets: &[&DatasetSpec]) -> Vec<String> {
    let mut faults = Vec::new();
    let Some(dataset) = datasets.iter().find(|d| d.name == output.dataset) else {
        return vec![unknown(
            "dataset",
            output.dataset.as_str(),
            datasets.iter().map(|d| d.name.as_str()),
        )];
    };
    if dataset.kind == Kind::State || !dataset.internal {
        faults.push(format!(
            "`{}` must be a snapshot or events that only the program writes (`internal = true`)",
            dataset.name
        ));
    }
    for (column, from) in &output.columns {
        if !columns.contains(&from.as_str()) {
            faults.push(unknown("column of the model", from, columns.iter().copied()));
        }
        if OWN_COLUMNS.contains(&column.as_str()) {
            faults.push(format!("the column `{column}` is filled by the runner"));
        }
    }
    let with = output.with.iter().flat_map(|with| &with.columns);
    let filled: Vec<&String> = output.columns.keys().chain(with).collect();
    for column in &filled {
        match dataset.column(column) {
            None => faults.push(unknown(
                "column",
                column,
                dataset.columns.iter().map(|c| c.name.as_str()),
            )),
            Some(Column {
                kind: ColumnType::Decimal,
                ..
            }) => {
                faults.push(format!("the column `{column}` is a decimal; models give floats"));
            }
            Some(_) => {}
        }
    }
    if let Some(with) = &output.with {
        for column in with.on.iter().filter(|on| !columns.contains(&on.as_str())) {
            faults.push(unknown("column of the model", column, columns.iter().copied()));
        }
    }
    let is_own = |name: &str| OWN_COLUMNS.contains(&name);
    for column in dataset.columns.iter().filter(|c| c.required) {
        if !is_own(&column.name) && !filled.contains(&&column.name) {
            faults.push(format!(
                "nothing fills the column `{}`, which every row must have",
                column.name
            ));
        }
    }
    if let Some(few) = &output.few
        && dataset.column(few).is_none_or(|c| c.kind != ColumnType::Int)
    {
        faults.push(format!(
            "`few` names `{few}`, which is no column of whole numbers"
        ));
    }
    faults
}
