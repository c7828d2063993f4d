//! What a role may see: which tables, which columns. One rule for pages, questions and files.
//!
//! | | public | staff, operator | their own registers | analyst | administrator |
//! |---|---|---|---|---|---|
//! | public columns of public datasets | yes | yes | yes | yes | yes |
//! | `internal` | | yes | yes | yes | yes |
//! | `records`, `personal` (as pseudonyms) | | | yes | yes | yes |
//! | the audit | | | | | yes |
//!
//! A register is somebody's own when the department owns the function that the dataset names, today.

use std::collections::{BTreeMap, BTreeSet};

use qala_core::FunctionId;
use qala_core::spec::{Column, DatasetSpec, Kind, Role as ColumnRole, Sensitivity};
use qala_lake::{Principal, Rights, TableRights};
use qala_registry::{Role, Scope};
use serde_json::{Map, Value};

use super::visitor::Visitor;
use crate::centre::Centre;
use crate::error::Result;

/// The history of the audit in the lake.
const AUDIT: &str = "audit_entries";
/// The lake's columns that come with every row.
pub(crate) const OWN_COLUMNS: [&str; 3] = ["_seq", "_received_at", "_source"];

/// Who reads, and what that shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    id: String,
    role: Role,
    department: Option<String>,
    /// Functions that the department owns.
    own: BTreeSet<FunctionId>,
}

impl Reader {
    /// Anybody.
    pub fn public() -> Self {
        Self {
            id: "public".into(),
            role: Role::Public,
            department: None,
            own: BTreeSet::new(),
        }
    }

    /// The program itself, and who sits at its machine.
    pub fn system() -> Self {
        Self {
            id: "system".into(),
            role: Role::Administrator,
            ..Self::public()
        }
    }

    /// Somebody of the administration, whoever it is: for pages that are made for a whole department.
    pub(crate) fn internal() -> Self {
        Self {
            id: "schedule".into(),
            role: Role::Staff,
            ..Self::public()
        }
    }

    /// Says whether its department owns a function today.
    fn owns(&self, function: &str) -> bool {
        self.own.iter().any(|own| own.as_str() == function)
    }

    /// Says whether it may act in the situation room where these functions of government lead or take part.
    pub fn acts_for(&self, functions: &[&str]) -> bool {
        match self.role {
            Role::Public => false,
            Role::Staff => functions.iter().any(|function| self.owns(function)),
            Role::Operator | Role::Analyst | Role::Administrator => true,
        }
    }

    /// The name under which reading is written down.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its role.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Says whether it may see single rows of a dataset.
    pub fn sees_rows(&self, spec: &DatasetSpec) -> bool {
        if spec.name.as_str() == AUDIT {
            return self.role == Role::Administrator;
        }
        self.opens(spec, spec.sensitivity)
    }

    /// Says whether it may see a column of a dataset.
    pub fn sees(&self, spec: &DatasetSpec, column: &Column) -> bool {
        self.sees_rows(spec) && self.opens(spec, column.sensitivity)
    }

    /// Says whether it may see where single rows of a dataset lie.
    pub fn sees_places(&self, spec: &DatasetSpec) -> bool {
        let is_place = |c: &&Column| {
            matches!(
                c.role,
                Some(ColumnRole::Lon | ColumnRole::Lat | ColumnRole::Geometry)
            )
        };
        self.sees_rows(spec) && spec.columns.iter().filter(is_place).all(|c| self.sees(spec, c))
    }

    /// The columns of a dataset that it may see.
    pub fn columns<'a>(&self, spec: &'a DatasetSpec) -> Vec<&'a Column> {
        spec.columns.iter().filter(|c| self.sees(spec, c)).collect()
    }

    /// Says whether something of that sensitivity is open to it.
    fn opens(&self, spec: &DatasetSpec, sensitivity: Sensitivity) -> bool {
        match sensitivity {
            Sensitivity::Public => true,
            Sensitivity::Internal => self.role >= Role::Staff,
            Sensitivity::Records | Sensitivity::Personal => {
                let owns = spec.owner_function.as_ref().is_some_and(|f| self.own.contains(f));
                self.role >= Role::Analyst || (self.role >= Role::Staff && owns)
            }
        }
    }

    /// Takes what it may not see out of rows of a dataset.
    pub fn hide(&self, spec: &DatasetSpec, rows: &mut [Map<String, Value>]) {
        for column in spec.columns.iter().filter(|c| !self.sees(spec, c)) {
            for row in rows.iter_mut() {
                row.shift_remove(&column.name);
            }
        }
    }

    /// Its class of rights; answers of one class are the same for everybody in it.
    pub fn class(&self) -> String {
        match &self.department {
            Some(department) if (Role::Staff..Role::Analyst).contains(&self.role) => {
                format!("{}:{department}", self.role.as_str())
            }
            _ => self.role.as_str().to_owned(),
        }
    }

    /// Its catalogue of the lake: what is not in it does not exist for it.
    pub(crate) fn principal<'a>(&self, specs: impl IntoIterator<Item = &'a DatasetSpec>) -> Principal {
        if self.role == Role::Administrator {
            return Principal {
                id: self.id.clone(),
                class: self.class(),
                rights: Rights::All,
            };
        }
        let rights = |spec: &DatasetSpec| {
            let columns = self.columns(spec).into_iter().map(|c| c.name.clone());
            let feed = (spec.kind == Kind::Snapshot).then(|| "feed".to_owned());
            TableRights {
                columns: Some(
                    columns
                        .chain(feed)
                        .chain(OWN_COLUMNS.map(str::to_owned))
                        .collect(),
                ),
                rows: None,
            }
        };
        let tables: BTreeMap<String, TableRights> = specs
            .into_iter()
            .filter(|spec| self.sees_rows(spec))
            .map(|spec| (spec.name.to_string(), rights(spec)))
            .collect();
        Principal::new(self.id.clone(), self.class(), tables)
    }
}

