//! The shapes of the pack's files.

use qala_core::spec::{SpecError, from_toml};
use qala_core::{FeedId, FunctionId, IndicatorId, PlaceId, Text};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::calendar::DayKind;
use crate::department::DepartmentId;
use crate::place::PlaceKind;
use crate::programme::{ProgrammeId, ProgrammeKind, ProgrammeState};

/// All files, as they are written.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) city: City,
    pub(super) districts: Districts,
    pub(super) functions: Functions,
    pub(super) departments: Departments,
    pub(super) calendar: Option<CalendarFile>,
    pub(super) contacts: Contacts,
    pub(super) programmes: ProgrammesFile,
}

/// `city.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct City {
    pub(super) id: PlaceId,
    pub(super) name: Text,
    pub(super) zone: String,
    pub(super) calendar: String,
    pub(super) start: String,
    pub(super) kato: Option<String>,
    pub(super) bounds: Option<[f64; 4]>,
    #[serde(default)]
    pub(super) simulated: bool,
}

/// `districts.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Districts {
    #[serde(default)]
    pub(super) place: Vec<PlaceEntry>,
}

/// One interval of one place; without `kind` a district, without `parent` a part of the city.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceEntry {
    pub(super) id: PlaceId,
    pub(super) kind: Option<PlaceKind>,
    pub(super) name: Text,
    pub(super) parent: Option<PlaceId>,
    pub(super) kato: Option<String>,
    pub(super) geometry: Option<String>,
    #[serde(default)]
    pub(super) simulated: bool,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// `functions.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Functions {
    #[serde(default)]
    pub(super) function: Vec<FunctionEntry>,
}

/// One interval of one function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FunctionEntry {
    pub(super) id: FunctionId,
    pub(super) name: Text,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// `departments.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Departments {
    #[serde(default)]
    pub(super) department: Vec<DepartmentEntry>,
    #[serde(default)]
    pub(super) owner: Vec<OwnerEntry>,
}

/// One interval of one department.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DepartmentEntry {
    pub(super) id: DepartmentId,
    pub(super) name: Text,
    #[serde(default)]
    pub(super) mission: Text,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// All owners of one function.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerEntry {
    pub(super) function: FunctionId,
    pub(super) history: Vec<OwnerSince>,
}

/// An owner from a day on; without `from` since the function began.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerSince {
    pub(super) from: Option<String>,
    pub(super) department: DepartmentId,
}

/// `contacts.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contacts {
    #[serde(default)]
    pub(super) contact: Vec<ContactEntry>,
}

/// One interval of the contact of some feeds; without `from` since the pack's record begins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactEntry {
    pub(super) feeds: Vec<FeedId>,
    pub(super) name: Text,
    pub(super) phone: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) simulated: bool,
    pub(super) from: Option<String>,
}

/// `programmes.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammesFile {
    #[serde(default)]
    pub(super) programme: Vec<ProgrammeEntry>,
}

/// One interval of one programme with all that belongs to it; without `from` since the pack's record begins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgrammeEntry {
    pub(super) id: ProgrammeId,
    pub(super) kind: ProgrammeKind,
    pub(super) title: Text,
    /// A date, a month or a year.
    pub(super) adopted: Option<String>,
    pub(super) legal_basis: Option<String>,
    pub(super) begins: Option<String>,
    pub(super) ends: Option<String>,
    pub(super) owner_function: FunctionId,
    pub(super) state: ProgrammeState,
    pub(super) source: Option<String>,
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) money: Vec<MoneyEntry>,
    #[serde(default)]
    pub(super) target: Vec<TargetEntry>,
    #[serde(default)]
    pub(super) measure: Vec<MeasureEntry>,
}

/// Planned money of a year, in tenge.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyEntry {
    pub(super) year: i32,
    pub(super) kzt: i64,
    #[serde(default)]
    pub(super) assumed: bool,
    pub(super) source: Option<String>,
}

/// A target of a year: a `value` in the unit of the indicator, or a `share` of the base year.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetEntry {
    pub(super) indicator: IndicatorId,
    pub(super) year: i32,
    pub(super) value: Option<f64>,
    pub(super) share: Option<f64>,
    pub(super) base_year: Option<i32>,
    pub(super) judged_by: Option<IndicatorId>,
    #[serde(default)]
    pub(super) assumed: bool,
    pub(super) source: Option<String>,
}

/// A measure; without a function of its own that of the programme.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MeasureEntry {
    pub(super) id: String,
    pub(super) title: Text,
    pub(super) owner_function: Option<FunctionId>,
    pub(super) state: ProgrammeState,
    pub(super) due: Option<String>,
    #[serde(default)]
    pub(super) assumed: bool,
    pub(super) source: Option<String>,
}

/// `calendar.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    pub(super) id: String,
    pub(super) weekend: Vec<Weekday>,
    /// Names of holidays, so that a year need not repeat them.
    #[serde(default)]
    pub(super) titles: std::collections::BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) year: Vec<YearEntry>,
}

/// A year of a calendar, or a later change of one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct YearEntry {
    pub(super) year: i32,
    /// 1 lists the exceptions of the whole year; a higher number only the days that changed.
    pub(super) revision: u32,
    pub(super) known_from: String,
    pub(super) act: String,
    #[serde(default = "yes")]
    pub(super) complete: bool,
    #[serde(default)]
    pub(super) note: String,
    #[serde(default)]
    pub(super) days: Vec<DayEntry>,
}

fn yes() -> bool {
    true
}

/// A day that is not what its weekday says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DayEntry {
    pub(super) date: String,
    pub(super) kind: DayKind,
    /// A key of `titles`.
    pub(super) title: Option<String>,
    /// The act, if not that of the year.
    pub(super) act: Option<String>,
}

/// A day of the week; Monday is 0, as days since 1970 make it after adding 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Files {
    pub(super) fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SpecError> {
        let mut texts = std::collections::BTreeMap::new();
        for (name, text) in files {
            if texts.insert(name, text).is_some() {
                return Err(SpecError::new(name, "given twice"));
            }
        }
        Ok(Self {
            city: read(&texts, "city.toml")?
                .ok_or_else(|| SpecError::new("city.toml", "missing: a pack starts with its city"))?,
            districts: read(&texts, "districts.toml")?.unwrap_or_default(),
            functions: read(&texts, "functions.toml")?.unwrap_or_default(),
            departments: read(&texts, "departments.toml")?.unwrap_or_default(),
            calendar: read(&texts, "calendar.toml")?,
            contacts: read(&texts, "contacts.toml")?.unwrap_or_default(),
            programmes: read(&texts, "programmes.toml")?.unwrap_or_default(),
        })
    }
}

fn read<T: DeserializeOwned>(
    texts: &std::collections::BTreeMap<&str, &str>,
    name: &str,
) -> Result<Option<T>, SpecError> {
    texts.get(name).map(|text| from_toml(name, text)).transpose()
}
