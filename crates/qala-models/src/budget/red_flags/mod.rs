//! Red flags of public procurement, by the definitions of the Open Contracting Partnership's Cardinal
//! (<https://cardinal.readthedocs.io/en/latest/cli/indicators/>).
//!
//! What belongs here: reading OCDS releases and eleven indicators over them. What does not: fetching releases, and what is
//! done about a flag.

mod across;
mod fence;
mod process;
mod read;
mod settings;
mod within;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

pub use process::{Award, Bid, Organisations, Process};
pub use read::read;
pub use settings::{CODES, Options};

use crate::Card;
use crate::run::{Model, Refusal, Run, Table};

/// Finds red flags in OCDS releases.
pub static MODEL: Model = Model {
    spec: include_str!("spec.toml"),
    card: Card {
        id: "contracts.red_flags",
        purpose: "Says which contracting processes, buyers and tenderers show a pattern that is known from corruption and \
                  collusion, and is worth a look.",
        method: "Eleven indicators by the definitions of Cardinal (Open Contracting Partnership): R003 short submission \
                 period, R018 single bid, R024 price close to the winning bid, R025 excessive unsuccessful bids, R028 \
                 identical bid prices, R030 late bid won, R035 all but the winner disqualified, R036 lowest bid \
                 disqualified, R038 excessive disqualified bids, R048 heterogeneous supplier, R058 heavily discounted bid. \
                 Fences are Q1 − 1.5 IQR and Q3 + 1.5 IQR with quantiles of type 8 (Hyndman and Fan), as in Cardinal, not \
                 the type 7 of other models. A flag on a process has its ocid and an empty subject; on an organisation an \
                 empty ocid and the subject Buyer:id, ProcuringEntity:id or Tenderer:id. Rows: processes in the order of \
                 the file, then buyers, procuring entities and tenderers in the order of their ids; indicators by code.",
        assumptions: &[
            "A line is a release, a compiled release, or a package of them; releases of one ocid are merged by date, lists of objects with ids by id, without the schema.",
            "Ids of organisations are stable; a number as an id is its digits, and one organisation without a list around it is a list of one.",
            "Prices are compared in one currency: the setting, else the first of a submitted bid.",
            "R038 counts submitted bids against minimum_contracting_processes too, as Cardinal does and its expected flags show, although its manual says processes.",
            "R030 compares moments, not texts, so that different offsets are ordered rightly.",
            "Lists in settings are separated by | as in Cardinal, else by commas; R003.procurement_method_details is written like x=5|y=10.",
        ],
        limits: &[
            "A flag is a reason to look, not a proof.",
            "Processes without a text as ocid, with a cancelled tender or excluded by the settings are left out; what has another shape than OCDS gives it counts as absent.",
            "Where the winning bid is zero or less its relative distance to others is not defined, and R024 and R058 leave the process out.",
            "A line that is no JSON object ends the run with its number.",
        ],
    },
    run,
};

/// Whom a flag is about, besides the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The buyer.
    Buyer,
    /// The procuring entity.
    ProcuringEntity,
    /// A tenderer.
    Tenderer,
}

/// A red flag.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// The process; empty when the flag is about an organisation.
    pub ocid: String,
    /// The organisation, like `Buyer:id`; empty when the flag is about a process.
    pub subject: String,
    /// The indicator's code.
    pub indicator: &'static str,
    /// What the indicator says: 1, a count, a ratio, or 0 for an organisation that is only named.
    pub value: f64,
}

/// Flags as they are found: one for each process or organisation and indicator.
#[derive(Debug, Default)]
struct Flags {
    processes: HashMap<(String, &'static str), f64>,
    organisations: HashMap<(Group, String, &'static str), f64>,
}

impl Flags {
    fn process(&mut self, ocid: &str, indicator: &'static str, value: f64) {
        self.processes.insert((ocid.to_owned(), indicator), value);
    }

    fn organisation(&mut self, group: Group, id: &str, indicator: &'static str, value: f64) {
        self.organisations
            .insert((group, id.to_owned(), indicator), value);
    }
}

/// The red flags of these processes: of processes in their order, then of buyers, procuring entities and tenderers by id.
pub fn find(processes: &[Process], options: &Options) -> Vec<Flag> {
    let wanted = |code: &str| options.indicators.iter().any(|known| known == code);
    let included: Vec<&Process> = processes
        .iter()
        .filter(|process| options.includes(process))
        .collect();
    let currency = options
        .currency
        .clone()
        .or_else(|| first_currency(&included))
        .unwrap_or_default();
    let mut flags = Flags::default();
    for process in &included {
        if wanted("R003") {
            within::short_period(process, options, &mut flags);
        }
        if wanted("R018") {
            within::single_bid(process, options, &mut flags);
        }
        if wanted("R028") {
            within::identical_prices(process, options, &mut flags);
        }
        if wanted("R030") {
            within::late_bid(process, &mut flags);
        }
        if wanted("R035") {
            within::all_disqualified(process, options, &mut flags);
        }
        if wanted("R036") {
            within::lowest_disqualified(process, options, &currency, &mut flags);
        }
    }
    let gaps = [wanted("R024"), wanted("R058")];
    if gaps.contains(&true) {
        across::price_gap(&included, options, &currency, gaps, &mut flags);
    }
    if wanted("R025") {
        across::unsuccessful(&included, options, &mut flags);
    }
    if wanted("R038") {
        across::excessive(&included, options, &mut flags);
    }
    if wanted("R048") {
        across::heterogeneous(&included, options, &mut flags);
    }
    in_order(flags, &included)
}

fn first_currency(processes: &[&Process]) -> Option<String> {
    processes
        .iter()
        .flat_map(|process| process.submitted())
        .find_map(|bid| bid.price().map(|(_, currency)| currency.to_owned()))
}

fn in_order(flags: Flags, processes: &[&Process]) -> Vec<Flag> {
    let places: HashMap<&str, usize> = processes
        .iter()
        .enumerate()
        .map(|(place, process)| (process.ocid.as_str(), place))
        .collect();
    let mut of_processes: Vec<_> = flags.processes.into_iter().collect();
    of_processes.sort_by_key(|((ocid, indicator), _)| (places.get(ocid.as_str()).copied(), *indicator));
    let mut of_organisations: Vec<_> = flags.organisations.into_iter().collect();
    of_organisations.sort_by(|(one, _), (other, _)| one.cmp(other));
    let processes = of_processes.into_iter().map(|((ocid, indicator), value)| Flag {
        ocid,
        subject: String::new(),
        indicator,
        value,
    });
    let organisations = of_organisations
        .into_iter()
        .map(|((group, id, indicator), value)| Flag {
            ocid: String::new(),
            subject: format!("{group:?}:{id}"),
            indicator,
            value,
        });
    processes.chain(organisations).collect()
}

fn run(run: &Run) -> Result<Vec<Table>, Refusal> {
    let options = Options::of(run.settings())?;
    let flags = find(&read(run.file("releases")?)?, &options);
    Ok(vec![
        Table::new("flags")
            .texts_of("ocid", flags.iter().map(|flag| &flag.ocid))
            .texts_of("subject", flags.iter().map(|flag| &flag.subject))
            .texts_of("indicator", flags.iter().map(|flag| flag.indicator))
            .floats_of("value", flags.iter().map(|flag| flag.value)),
    ])
}
