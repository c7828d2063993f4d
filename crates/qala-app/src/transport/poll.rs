//! An address that is asked again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use qala_core::spec::{FeedSpec, Transport, Words};
use qala_lake::Outcome;
use qala_registry::RegistryError;

use super::schedule::Schedule;
use super::{Transports, secret};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::import::{Payload, Progress};

/// Largest answer of an address.
const LARGEST_ANSWER: usize = 512 << 20;
/// The clock is looked at this often while we wait, for it may be put on or back.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(60);
/// A state that says nothing new is kept this often, µs.
const KEEP_EVERY: i64 = 30_000_000;

/// Why an address was not taken in.
struct Failed {
    error: AppError,
    /// Seconds after which it wants to be asked again, by its own word.
    retry_after_s: Option<i64>,
}

impl From<AppError> for Failed {
    fn from(error: AppError) -> Self {
        Self {
            error,
            retry_after_s: None,
        }
    }
}

impl From<RegistryError> for Failed {
    fn from(error: RegistryError) -> Self {
        AppError::from(error).into()
    }
}

impl Transports {
    /// Asks one address for ever. An address that fails is asked again later and later, and nothing known is erased.
    pub async fn poll(&self, centre: &Centre, feed: &FeedSpec, client: &reqwest::Client) {
        let Transport::Poll {
            url,
            every_s,
            at,
            jitter_s,
            headers,
        } = &feed.transport
        else {
            return;
        };
        let schedule = Schedule {
            every_s: *every_s,
            at: *at,
            zone: &centre.zone,
        };
        let mut kept = i64::MIN;
        loop {
            let now = centre.clock.now();
            let before = centre.transports.get(&feed.id).unwrap_or_default();
            let mut due = schedule.next(&before, now);
            if before.failures == 0 && before.answered.is_some() && *jitter_s > 0 {
                due += rand::random_range(0..=jitter_s.saturating_mul(1_000_000).min(86_400_000_000)) as i64;
            }
            centre.transports.update(&feed.id, |s| s.next = Some(due));
            wait_until(centre, due).await;
            let answer = self.ask(centre, feed, url, headers, client).await;
            let now = centre.clock.now();
            centre.transports.update(&feed.id, |state| {
                state.asked = Some(now);
                match &answer {
                    Ok(outcome) => {
                        state.succeed(now);
                        if outcome
                            .as_ref()
                            .is_some_and(|o| !o.repeated && o.total.accepted > 0)
                        {
                            state.changed = Some(now);
                        }
                        state.next = Some(schedule.next(state, now));
                    }
                    Err(failed) => {
                        state.fail(failed.error.to_string());
                        state.next = Some(schedule.retry(state.failures, failed.retry_after_s, now));
                    }
                }
            });
            match &answer {
                Ok(Some(o)) => tracing::info!(feed = %feed.id, accepted = o.total.accepted, "polled"),
                Ok(None) => {}
                Err(failed) => tracing::warn!(feed = %feed.id, error = %failed.error, "could not poll"),
            }
            let is_news = answer.is_err() || before.failures > 0 || matches!(answer, Ok(Some(_)));
            if is_news || now - kept >= KEEP_EVERY {
                centre.transports.keep(&centre.registry, &feed.id, now).await;
                kept = now;
            }
        }
    }

    /// Asks an address once; `None` when nothing has changed since the last time.
    ///
    /// # Errors
    /// No answer, an answer that is not 200 or 304, is too long or not whole; the import's.
    async fn ask(
        &self,
        centre: &Centre,
        feed: &FeedSpec,
        url: &str,
        headers: &BTreeMap<String, Words>,
        client: &reqwest::Client,
    ) -> Result<Option<Outcome>, Failed> {
        let remote = |e: reqwest::Error| AppError::Remote(format!("{url}: {e}"));
        let key = |what: &str| format!("poll/{}/{what}", feed.id);
        let mut request = client.get(url).timeout(Duration::from_secs(60));
        for (name, words) in headers {
            request = request.header(name, secret::words(words)?);
        }
        let known = |value: Option<String>| value.filter(|v| !v.is_empty());
        if let Some(tag) = known(centre.registry.setting(&key("etag")).await?) {
            request = request.header("If-None-Match", tag);
        }
        if let Some(date) = known(centre.registry.setting(&key("modified")).await?) {
            request = request.header("If-Modified-Since", date);
        }
        let answer = request.send().await.map_err(remote)?;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(ToOwned::to_owned)
        };
        match answer.status().as_u16() {
            304 => return Ok(None),
            200 => {}
            other => {
                return Err(Failed {
                    error: AppError::Remote(format!("{url} answered {other}")),
                    retry_after_s: header("retry-after").and_then(|text| seconds(&text, centre.clock.now())),
                });
            }
        }
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
            ))
            .into());
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

/// Waits until an instant by the clock of the centre.
async fn wait_until(centre: &Centre, due: i64) {
    loop {
        let left = due - centre.clock.now();
        let Ok(left @ 1..) = u64::try_from(left) else {
            return;
        };
        tokio::time::sleep(Duration::from_micros(left).min(LOOK_AT_CLOCK)).await;
    }
}

/// Seconds of a Retry-After: a number, or a date (RFC 9110, 10.2.3). `now` is in µs since 1970.
fn seconds(text: &str, now: i64) -> Option<i64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    let until = httpdate::parse_http_date(text.trim()).ok()?;
    let until = i64::try_from(until.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some((until - now / 1_000_000).max(0))
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
