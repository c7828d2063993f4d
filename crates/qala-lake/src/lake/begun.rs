//! Which tables were ever committed to: the file `TABLES`, a folder per line. Without it a table that was lost would be
//! taken for one that is still empty. It is no part of a copy; opening the copy writes it.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use qala_disk::{Disk, write_atomic};

use crate::error::{LakeError, Result};
use crate::table::Table;

const FILE: &str = "TABLES";

#[derive(Debug)]
pub(crate) struct Begun(Mutex<BTreeSet<String>>);

impl Begun {
    /// Compares the tables that were opened with those that were ever committed to.
    ///
    /// # Errors
    /// [`LakeError::Damaged`] when one of them is gone; IO.
    pub(super) fn open<'a>(disk: &dyn Disk, tables: impl Iterator<Item = &'a Table>) -> Result<Self> {
        let text = match disk.read(FILE) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(LakeError::io(format!("read {FILE}")))?,
        };
        let text = String::from_utf8_lossy(&text);
        let mut known: BTreeSet<String> = text.lines().map(ToOwned::to_owned).collect();
        let count = known.len();
        for table in tables {
            if table.version().is_some() {
                known.insert(table.dir().to_owned());
            } else if known.contains(table.dir()) {
                return Err(LakeError::Damaged {
                    what: format!("table {}", table.dir()),
                    detail: "it was committed to before, and is gone".into(),
                });
            }
        }
        if known.len() > count {
            write(disk, &known)?;
        }
        Ok(Self(Mutex::new(known)))
    }

    /// Notes a table that was committed to.
    ///
    /// # Errors
    /// IO; it is then noted the next time.
    pub(crate) fn note(&self, disk: &dyn Disk, table: &Table) -> Result<()> {
        let mut known = self.0.lock();
        if known.contains(table.dir()) || table.version().is_none() {
            return Ok(());
        }
        let mut more = known.clone();
        more.insert(table.dir().to_owned());
        write(disk, &more)?;
        *known = more;
        Ok(())
    }
}

fn write(disk: &dyn Disk, known: &BTreeSet<String>) -> Result<()> {
    let text = known.iter().fold(String::new(), |text, dir| text + dir + "\n");
    write_atomic(disk, FILE, text.as_bytes()).map_err(LakeError::io(format!("write {FILE}")))
}
