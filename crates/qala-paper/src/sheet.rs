//! What stands on the pages of a document.

use qala_core::Lang;
use qala_core::spec::Status;

/// How many pages a sheet has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// One, however much stands on it: blocks shrink, and what has no room is counted.
    One,
    /// As many as it needs, at most sixty: nothing shrinks, words are not cut, and tables and words go on on the next page. Each
    /// page has its number; those after the first have a small head. What has no room on sixty pages is counted.
    Many,
}

/// A document to be printed: one page, or several.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// How many pages it has.
    pub pages: Pages,
    /// The language of all its words.
    pub lang: Lang,
    /// Words above the title: whose page it is.
    pub over: String,
    /// Title.
    pub title: String,
    /// A mark beside the title that must not be overlooked: the data are simulated.
    pub mark: Option<String>,
    /// Blocks from the top.
    pub body: Vec<Block>,
    /// Blocks at the bottom edge, in small letters. They have at most two fifths of the page; on many pages they follow the body.
    pub foot: Vec<Block>,
    /// The last line of each page, at the left: what made it.
    pub maker: String,
    /// The last line of each page, at the right: where it is on the screen.
    pub address: String,
}

/// A part of a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A paragraph in the second colour.
    Quiet(String),
    /// A number that is read first.
    Figure(Figure),
    /// Names and what belongs to them.
    Facts(Vec<(String, String)>),
    /// Values over time.
    Chart(Chart),
    /// A table.
    Table(Table),
    /// Areas by their standing.
    Map(Map),
    /// Columns beside each other: the share of the width, and the blocks.
    Beside(Vec<(f32, Vec<Block>)>),
}

/// How something stands. It is shown by a shape, never by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Off target.
    Off,
    /// To watch.
    Watch,
    /// No value, or none that is told.
    Unknown,
    /// On target.
    On,
    /// Nobody has set a target.
    Aimless,
}

impl From<Status> for Mark {
    fn from(status: Status) -> Self {
        match status {
            Status::OnTarget => Self::On,
            Status::Watch => Self::Watch,
            Status::OffTarget => Self::Off,
            Status::Unknown => Self::Unknown,
        }
    }
}

/// A number that is read first.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number, or a dash.
    pub value: String,
    /// Its unit; empty for none.
    pub unit: String,
    /// How it stands.
    pub mark: Mark,
    /// The same in words.
    pub standing: String,
    /// Lines below: the period, the target, what changed.
    pub lines: Vec<String>,
}

/// Values over time. Numbers are in the unit in which they are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What a reader hears who does not see it.
    pub alt: String,
    /// Word of the unit; empty for none.
    pub unit: String,
    /// Values, the oldest first.
    pub points: Vec<Point>,
    /// The target and its name.
    pub target: Option<(f64, String)>,
    /// The limit and its name.
    pub limit: Option<(f64, String)>,
    /// What is usual.
    pub usual: Option<Limits>,
    /// A line below.
    pub note: Option<String>,
}

/// A value of a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Start of the period, µs of UTC.
    pub at: i64,
    /// The period in words.
    pub label: String,
    /// The value; a gap when there is none.
    pub value: Option<f64>,
}

/// Limits between which values usually lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Centre.
    pub centre: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, the most important first: on one page, the last ones are left out where it ends. On many pages a row stays on one
    /// page; one that is higher than a page is divided between its lines.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Title.
    pub title: String,
    /// Where its cells stand.
    pub align: Align,
}

/// Where the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// At the left, for words; long ones take two lines, and on many pages as many as they need.
    Start,
    /// At the right, for numbers; too wide ones are cut, and on many pages broken.
    End,
}

/// A row: a cell for each column. Its first cell names it.
pub type Row = Vec<Cell>;

/// A cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// Words or a number.
    pub text: String,
    /// A shape in front.
    pub mark: Option<Mark>,
}

impl Cell {
    /// A cell without a shape.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mark: None,
        }
    }

    /// A cell with a shape in front.
    pub fn marked(mark: Mark, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            mark: Some(mark),
        }
    }
}

/// Areas by their standing.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// What a reader hears who does not see it.
    pub alt: String,
    /// Areas.
    pub areas: Vec<Area>,
    /// What the shapes mean.
    pub legend: Vec<(Mark, String)>,
}

/// An area of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Name.
    pub name: String,
    /// How it stands.
    pub mark: Mark,
    /// Rings of longitude and latitude, degrees; holes are rings inside of others.
    pub rings: Vec<Vec<(f64, f64)>>,
}