impl Centre {
    /// What somebody may see who does a thing of that scope.
    ///
    /// # Errors
    /// The registry's.
    pub async fn reader(&self, visitor: &Visitor, scope: Scope) -> Result<Reader> {
        let role = visitor.role(scope);
        if role == Role::Public {
            return Ok(Reader::public());
        }
        let department = visitor.user.as_ref().and_then(|user| user.department.clone());
        let mut own = BTreeSet::new();
        if let Some(department) = &department {
            let now = self.clock.now();
            for owner in self.registry.owners().await? {
                let in_force = owner.valid_from <= now && owner.valid_to.is_none_or(|end| now < end);
                if in_force && owner.department.as_str() == department {
                    own.insert(owner.function);
                }
            }
        }
        Ok(Reader {
            id: visitor.id().to_owned(),
            role,
            department,
            own,
        })
    }

    /// The lake's catalogue of somebody who does a thing of that scope.
    ///
    /// # Errors
    /// The registry's.
    pub async fn principal(&self, visitor: &Visitor, scope: Scope) -> Result<Principal> {
        Ok(self.catalogue(&self.reader(visitor, scope).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(sensitivity: &str) -> DatasetSpec {
        let title = "title = { kk = \"a\", ru = \"b\", en = \"c\" }";
        let column = |name: &str, sensitivity: &str| {
            format!(
                "[[columns]]\nname = \"{name}\"\ntype = \"text\"\nrequired = true\nsensitivity = \"{sensitivity}\"\n{title}\n"
            )
        };
        let text = format!(
            "name = \"crime_offences\"\nsubject = \"crime\"\nkind = \"snapshot\"\nversion = 1\n{title}\n\
             sensitivity = \"{sensitivity}\"\nowner_function = \"public-safety\"\nzone = \"city\"\nkey = [\"a\"]\n{}{}{}{}",
            column("a", "public"),
            column("b", "internal"),
            column("c", "records"),
            column("d", "personal"),
        );
        DatasetSpec::from_toml("crime_offences", &text).unwrap()
    }

    fn reader(role: Role, department: Option<&str>) -> Reader {
        Reader {
            id: "ada".into(),
            role,
            department: department.map(ToOwned::to_owned),
            own: department
                .iter()
                .map(|_| FunctionId::new("public-safety").unwrap())
                .collect(),
        }
    }

    fn seen(reader: &Reader, spec: &DatasetSpec) -> String {
        reader.columns(spec).iter().map(|c| c.name.as_str()).collect()
    }

    #[test]
    fn each_role_sees_its_columns_and_no_others() {
        for (sensitivity, expected) in [
            ("public", ["a", "ab", "ab", "abcd", "abcd", "abcd"]),
            ("internal", ["", "ab", "ab", "abcd", "abcd", "abcd"]),
            ("records", ["", "", "", "abcd", "abcd", "abcd"]),
        ] {
            let spec = spec(sensitivity);
            let readers = [
                reader(Role::Public, None),
                reader(Role::Staff, None),
                reader(Role::Operator, None),
                reader(Role::Staff, Some("police")),
                reader(Role::Analyst, None),
                reader(Role::Administrator, None),
            ];
            for (reader, expected) in readers.iter().zip(expected) {
                assert_eq!(seen(reader, &spec), expected, "{sensitivity} {reader:?}");
                let principal = reader.principal([&spec]);
                let Rights::Tables(tables) = principal.rights else {
                    assert_eq!(reader.role, Role::Administrator);
                    continue;
                };
                assert_eq!(tables.contains_key("crime_offences"), !expected.is_empty());
            }
        }
    }

    #[test]
    fn rows_lose_what_is_hidden_and_classes_tell_departments_apart() {
        let spec = spec("public");
        let row: Map<String, Value> = serde_json::from_str(r#"{"a":1,"b":2,"c":3,"d":4,"_seq":5}"#).unwrap();
        let mut rows = [row];
        reader(Role::Staff, None).hide(&spec, &mut rows);
        assert_eq!(
            serde_json::to_string(&rows[0]).unwrap(),
            r#"{"a":1,"b":2,"_seq":5}"#
        );
        assert_eq!(reader(Role::Staff, Some("police")).class(), "staff:police");
        assert_eq!(reader(Role::Staff, None).class(), "staff");
        assert_eq!(reader(Role::Analyst, Some("police")).class(), "analyst");
        // A department gives nobody more than staff.
        assert_eq!(seen(&reader(Role::Public, Some("police")), &spec), "a");
    }
}
