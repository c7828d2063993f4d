//! An address that is asked again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qala_core::FeedId;
use qala_core::spec::{FeedSpec, Transport};
use qala_lake::Outcome;

use super::Transports;
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Payload, Progress};

/// An address that fails is asked at least this often.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Largest answer of an address.
const LARGEST_ANSWER: usize = 512 << 20;

/// How an address answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// When it was asked last, µs of UTC.
    pub asked: i64,
    /// When it last answered well, changed or not; absent when it never did since the start.
    pub answered: Option<i64>,
    /// Why the last answer was not taken in; absent when it was.
    pub error: Option<String>,
}

/// How addresses answered since the start, by feed.
#[derive(Debug, Default)]
pub struct Polls(Mutex<HashMap<FeedId, Polled>>);

impl Polls {
    /// The last answer of a feed's address.
    pub fn get(&self, feed: &FeedId) -> Option<Polled> {
        self.lock().get(feed).cloned()
    }

    fn note(&self, feed: &FeedId, now: i64, error: Option<String>) {
        let mut all = self.lock();
        let before = all.get(feed).and_then(|p| p.answered);
        let answered = if error.is_none() { Some(now) } else { before };
        all.insert(
            feed.clone(),
            Polled {
                asked: now,
                answered,
                error,
            },
        );
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<FeedId, Polled>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Transports {
    /// Asks one address for ever. An address that fails is asked again later and later, and nothing known is erased.
    pub async fn poll(&self, centre: &Centre, feed: &FeedSpec, client: &reqwest::Client) {
        let Transport::Poll { url, every_s } = &feed.transport else {
            return;
        };
        let every = Duration::from_secs((*every_s).max(1));
        let mut wait = every;
        loop {
            let answer = self.ask(centre, feed, url, client).await;
            let error = answer.as_ref().err().map(ToString::to_string);
            centre.polls.note(&feed.id, centre.clock.now(), error);
            match answer {
                Ok(outcome) => {
                    wait = every;
                    if let Some(o) = outcome {
                        tracing::info!(feed = %feed.id, accepted = o.total.accepted, "polled");
                    }
                }
                Err(error) => {
                    tracing::warn!(feed = %feed.id, %error, wait_s = wait.as_secs(), "could not poll");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT).max(every);
                    continue;
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks an address once; `None` when nothing has changed since the last time.
    ///
    /// # Errors
    /// No answer, an answer that is not 200 or 304, is too long or not whole; the import's.
    pub async fn ask(
        &self,
        centre: &Centre,
        feed: &FeedSpec,
        url: &str,
        client: &reqwest::Client,
    ) -> Result<Option<Outcome>> {
        let remote = |e: reqwest::Error| AppError::Remote(format!("{url}: {e}"));
        let key = |what: &str| format!("poll/{}/{what}", feed.id);
        let mut request = client.get(url).timeout(Duration::from_secs(60));
        let known = |value: Option<String>| value.filter(|v| !v.is_empty());
        if let Some(tag) = known(centre.registry.setting(&key("etag")).await?) {
            request = request.header("If-None-Match", tag);
        }
        if let Some(date) = known(centre.registry.setting(&key("modified")).await?) {
            request = request.header("If-Modified-Since", date);
        }
        let answer = request.send().await.map_err(remote)?;
        match answer.status().as_u16() {
            304 => return Ok(None),
            200 => {}
            other => return Err(AppError::Remote(format!("{url} answered {other}"))),
        }
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(ToOwned::to_owned)
        };
        let (tag, date) = (header("etag"), header("last-modified"));
        let bytes = read_answer(url, answer).await?;
        let name = url
            .rsplit('/')
            .next()
            .unwrap_or(url)
            .split('?')
            .next()
            .unwrap_or(url)
            .to_owned();
        let import = centre.feed_import(feed, Payload::Bytes(name, Arc::new(bytes)));
        let outcome = centre.import(import, Arc::new(Progress::default())).await?;
        if let Some(problem) = outcome
            .problems
            .iter()
            .find(|p| qala_feeds::is_cut_short(&p.code))
        {
            // What was read is kept; the rest comes when the address is asked again.
            return Err(AppError::Remote(format!(
                "{url} sent a body that is not whole: {}",
                problem.message
            )));
        }
        // Only what was taken in may be skipped next time.
        let now = centre.clock.now();
        for (what, value) in [("etag", tag), ("modified", date)] {
            centre
                .registry
                .set_setting(&key(what), value.as_deref().unwrap_or_default(), now)
                .await?;
        }
        Ok(Some(outcome))
    }
}

/// Fetches an address once.
///
/// # Errors
/// No answer, or an answer that is not 200 or is too long.
pub async fn fetch(url: &str) -> Result<Vec<u8>> {
    let remote = |e: reqwest::Error| AppError::Remote(format!("{url}: {e}"));
    let answer = reqwest::Client::new()
        .get(url)
        .timeout(Duration::from_secs(300))
        .send()
        .await
        .map_err(remote)?;
    if !answer.status().is_success() {
        return Err(AppError::Remote(format!(
            "{url} answered {}",
            answer.status().as_u16()
        )));
    }
    read_answer(url, answer).await
}

/// Reads a body that may not be endless.
async fn read_answer(url: &str, mut answer: reqwest::Response) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|e| AppError::Remote(format!("{url}: {e}")))?
    {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST_ANSWER {
            return Err(AppError::Remote(format!(
                "{url} sent more than {LARGEST_ANSWER} bytes"
            )));
        }
    }
    Ok(bytes)
}
