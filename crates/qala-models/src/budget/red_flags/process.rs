//! What the indicators need to know of a contracting process. Whatever has another shape than OCDS gives it is absent.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::run::Moment;

/// A contracting process.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Process {
    /// Its ocid.
    pub ocid: String,
    /// `tender/status` is cancelled.
    pub cancelled: bool,
    /// `tender/procurementMethod`.
    pub method: Option<String>,
    /// `tender/procurementMethodDetails`.
    pub details: Option<String>,
    /// `tender/numberOfTenderers`.
    pub tenderers: Option<f64>,
    /// `tender/tenderPeriod/startDate`.
    pub opens: Option<Moment>,
    /// `tender/tenderPeriod/endDate`.
    pub closes: Option<Moment>,
    /// `buyer/id`.
    pub buyer: Option<String>,
    /// `tender/procuringEntity/id`.
    pub procuring_entity: Option<String>,
    /// `bids/details`; absent when there is no such list.
    pub bids: Option<Vec<Bid>>,
    /// `awards`; absent when there is no such list.
    pub awards: Option<Vec<Award>>,
}

/// A bid.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bid {
    /// Its status; empty when it has none.
    pub status: String,
    /// When it was received.
    pub date: Option<Moment>,
    /// Who submitted it.
    pub tenderers: Organisations,
    /// `value/amount`.
    pub amount: Option<f64>,
    /// `value/currency`.
    pub currency: Option<String>,
}

/// An award.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Award {
    /// Its status; empty when it has none.
    pub status: String,
    /// Who gets it.
    pub suppliers: Organisations,
    /// `items/classification/id` of its items.
    pub classes: Vec<String>,
}

/// Organisations that act together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organisations {
    /// How many are listed.
    pub listed: usize,
    /// The ids of those that have one.
    pub ids: Vec<String>,
}

impl Organisations {
    /// The id when exactly one is listed.
    pub fn single(&self) -> Option<&str> {
        match (self.listed, self.ids.as_slice()) {
            (1, [id]) => Some(id),
            _ => None,
        }
    }

    fn of(value: Option<&Value>) -> Self {
        let items = match value {
            Some(Value::Array(items)) => items.as_slice(),
            // Some publishers write one organisation without the list around it.
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        Self {
            listed: items.len(),
            ids: items.iter().filter_map(|item| id(Some(item))).collect(),
        }
    }
}

impl Bid {
    /// Says whether it is neither only invited nor withdrawn.
    pub fn is_submitted(&self) -> bool {
        !matches!(self.status.as_str(), "" | "invited" | "withdrawn")
    }

    /// Says whether it is valid.
    pub fn is_valid(&self) -> bool {
        self.status == "valid"
    }

    /// Says whether it is disqualified.
    pub fn is_disqualified(&self) -> bool {
        self.status == "disqualified"
    }

    /// Amount and currency, if both are known.
    pub fn price(&self) -> Option<(f64, &str)> {
        Some((self.amount?, self.currency.as_deref()?))
    }
}

impl Award {
    /// Says whether it is in force.
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

impl Process {
    /// The process of a release.
    pub fn of(ocid: &str, release: &Map<String, Value>) -> Self {
        let tender = release.get("tender");
        let period = member(tender, "tenderPeriod");
        Self {
            ocid: ocid.to_owned(),
            cancelled: text(tender, "status").as_deref() == Some("cancelled"),
            method: text(tender, "procurementMethod"),
            details: text(tender, "procurementMethodDetails"),
            tenderers: member(tender, "numberOfTenderers").and_then(Value::as_f64),
            opens: moment(period, "startDate"),
            closes: moment(period, "endDate"),
            buyer: id(release.get("buyer")),
            procuring_entity: id(member(tender, "procuringEntity")),
            bids: list(member(release.get("bids"), "details")).map(|bids| bids.iter().map(bid).collect()),
            awards: list(release.get("awards")).map(|awards| awards.iter().map(award).collect()),
        }
    }

    /// Bids that are neither only invited nor withdrawn.
    pub fn submitted(&self) -> impl Iterator<Item = &Bid> {
        self.bids.iter().flatten().filter(|bid| bid.is_submitted())
    }

    /// The active awards and the bids, when every award is decided; absent also when there is no list of one or the other.
    pub fn decided(&self) -> Option<(Vec<&Award>, &[Bid])> {
        let (awards, bids) = (self.awards.as_ref()?, self.bids.as_ref()?);
        let decided = awards.iter().all(|award| {
            matches!(
                award.status.as_str(),
                "" | "active" | "cancelled" | "unsuccessful"
            )
        });
        decided.then(|| {
            (
                awards.iter().filter(|award| award.is_active()).collect(),
                bids.as_slice(),
            )
        })
    }

    /// The same when there is one active award, with its only supplier.
    pub fn won(&self) -> Option<(&str, &[Bid])> {
        match self.decided()? {
            (awards, bids) if awards.len() == 1 => Some((awards[0].suppliers.single()?, bids)),
            _ => None,
        }
    }

    /// The ids of the suppliers of active awards.
    pub fn suppliers(&self) -> HashSet<&str> {
        self.awards
            .iter()
            .flatten()
            .filter(|award| award.is_active())
            .flat_map(|award| award.suppliers.ids.iter().map(String::as_str))
            .collect()
    }
}

fn bid(value: &Value) -> Bid {
    let price = value.get("value");
    Bid {
        status: text(Some(value), "status").unwrap_or_default(),
        date: moment(Some(value), "date"),
        tenderers: Organisations::of(value.get("tenderers")),
        amount: member(price, "amount").and_then(Value::as_f64),
        currency: text(price, "currency"),
    }
}

fn award(value: &Value) -> Award {
    Award {
        status: text(Some(value), "status").unwrap_or_default(),
        suppliers: Organisations::of(value.get("suppliers")),
        classes: list(value.get("items"))
            .unwrap_or_default()
            .iter()
            .filter_map(|item| id(item.get("classification")))
            .collect(),
    }
}

fn member<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    value?.get(name)
}

fn list(value: Option<&Value>) -> Option<&[Value]> {
    value?.as_array().map(Vec::as_slice)
}

fn text(value: Option<&Value>, name: &str) -> Option<String> {
    member(value, name)?.as_str().map(str::to_owned)
}

fn moment(value: Option<&Value>, name: &str) -> Option<Moment> {
    Moment::parse(member(value, name)?.as_str()?)
}

/// The id of an organisation or class; a number stands for its digits.
fn id(value: Option<&Value>) -> Option<String> {
    match value?.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}
