//! Datasets that are declared while the lake is open: somebody brought a table of a new form.

use std::sync::{Arc, OnceLock};

use qala_core::spec::DatasetSpec;

use super::{Lake, PARTITION};
use crate::error::{LakeError, Result};
use crate::migration;
use crate::table::Table;
use crate::view::{Dataset, TableView};

/// A list that only grows, so that references into it stay good while others read it.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    first: Link,
    /// One is declared at a time.
    turn: tokio::sync::Mutex<()>,
}

type Link = OnceLock<Box<One>>;

#[derive(Debug)]
struct One {
    dataset: Arc<Dataset>,
    table: tokio::sync::Mutex<Table>,
    next: Link,
}

impl Declared {
    fn iter(&self) -> impl Iterator<Item = &One> {
        std::iter::successors(self.first.get(), |one| one.next.get()).map(|one| &**one)
    }
}

impl Lake {
    /// Takes a new dataset in while the lake is open: from now on it can be filled and asked.
    ///
    /// # Errors
    /// [`LakeError::Spec`] for a name that is taken, one of which the directory has older rows or another form, and one with
    /// rollups; IO.
    pub async fn declare(&self, spec: &DatasetSpec) -> Result<()> {
        let refuse = |message: &str| LakeError::Spec {
            dataset: spec.name.to_string(),
            message: message.to_owned(),
        };
        let _turn = self.declared.turn.lock().await;
        if self.find(spec.name.as_str()).is_some() {
            return Err(refuse("it is there already"));
        }
        if !spec.rollups.is_empty() || spec.from_previous.is_some() {
            return Err(refuse(
                "one with rollups or older versions is taken in when the program starts",
            ));
        }
        migration::check_spec(&*self.disk, spec)?;
        let dataset = Arc::new(Dataset::new(spec.clone(), &self.options.city_zone));
        let dir = format!("tables/{}/v{}", dataset.name, spec.version);
        let table = Table::open(self.store.clone(), &dir, PARTITION).await?;
        if !table.files().is_empty() {
            // What superseded them is read when the program starts.
            return Err(refuse(
                "rows of it lie here from before; start the program again, and they are there",
            ));
        }
        let view = TableView {
            dataset: Arc::clone(&dataset),
            dir: dir.into(),
            files: Arc::clone(table.files()),
            committed: table.offset(),
            complete: 0,
            tail: Arc::default(),
        };
        let mut last = &self.declared.first;
        while let Some(one) = last.get() {
            last = &one.next;
        }
        let name = Arc::clone(&dataset.name);
        let one = Box::new(One {
            dataset,
            table: tokio::sync::Mutex::new(table),
            next: Link::new(),
        });
        // First the view: who finds the dataset finds its table too.
        self.shared.update(|all| {
            all.tables.insert(Arc::clone(&name), Arc::new(view));
            Ok(())
        })?;
        last.set(one)
            .map_err(|_| LakeError::Closed("two datasets were declared at once".into()))
    }

    /// The datasets, those of the start first.
    pub(super) fn all_datasets(&self) -> impl Iterator<Item = &Arc<Dataset>> {
        let declared = self.declared.iter().map(|one| &one.dataset);
        self.datasets.values().chain(declared)
    }

    /// The dataset of that name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Dataset>> {
        let declared = || self.declared.iter().map(|one| &one.dataset);
        self.datasets
            .get(name)
            .or_else(|| declared().find(|dataset| &*dataset.name == name))
    }

    /// The tables by name.
    pub(crate) fn all_tables(&self) -> impl Iterator<Item = (&Arc<str>, &tokio::sync::Mutex<Table>)> {
        let declared = self.declared.iter().map(|one| (&one.dataset.name, &one.table));
        self.tables.iter().chain(declared)
    }

    /// The table of that name.
    pub(crate) fn table(&self, name: &str) -> Option<&tokio::sync::Mutex<Table>> {
        let declared = || self.declared.iter().find(|one| &*one.dataset.name == name);
        self.tables.get(name).or_else(|| Some(&declared()?.table))
    }
}
