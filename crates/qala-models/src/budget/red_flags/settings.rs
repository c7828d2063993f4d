//! What can be chosen, by the names that Cardinal gives it.

use std::collections::{HashMap, HashSet};

use super::process::Process;
use crate::run::{Refusal, Settings};

/// The indicators, by code.
pub const CODES: [&str; 11] = [
    "R003", "R018", "R024", "R025", "R028", "R030", "R035", "R036", "R038", "R048", "R058",
];

/// The options of all indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Which are computed.
    pub indicators: Vec<String>,
    /// The currency that prices are compared in; absent: the first that is seen.
    pub currency: Option<String>,
    /// Values of `procurementMethodDetails` whose processes are left out of everything.
    pub excluded: HashSet<String>,
    /// Values whose prices are compared; empty: all but those of `no_price`.
    pub price: HashSet<String>,
    /// Values whose prices are not compared.
    pub no_price: HashSet<String>,
    /// R003: days below which the period is short.
    pub short_days: i64,
    /// R003: the same for single values of `procurementMethodDetails`.
    pub short_days_of: HashMap<String, i64>,
    /// R003: procurement methods that are looked at; empty: all.
    pub short_methods: HashSet<String>,
    /// R018: procurement methods that are competitive.
    pub competitive: HashSet<String>,
    /// R024: greatest difference that is close; absent: the lower fence.
    pub close: Option<f64>,
    /// R025: percentile of the numbers of valid bids from which a tenderer is one of the large.
    pub large_percentile: f64,
    /// R025: greatest ratio of won bids; absent: the lower fence.
    pub unsuccessful: Option<f64>,
    /// R035: fewest tenderers that are disqualified.
    pub disqualified: usize,
    /// R038: least ratio of disqualified bids; absent: the upper fence.
    pub excessive: Option<f64>,
    /// R038: fewest submitted bids of a tenderer.
    pub least_bids: u64,
    /// R038: fewest submitted bids at a buyer or procuring entity.
    pub least_at_buyer: u64,
    /// R048: characters of a class that make its first level.
    pub digits: usize,
    /// R048: least number of classes; absent: the upper fence.
    pub varied: Option<f64>,
    /// R048: fewest processes in which the supplier has an award.
    pub least_processes: u64,
    /// R058: least difference that is a heavy discount; absent: the upper fence.
    pub discounted: Option<f64>,
}

impl Options {
    /// From the settings of a run.
    ///
    /// # Errors
    /// [`Refusal`] naming an indicator that is not known, or a period that is no `details=days`.
    pub fn of(settings: &Settings) -> Result<Self, Refusal> {
        let set = |name: &str| -> HashSet<String> { words(settings.text(name)).map(str::to_owned).collect() };
        let whole = |name: &str, default: i64| settings.int(name).unwrap_or(default);
        let indicators: Vec<String> = match settings.text("indicators") {
            "" => CODES.map(str::to_owned).to_vec(),
            list => words(list).map(str::to_owned).collect(),
        };
        if let Some(unknown) = indicators.iter().find(|code| !CODES.contains(&code.as_str())) {
            return Err(Refusal(format!(
                "setting `indicators`: `{unknown}` is none of {}",
                CODES.join(", ")
            )));
        }
        let mut short_days_of = HashMap::new();
        for word in words(settings.text("R003.procurement_method_details")) {
            let days = word
                .rsplit_once(['=', ':'])
                .and_then(|(details, days)| Some((details.trim(), days.trim().parse().ok()?)));
            let (details, days) = days.ok_or_else(|| {
                Refusal(format!(
                    "setting `R003.procurement_method_details`: `{word}` is not written like `details=15`"
                ))
            })?;
            short_days_of.insert(details.to_owned(), days);
        }
        Ok(Self {
            indicators,
            currency: Some(settings.text("currency").to_owned()).filter(|text| !text.is_empty()),
            excluded: set("exclusions.procurement_method_details"),
            price: set("price_comparison_procurement_methods"),
            no_price: set("no_price_comparison_procurement_methods"),
            short_days: whole("R003.threshold", 15),
            short_days_of,
            short_methods: set("R003.procurement_methods"),
            competitive: set("R018.procurement_methods"),
            close: settings.float("R024.threshold"),
            large_percentile: whole("R025.percentile", 75) as f64 / 100.0,
            unsuccessful: settings.float("R025.threshold"),
            disqualified: whole("R035.threshold", 1) as usize,
            excessive: settings.float("R038.threshold"),
            least_bids: whole("R038.minimum_submitted_bids", 2) as u64,
            least_at_buyer: whole("R038.minimum_contracting_processes", 2) as u64,
            digits: whole("R048.digits", 2) as usize,
            varied: settings.float("R048.threshold"),
            least_processes: whole("R048.minimum_contracting_processes", 20) as u64,
            discounted: settings.float("R058.threshold"),
        })
    }

    /// Says whether the process is looked at.
    pub fn includes(&self, process: &Process) -> bool {
        !process.cancelled
            && !process
                .details
                .as_ref()
                .is_some_and(|details| self.excluded.contains(details))
    }

    /// Says whether prices within the process may be compared.
    pub fn compares_prices(&self, process: &Process) -> bool {
        match &process.details {
            Some(details) if self.price.is_empty() => !self.no_price.contains(details),
            Some(details) => self.price.contains(details),
            None => self.price.is_empty(),
        }
    }
}

/// The words of a list: separated by `|` as Cardinal does, else by commas.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let separator = if text.contains('|') { '|' } else { ',' };
    text.split(separator)
        .map(str::trim)
        .filter(|word| !word.is_empty())
}
