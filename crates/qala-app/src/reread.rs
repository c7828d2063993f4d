//! Reading kept messages again, and what people mended in them.
//!
//! What belongs here: finding the bytes, the recipe and the mended records of a message. What does not: which messages
//! are read again, and why (`quarantine.rs`).

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, Schema};
use qala_core::spec::Mapping;
use qala_core::{FeedId, Position};
use qala_feeds::Selection;
use qala_lake::{LakeError, Op};
use serde_json::{Map, Value};

use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Again, Import, Payload};
use crate::recipe::Recipe;

/// A row of a system table.
pub(crate) type Row = Map<String, Value>;

pub(crate) fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn number(row: &Row, name: &str) -> Option<i64> {
    row.get(name).and_then(Value::as_i64)
}

/// Where in its message a quarantine row is.
pub(crate) fn position(row: &Row) -> Position {
    let word = |name| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let count = |name| number(row, name).and_then(|n| u64::try_from(n).ok());
    Position {
        file: word("file"),
        line: count("line"),
        record: count("record"),
        field: word("field"),
    }
}

/// Quoted for SQL.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A message as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: i64,
    pub(crate) feed: FeedId,
    pub(crate) kind: String,
    name: String,
    op: Op,
    path: Option<String>,
    pub(crate) recipe: Recipe,
}

impl Kept {
    fn of(row: &Row) -> Result<Self> {
        Ok(Self {
            id: number(row, "id").unwrap_or_default(),
            feed: FeedId::new(text(row, "feed")).map_err(|e| AppError::Usage(e.to_string()))?,
            kind: text(row, "kind").to_owned(),
            name: text(row, "name").to_owned(),
            op: if text(row, "op") == "retract" {
                Op::Retract
            } else {
                Op::Upsert
            },
            path: row.get("kept").and_then(Value::as_str).map(str::to_owned),
            recipe: Recipe::of(text(row, "context"))?,
        })
    }

    /// The message that this one read again, if it did.
    pub(crate) fn parent(&self) -> Option<i64> {
        self.recipe.again.as_deref()?.split(' ').nth(1)?.parse().ok()
    }

    fn is_mended(&self) -> bool {
        self.recipe
            .again
            .as_deref()
            .is_some_and(|mark| mark.starts_with("mended "))
    }

    /// Where its bytes lie.
    ///
    /// # Errors
    /// A message whose bytes were not kept.
    pub(crate) fn path(&self) -> Result<&str> {
        self.path.as_deref().ok_or_else(|| {
            AppError::Usage(format!(
                "the bytes of message {} were not kept; import its source again",
                self.id
            ))
        })
    }
}

/// Messages of a feed that can be read again, with what people mended in them.
pub(crate) struct Archive {
    messages: BTreeMap<i64, Kept>,
    /// Mended records by the message in which they lie.
    mended: HashMap<i64, Vec<(Position, String)>>,
}

impl Archive {
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Kept> {
        self.messages.values()
    }

    /// The message as it first came.
    ///
    /// # Errors
    /// An id that is not in the archive.
    pub(crate) fn root(&self, id: i64) -> Result<&Kept> {
        let missing = || AppError::Usage(format!("there is no message {id}"));
        let mut kept = self.messages.get(&id).ok_or_else(missing)?;
        // A message only ever reads older ones again.
        while let Some(parent) = kept.parent().filter(|p| *p < kept.id) {
            kept = self.messages.get(&parent).ok_or_else(missing)?;
        }
        Ok(kept)
    }

    /// Mended records of a message, the latest last.
    pub(crate) fn mended(&self, root: &Kept) -> &[(Position, String)] {
        self.mended.get(&root.id).map_or(&[], Vec::as_slice)
    }
}

impl Centre {
    /// The messages of a feed that can be read again.
    ///
    /// # Errors
    /// The query's; a mended file that was kept and cannot be read.
    pub(crate) async fn archive(&self, feed: &FeedId) -> Result<Archive> {
        let sql = format!(
            "SELECT id, feed, kind, name, op, kept, context FROM lake_messages WHERE feed = {} ORDER BY id",
            quoted(feed.as_str())
        );
        let mut archive = Archive {
            messages: BTreeMap::new(),
            mended: HashMap::new(),
        };
        for row in self.rows(&sql).await? {
            let kept = Kept::of(&row)?;
            archive.messages.insert(kept.id, kept);
        }
        for kept in archive.messages.values().filter(|k| k.is_mended()) {
            let texts = match self.lake.kept(kept.path()?) {
                Ok(bytes) => mended_texts(&bytes)?,
                // What was mended went with the key; the others can still be read again.
                Err(LakeError::KeyDestroyed { .. }) => continue,
                Err(error) => return Err(error.into()),
            };
            let root = archive.root(kept.id)?.id;
            for row in self.quarantine_rows(texts.keys().map(String::as_str)).await? {
                let source = number(&row, "_source").unwrap_or_default();
                let written = texts.get(text(&row, "id"));
                if let Some(written) = written
                    && written != text(&row, "raw")
                    && archive.root(source).is_ok_and(|r| r.id == root)
                {
                    let list = archive.mended.entry(root).or_default();
                    list.push((position(&row), written.clone()));
                }
            }
        }
        Ok(archive)
    }

    /// Quarantine rows of these ids, with the message by which they were read again.
    ///
    /// # Errors
    /// The query's.
    pub(crate) async fn quarantine_rows(&self, ids: impl Iterator<Item = &str>) -> Result<Vec<Row>> {
        let ids: Vec<String> = ids.map(quoted).collect();
        let mut rows = Vec::new();
        for some in ids.chunks(1_000) {
            let sql = format!(
                "SELECT q.*, r.message AS resolved_by FROM lake_quarantine q LEFT JOIN lake_resolved r ON q.id = r.id \
                 WHERE q.id IN ({}) ORDER BY q._seq",
                some.join(", ")
            );
            rows.extend(self.rows(&sql).await?);
        }
        Ok(rows)
    }

