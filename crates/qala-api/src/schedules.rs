//! When something runs by itself, how it went the last time, and when it runs next.

use serde::{Deserialize, Serialize};

use crate::Text;

/// `GET /api/schedules`. What has no instant has not run since the program started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedules {
    /// The time by which these instants are, in the city's zone.
    pub now: String,
    /// True while indicators wait for the seeded city to be filled in.
    pub indicators_wait: bool,
    /// Feeds whose bytes are fetched: asked, subscribed to, watched.
    pub feeds: Vec<FeedSchedule>,
    /// Indicators that are computed by themselves.
    pub indicators: Vec<IndicatorSchedule>,
    /// Tasks of the program; a backup is among them when the program was started with one.
    pub tasks: Vec<TaskSchedule>,
}

/// When the bytes of a feed are fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedSchedule {
    /// Feed.
    pub id: String,
    /// Title.
    pub title: Text,
    /// `poll`, `mqtt`, `folder` or `file`.
    pub transport: String,
    /// Seconds between two requests.
    pub every_s: Option<u64>,
    /// Time of day, by the city's clock, at which it is asked.
    pub at: Option<String>,
    /// When we last asked, looked or tried to connect.
    pub asked: Option<String>,
    /// When the other side last answered well.
    pub answered: Option<String>,
    /// When new data last came.
    pub changed: Option<String>,
    /// When we ask or try next.
    pub next: Option<String>,
    /// Failures since the last good answer.
    pub failures: u32,
    /// What is wrong now.
    pub error: Option<String>,
}

/// When an indicator is computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorSchedule {
    /// Indicator.
    pub id: String,
    /// Title.
    pub title: Text,
    /// Minutes between two looks whether something is due.
    pub every_min: u32,
    /// When it was last looked.
    pub looked: Option<String>,
    /// When it is looked next.
    pub next: Option<String>,
    /// When periods of it were last computed.
    pub computed: Option<String>,
    /// Ranges of periods computed since the program started.
    pub ranges: u64,
    /// What was wrong the last time.
    pub error: Option<String>,
}

/// When a task of the program runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSchedule {
    /// `backup`, `audit_head`, `judge`, `watch`, `tidy`, `commit` or `relay`.
    pub task: String,
    /// Seconds between two runs; absent: it runs when there is something to do.
    pub every_s: Option<u64>,
    /// When it last ended.
    pub ended: Option<String>,
    /// When it runs next.
    pub next: Option<String>,
    /// What was wrong the last time.
    pub error: Option<String>,
    /// What it works on: of a backup, where it goes.
    pub what: Option<String>,
}
