//! One way to run every model: named inputs and settings in, named tables out, held against the model's spec.
//!
//! What belongs here: tables of cells, settings, and the checks that all models share. What does not: reading files and
//! queries, which is done by whoever runs a model; what a model computes.

#[cfg(test)]
mod contract;
mod names;
mod settings;
mod table;
mod time;

#[cfg(test)]
mod tests;

pub use names::Names;
pub use settings::Settings;
pub use table::{Cells, Table, Texts};
pub use time::Moment;
pub(crate) use time::days_of;

use qala_core::spec::{InputForm, InputSpec, ModelSpec, OutputSpec, nearest};

use crate::Card;

/// A model that can be run by its id.
#[derive(Debug)]
pub struct Model {
    /// What goes in, what can be set, what comes out: TOML beside the code.
    pub spec: &'static str,
    /// What a person must know.
    pub card: Card,
    /// Computes the output tables, in the order of the spec.
    pub run: fn(&Run) -> Result<Vec<Table>, Refusal>,
}

impl Model {
    /// The spec.
    ///
    /// # Errors
    /// [`Refusal`] when the text is no spec or belongs to another model; a test holds this for every model.
    pub fn spec(&self) -> Result<ModelSpec, Refusal> {
        let spec =
            ModelSpec::from_toml(self.card.id, self.spec).map_err(|error| Refusal(error.to_string()))?;
        if spec.id.as_str() != self.card.id {
            return Err(Refusal(format!(
                "the spec of `{}` has the id `{}`",
                self.card.id, spec.id
            )));
        }
        Ok(spec)
    }

    /// Runs the model.
    ///
    /// # Errors
    /// [`Refusal`] when an input or a setting is missing, unknown or cannot be used; it says which one and why.
    pub fn run(
        &self,
        inputs: Vec<Input>,
        settings: &[(String, String)],
        seed: u64,
    ) -> Result<Vec<Table>, Refusal> {
        let spec = self.spec()?;
        for input in &inputs {
            accept(&spec, input)?;
        }
        if let Some(missing) = spec
            .inputs
            .iter()
            .find(|known| !known.may_be_absent && !inputs.iter().any(|input| input.name == known.name))
        {
            return Err(Refusal(format!(
                "the input `{}` is missing: {}",
                missing.name,
                wanted(missing)
            )));
        }
        let run = Run {
            inputs,
            settings: Settings::new(&spec.settings, settings)?,
            seed,
        };
        let outputs = (self.run)(&run)?;
        check_outputs(&spec.outputs, &outputs)?;
        Ok(outputs)
    }
}

/// What is handed to a model under a name of its spec.
#[derive(Debug, Clone)]
pub struct Input {
    /// The input's name.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// What an input holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// A table.
    Table(Table),
    /// The bytes of a file, unpacked.
    File(Vec<u8>),
}

/// Why a model does not run: which input, row, column or setting, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// Inputs and settings that were held against the spec.
#[derive(Debug)]
pub struct Run {
    inputs: Vec<Input>,
    settings: Settings,
    seed: u64,
}

impl Run {
    /// A table the spec asks for.
    ///
    /// # Errors
    /// [`Refusal`] when it is not there.
    pub fn table(&self, name: &str) -> Result<&Table, Refusal> {
        self.maybe_table(name)
            .ok_or_else(|| Refusal(format!("the input `{name}` is missing")))
    }

    /// A table the spec allows to be absent.
    pub fn maybe_table(&self, name: &str) -> Option<&Table> {
        self.inputs.iter().find_map(|input| match &input.content {
            Content::Table(table) if input.name == name => Some(table),
            _ => None,
        })
    }

    /// The bytes of a file the spec asks for.
    ///
    /// # Errors
    /// [`Refusal`] when it is not there.
    pub fn file(&self, name: &str) -> Result<&[u8], Refusal> {
        self.inputs
            .iter()
            .find_map(|input| match &input.content {
                Content::File(bytes) if input.name == name => Some(bytes.as_slice()),
                _ => None,
            })
            .ok_or_else(|| Refusal(format!("the input `{name}` is missing")))
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The seed of whatever is drawn.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Says whether an input is one of the spec's, with columns that it knows.
fn accept(spec: &ModelSpec, input: &Input) -> Result<(), Refusal> {
    let Some(known) = spec.inputs.iter().find(|known| known.name == input.name) else {
        return Err(unknown(
            "input",
            &input.name,
            spec.inputs.iter().map(|i| i.name.as_str()),
        ));
    };
    let table = match (&input.content, known.form) {
        (Content::Table(table), InputForm::Table) => table,
        (Content::File(_), InputForm::File) => return Ok(()),
        (Content::Table(_), InputForm::File) => {
            return Err(Refusal(format!(
                "the input `{}` must be a file, not a query",
                known.name
            )));
        }
        (Content::File(_), InputForm::Table) => {
            return Err(Refusal(format!(
                "the input `{}` must be a table: {}",
                known.name,
                wanted(known)
            )));
        }
    };
    for name in table.names() {
        if !known
            .columns
            .iter()
            .chain(&known.optional)
            .any(|column| column == name)
        {
            let columns = known.columns.iter().chain(&known.optional).map(String::as_str);
            let Refusal(message) = unknown("column", name, columns);
            return Err(Refusal(format!("input `{}`: {message}", known.name)));
        }
    }
    match known.columns.iter().find(|name| !table.has(name)) {
        Some(missing) => Err(Refusal(format!(
            "input `{}`: the column `{missing}` is missing; {}",
            known.name,
            wanted(known)
        ))),
        None => Ok(()),
    }
}

fn wanted(input: &InputSpec) -> String {
    match (input.form, input.optional.is_empty()) {
        (InputForm::File, _) => "a file".to_owned(),
        (InputForm::Table, true) => format!("a table with {}", input.columns.join(", ")),
        (InputForm::Table, false) => {
            format!(
                "a table with {} and, if known, {}",
                input.columns.join(", "),
                input.optional.join(", ")
            )
        }
    }
}

fn unknown<'a>(what: &str, written: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refusal {
    let all = known.clone().collect::<Vec<_>>().join(", ");
    Refusal(match nearest(written, known) {
        Some(best) => format!("unknown {what} `{written}`; did you mean `{best}`? (known: {all})"),
        None => format!("unknown {what} `{written}` (known: {all})"),
    })
}

/// Holds what a model gave against its spec: a fault here is a fault of the model.
fn check_outputs(specs: &[OutputSpec], outputs: &[Table]) -> Result<(), Refusal> {
    let is_given = |spec: &&OutputSpec| !spec.may_be_absent || outputs.iter().any(|t| t.name() == spec.name);
    let specs: Vec<&OutputSpec> = specs.iter().filter(is_given).collect();
    for (spec, table) in specs.iter().zip(outputs) {
        let mut names = table.names();
        let mut given = names.next();
        for column in &spec.columns {
            if given == Some(&column.name) {
                given = names.next();
            } else if !column.optional {
                return Err(Refusal(format!(
                    "the model gave no column `{}` in `{}`",
                    column.name, spec.name
                )));
            }
        }
        if given.is_some() || table.name() != spec.name {
            return Err(Refusal(format!(
                "the model gave `{}` in other columns than its spec says",
                table.name()
            )));
        }
    }
    if specs.len() == outputs.len() {
        Ok(())
    } else {
        Err(Refusal(
            "the model gave another number of tables than its spec says".to_owned(),
        ))
    }
}