    /// The import that reads a message again by today's rules. `mapping` stands in for the one it was read by.
    ///
    /// # Errors
    /// A message that was not kept or whose key was destroyed.
    pub(crate) fn again(
        &self,
        root: &Kept,
        mapping: Option<&(Mapping, String)>,
        mark: String,
        selection: Option<Selection>,
    ) -> Result<Import> {
        let path = root.path()?;
        let bytes = Arc::new(self.lake.kept(path)?);
        let payload = Payload::Bytes(root.name.clone(), bytes);
        // What came through the pack is read by the pack of today; its mapping is kept as JSON.
        let of_pack = self
            .feeds
            .iter()
            .find(|f| f.id == root.feed && f.kind == root.kind);
        let by_hand = root
            .recipe
            .mapping
            .as_ref()
            .is_some_and(|(_, t)| !t.starts_with('{'));
        let mut import = match of_pack.filter(|_| !by_hand) {
            Some(feed) => self.feed_import(feed, payload),
            None => {
                let mut import = Import::new(root.kind.clone(), payload, root.feed.clone());
                import.mapping = match &root.recipe.mapping {
                    Some(mapping) => Some(mapping.clone()),
                    None => {
                        let stem = root.name.split('.').next().unwrap_or_default();
                        crate::import::mapping_for(None, stem)?
                    }
                };
                import
            }
        };
        if root.recipe.dataset.is_some() {
            import.dataset.clone_from(&root.recipe.dataset);
        }
        if let Some(mapping) = mapping {
            import.mapping = Some(mapping.clone());
        }
        import.op = root.op;
        import.again = Some(Again {
            mark,
            kept: path.to_owned(),
            selection: selection.map(Arc::new),
        });
        Ok(import)
    }
}

/// Mended rows as the file that [`mended_texts`] reads: it is kept as it would be if a person had sent it.
pub(crate) fn mended_file<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut file = String::from("id,raw\n");
    for (id, raw) in rows {
        file.extend([&*cell(id), ",", &cell(raw), "\n"]);
    }
    file.into_bytes()
}

/// The column `raw` of a mended file, by the column `id`.
///
/// # Errors
/// A file that is no CSV with these two columns.
pub(crate) fn mended_texts(bytes: &[u8]) -> Result<BTreeMap<String, String>> {
    let wrong = |why: String| {
        AppError::Usage(format!(
            "the mended file cannot be read: {why}; write it with `qala quarantine export`, change the column `raw` and save it as CSV in UTF-8"
        ))
    };
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let head = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let count = |sign: u8| head.split(|b| *b == sign).count();
    let delimiter = if count(b';') > count(b',') { b';' } else { b',' };
    let format = arrow::csv::reader::Format::default()
        .with_header(true)
        .with_delimiter(delimiter);
    let (found, _) = format
        .infer_schema(Cursor::new(bytes), Some(0))
        .map_err(|e| wrong(e.to_string()))?;
    let names: Vec<&str> = found.fields().iter().map(|f| f.name().trim()).collect();
    let place = |name: &str| {
        names
            .iter()
            .position(|n| *n == name)
            .ok_or_else(|| wrong(format!("it has no column `{name}`")))
    };
    let (id, raw) = (place("id")?, place("raw")?);
    let fields: Vec<Field> = names
        .iter()
        .map(|n| Field::new(*n, DataType::Utf8, true))
        .collect();
    let reader = arrow::csv::ReaderBuilder::new(Arc::new(Schema::new(fields)))
        .with_format(format)
        .with_projection(vec![id, raw])
        .build(Cursor::new(bytes))
        .map_err(|e| wrong(e.to_string()))?;
    let mut texts = BTreeMap::new();
    for batch in reader {
        let batch = batch.map_err(|e| wrong(e.to_string()))?;
        let columns = [0, 1].map(|i| batch.column(i).as_string::<i32>());
        for row in 0..batch.num_rows() {
            let [id, raw] = columns.map(|c| c.value(row).to_owned());
            if !id.is_empty() && texts.insert(id.clone(), raw).is_some() {
                return Err(wrong(format!("the row {id} is in it twice")));
            }
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::{mended_file, mended_texts};

    #[test]
    fn rows_that_were_mended_on_the_page_make_the_same_file() {
        let rows = [("7-0", "a,\"b\""), ("7-1", "two\nlines;\r\n"), ("7-2", "")];
        let read = mended_texts(&mended_file(rows.into_iter())).unwrap();
        let expected = rows.map(|(id, raw)| (id.to_owned(), raw.to_owned()));
        assert_eq!(read.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn mended_files_are_read_by_their_header() {
        let expected = [("7-0", "a,b"), ("7-1", "two\nlines")];
        let expected: Vec<_> = expected
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        for bytes in [
            "id,code,raw\n7-0,x,\"a,b\"\n7-1,,\"two\nlines\"\n",
            "\u{feff}raw;id\n\"a,b\";7-0\n\"two\nlines\";7-1\n",
        ] {
            let texts = mended_texts(bytes.as_bytes()).unwrap();
            assert_eq!(texts.into_iter().collect::<Vec<_>>(), expected);
        }
        for (bytes, words) in [
            ("", "no column `id`"),
            ("id,x\n1,2\n", "no column `raw`"),
            ("id,raw\n1,2\n1,3\n", "twice"),
            ("id,raw\n1,2,3\n", "cannot be read"),
        ] {
            let error = mended_texts(bytes.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
