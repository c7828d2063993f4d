//! Topics of a broker that we subscribe to, with MQTT 3.1.1 or 5.
//!
//! What belongs here: the session with the broker. What does not: what the messages are (the feed's kind and mapping).
//!
//! The broker keeps a session for us: what comes while we are away waits there. A message is acknowledged (PUBACK, or
//! PUBREC with QoS 2) when its rows are durable, never before. So what was acknowledged is in the lake, and what was not is
//! sent again; what was durable already is then found ([`taken`]) and not taken twice. With QoS 0 the broker keeps nothing
//! and repeats nothing: best effort.

mod batch;
mod spec;
mod stream;
mod taken;
mod wire;

use std::pin::Pin;
use std::time::Duration;

use bytes::BytesMut;
use qala_core::spec::{FeedSpec, MqttVersion, Retained};
use qala_core::{FeedId, Zone};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::batch::{Batch, Form};
use self::spec::Spec;
pub(crate) use self::stream::{Stream, secured};
use self::taken::{Mark, Taken};
use self::wire::{Hello, Incoming, Publish, WINDOW, Wire};
use super::{Transports, secret};
use crate::centre::Centre;
use crate::error::{AppError, Result};

/// Sign of life asked of the broker, at the latest.
const KEEP_ALIVE_S: u16 = 30;
/// How long the broker may take to answer when we connect.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest wait between two tries to connect, µs.
const LONGEST_WAIT: i64 = 60_000_000;
/// A connection that held for less does not count as a success, µs.
const SHORT: i64 = 10_000_000;
/// Messages are gathered for at most this long, so that a quiet feed does not fill the disk with tiny files.
const GATHER: Duration = Duration::from_millis(250);
/// A busy broker that pauses for this long has sent all that it sends before we acknowledge.
const PAUSE: Duration = Duration::from_millis(20);
/// Messages a second from which on a feed is busy.
const BUSY: f64 = 20.0;
/// Messages that a broker of version 3.1.1 may send before the first is acknowledged: Mosquitto's default.
const WINDOW_V3: usize = 20;
/// The state is kept on the disk this often, µs.
const KEEP_EVERY: i64 = 30_000_000;
/// Batches that are read again at the start, to know what was taken.
const BATCHES: usize = 64;
/// Bytes that there is room for when we read, at least.
const READ: usize = 16 << 10;
/// Weight of the last second in the rate.
const RATE: f64 = 0.2;

/// A connection.
struct Link {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    inbox: BytesMut,
    outbox: BytesMut,
    keep_alive: Duration,
    heard: Instant,
    spoke: Instant,
    /// When the state was last brought up to date, and kept on the disk.
    second: Instant,
    kept: i64,
    /// Messages taken in by then.
    counted: u64,
}

/// A batch that is being taken in, and itself when it is.
type Running<'a> = Pin<Box<dyn Future<Output = (Batch, u64)> + Send + 'a>>;

/// A subscription at work.
struct Subscriber<'a> {
    centre: &'a Centre,
    feed: &'a FeedSpec,
    spec: Spec<'a>,
    wire: Wire,
    form: Form,
    taken: Taken,
    is_known: bool,
    gathered: Batch,
    /// When the first and the last of the gathered messages came.
    since: Instant,
    until: Instant,
    messages: u64,
    per_second: f64,
    running: Option<Running<'a>>,
    /// When the last message came; each has an instant of its own.
    received: i64,
    /// Filters that the broker has not confirmed yet.
    asked: Option<Vec<String>>,
}

impl Transports {
    /// Subscribes to the topics of a feed for ever. A connection that fails is tried again later and later.
    pub async fn subscribe(&self, centre: &Centre, feed: &FeedSpec) {
        let Some(spec) = Spec::of(feed) else { return };
        let mut subscriber = Subscriber {
            centre,
            feed,
            wire: Wire(spec.version),
            spec,
            form: Form::of(feed),
            taken: Taken::default(),
            is_known: false,
            gathered: Batch::default(),
            since: Instant::now(),
            until: Instant::now(),
            messages: 0,
            per_second: 0.0,
            running: None,
            received: 0,
            asked: None,
        };
        loop {
            let tried = centre.clock.now();
            centre.transports.update(&feed.id, |s| s.asked = Some(tried));
            let Err(error) = subscriber.session().await;
            // What was read is taken in all the same; what the broker sends again is known then.
            subscriber.drain().await;
            let now = centre.clock.now();
            let mut wait = 0;
            centre.transports.update(&feed.id, |state| {
                let held = state
                    .broker
                    .as_mut()
                    .and_then(|b| b.connected_since.take())
                    .map_or(0, |since| now - since);
                if held > SHORT {
                    state.failures = 0;
                }
                state.fail(error.to_string());
                wait = (1_000_000_i64 << (state.failures - 1).min(6)).min(LONGEST_WAIT);
                state.next = Some(now + wait);
            });
            tracing::warn!(feed = %feed.id, %error, "no connection to the broker");
            centre.transports.keep(&centre.registry, &feed.id, now).await;
            // Not all at once when a broker comes back.
            let jitter = rand::random_range(0..=wait.unsigned_abs() / 4);
            sleep(Duration::from_micros(wait.unsigned_abs() + jitter)).await;
        }
    }
}

/// What never is.
enum Never {}

impl Subscriber<'_> {
    /// One connection from its beginning to its end.
    async fn session(&mut self) -> Result<Never> {
        let mut link = self.connect().await?;
        loop {
            // What came together with the answer to our greeting is in the inbox before the first read.
            while let Some(incoming) = self.wire.next(&mut link.inbox).map_err(wrong)? {
                self.handle(incoming, &mut link.outbox).await?;
            }
            self.start();
            let gathered = self.due();
            let is_gathering = self.running.is_none() && !self.gathered.is_empty();
            let can_read = !self.gathered.is_full();
            let second = link.second + Duration::from_secs(1);
            // By itself it grows by 64 bytes at a time.
            if link.inbox.capacity() - link.inbox.len() < READ {
                link.inbox.reserve(4 * READ);
            }
            tokio::select! {
                biased;
                () = sleep_until(second) => self.every_second(&mut link, can_read).await?,
                done = wait(&mut self.running) => self.finish(&done.0, done.1, &mut link.outbox),
                sent = link.writer.write_buf(&mut link.outbox), if !link.outbox.is_empty() => {
                    some(sent)?;
                    link.spoke = Instant::now();
                }
                () = sleep_until(gathered), if is_gathering => {}
                read = link.reader.read_buf(&mut link.inbox), if can_read => {
                    some(read)?;
                    link.heard = Instant::now();
                }
            }
        }
    }

    /// Keeps the connection alive, and the state up to date.
    async fn every_second(&mut self, link: &mut Link, can_read: bool) -> Result<()> {
        link.second = Instant::now();
        if link.spoke.elapsed() >= link.keep_alive / 2 {
            Wire::ping(&mut link.outbox);
            link.spoke = link.second;
        }
        // While we do not read we cannot hear.
        if !can_read {
            link.heard = link.second;
        }
        if link.heard.elapsed() > link.keep_alive * 3 / 2 {
            return Err(AppError::Remote("the broker has fallen silent".into()));
        }
        let now = self.centre.clock.now();
        let new = self.messages - link.counted;
        link.counted = self.messages;
        self.per_second += (new as f64 - self.per_second) * RATE;
        let (per_second, heard) = (self.per_second, now - link.heard.elapsed().as_micros() as i64);
        self.centre.transports.update(&self.feed.id, |state| {
            state.answered = Some(heard);
            let broker = state.broker.get_or_insert_default();
            broker.per_second = per_second;
            if broker.connected_since.is_some_and(|since| now - since > SHORT) {
                state.failures = 0;
            }
        });
        if now - link.kept >= KEEP_EVERY {
            link.kept = now;
            let registry = &self.centre.registry;
            self.centre.transports.keep(registry, &self.feed.id, now).await;
        }
        Ok(())
    }

    /// When what was gathered is taken in at the latest.
    fn due(&self) -> Instant {
        let latest = self.since + GATHER;
        if self.per_second >= BUSY {
            latest.min(self.until + PAUSE)
        } else {
            latest
        }
    }

    /// Begins to take in what was gathered, when that is enough or has waited long enough.
    fn start(&mut self) {
        // With half a window under way the broker still has something to send meanwhile.
        let window = match self.spec.version {
            MqttVersion::V3 if self.spec.qos > 0 => WINDOW_V3,
            _ => usize::from(WINDOW),
        };
        let is_due =
            self.gathered.messages >= window / 2 || self.gathered.is_full() || Instant::now() >= self.due();
        if self.running.is_some() || self.gathered.is_empty() || !is_due {
            return;
        }
        let mut batch = std::mem::take(&mut self.gathered);
        let (centre, feed) = (self.centre, self.feed);
        self.running = Some(Box::pin(async move {
            let accepted = batch.take_in(centre, feed).await;
            (batch, accepted)
        }));
    }

    /// Takes in what was read, when there is no connection to acknowledge it by.
    async fn drain(&mut self) {
        loop {
            if self.running.is_some() {
                let done = wait(&mut self.running).await;
                self.running = None;
                self.took(&done.0, done.1);
            }
            if self.gathered.is_empty() {
                return;
            }
            self.since = Instant::now().checked_sub(GATHER).unwrap_or_else(Instant::now);
            self.start();
        }
    }

    /// Acknowledges a batch that is durable.
    fn finish(&mut self, batch: &Batch, accepted: u64, outbox: &mut BytesMut) {
        self.running = None;
        self.took(batch, accepted);
        for (qos, packet) in &batch.acknowledge {
            Wire::acknowledge(*qos, *packet, outbox);
        }
    }

    /// Notes a batch that is durable.
    fn took(&mut self, batch: &Batch, accepted: u64) {
        batch.marks.iter().for_each(|mark| self.taken.add(*mark));
        self.messages += batch.messages as u64;
        let now = self.centre.clock.now();
        self.centre.transports.update(&self.feed.id, |state| {
            if accepted > 0 {
                state.changed = Some(now);
            }
            if state.broker.as_ref().is_some_and(|b| b.connected_since.is_some()) {
                state.succeed(now);
            }
        });
        self.broker(|b| {
            b.messages += batch.messages as u64;
            b.retained += batch.retained;
            b.refused += batch.refused;
        });
    }

    fn broker(&self, change: impl FnOnce(&mut super::BrokerState)) {
        self.centre
            .transports
            .update(&self.feed.id, |s| change(s.broker.get_or_insert_default()));
    }

    async fn handle(&mut self, incoming: Incoming, outbox: &mut BytesMut) -> Result<()> {
        match incoming {
            Incoming::Publish(publish) => {
                self.publish(publish, outbox);
                Ok(())
            }
            Incoming::Release(packet) => {
                self.taken.release(packet);
                Wire::complete(packet, outbox);
                Ok(())
            }
            Incoming::Subscribed(answers) => self.subscribed(answers).await,
            Incoming::Refused(why) => Err(AppError::Remote(why)),
            Incoming::Connected { .. } | Incoming::Other => Ok(()),
        }
    }

    fn publish(&mut self, publish: Publish, outbox: &mut BytesMut) {
        let is_taken = publish.again && Mark::of(&publish).is_some_and(|mark| self.taken.has(mark));
        let is_left = publish.retained && self.spec.retained == Retained::Skip;
        if is_taken || is_left {
            self.broker(|b| if is_taken { b.again += 1 } else { b.skipped += 1 });
            Wire::acknowledge(publish.qos, publish.packet, outbox);
            return;
        }
        self.until = Instant::now();
        if self.gathered.is_empty() {
            self.since = self.until;
        }
        self.received = self.centre.clock.now().max(self.received + 1);
        let received = Zone::utc().format(self.received);
        self.gathered.add(self.form, publish, &received);
    }

    /// The broker's answer to a subscription.
    async fn subscribed(&mut self, answers: Vec<Result<u8, String>>) -> Result<()> {
        let Some(asked) = self.asked.take() else {
            return Ok(());
        };
        let mut lowest = u8::MAX;
        for (filter, answer) in asked.iter().zip(answers) {
            match answer {
                Ok(qos) => lowest = lowest.min(qos),
                Err(why) => {
                    let message = format!("the broker refused the topics `{filter}`: {why}");
                    return Err(AppError::Remote(message));
                }
            }
        }
        self.broker(|b| b.qos = Some(lowest));
        let text = serde_json::to_string(&asked).unwrap_or_default();
        let key = key(&self.feed.id, "topics");
        let now = self.centre.clock.now();
        self.centre.registry.set_setting(&key, &text, now).await?;
        if lowest < self.spec.qos {
            tracing::warn!(feed = %self.feed.id, granted = lowest, "the broker granted a lower QoS than was asked");
        }
        Ok(())
    }

    /// Connects, and subscribes unless the broker knows our subscriptions.
    async fn connect(&mut self) -> Result<Link> {
        let hello = Hello {
            client: client(self.centre, &self.feed.id, self.spec.client).await?,
            username: self.spec.username.map(secret::words).transpose()?,
            password: self.spec.password.map(secret::secret).transpose()?,
            keep_alive_s: KEEP_ALIVE_S,
            keep_s: self.spec.keep_s,
        };
        let opened = timeout(PATIENCE, stream::open(self.spec.url, self.spec.ca)).await;
        let stream = opened.map_err(|_| AppError::Remote(format!("{} does not answer", self.spec.url)))??;
        let (reader, writer) = tokio::io::split(stream);
        let mut link = Link {
            reader,
            writer,
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            keep_alive: Duration::from_secs(KEEP_ALIVE_S.into()),
            heard: Instant::now(),
            spoke: Instant::now(),
            second: Instant::now(),
            kept: self.centre.clock.now(),
            counted: self.messages,
        };
        self.wire.connect(&hello, &mut link.outbox);
        let answered = timeout(PATIENCE, welcome(self.wire, &mut link)).await;
        let session_kept = answered.map_err(|_| AppError::Remote("the broker does not answer".into()))??;
        let known = self
            .centre
            .registry
            .setting(&key(&self.feed.id, "topics"))
            .await?;
        let known: Vec<String> = known
            .filter(|_| session_kept)
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if !session_kept {
            self.taken.clear();
        } else if !self.is_known {
            self.remember().await?;
        }
        self.is_known = true;
        let mut wanted = self.spec.filters();
        // The QoS belongs to the subscription.
        wanted.push(format!("qos {}", self.spec.qos));
        if known != wanted {
            let filters = self.spec.filters();
            let old: Vec<String> = known
                .into_iter()
                .filter(|f| !wanted.contains(f) && !f.starts_with("qos "))
                .collect();
            if !old.is_empty() {
                self.wire.unsubscribe(&old, &mut link.outbox);
            }
            self.wire.subscribe(&filters, self.spec.qos, &mut link.outbox);
            self.asked = Some(wanted);
        }
        let now = self.centre.clock.now();
        self.centre.transports.update(&self.feed.id, |state| {
            state.answered = Some(now);
            state.error = None;
            state.next = None;
        });
        self.broker(|b| {
            b.connected_since = Some(now);
            b.session_kept = session_kept;
        });
        self.centre
            .transports
            .keep(&self.centre.registry, &self.feed.id, now)
            .await;
        tracing::info!(feed = %self.feed.id, session_kept, "connected to the broker");
        Ok(link)
    }

    /// Reads from the batches kept last which messages they hold.
    async fn remember(&mut self) -> Result<()> {
        if self.form == Form::Observations {
            let kept = self.centre.registry.setting(&key(&self.feed.id, "taken")).await?;
            let kept = kept.unwrap_or_default();
            kept.split(' ')
                .filter_map(Mark::parse)
                .for_each(|mark| self.taken.add(mark));
        }
        if !matches!(self.form, Form::Lines(_)) {
            return Ok(());
        }
        let quote = |text: &str| crate::reread::quoted(text);
        let sql = format!(
            "SELECT id, kept FROM lake_messages WHERE feed = {} AND name = {} ORDER BY id DESC LIMIT {BATCHES}",
            quote(self.feed.id.as_str()),
            quote(&batch::name(self.feed))
        );
        let rows = self.centre.rows(&sql).await?;
        for row in rows.iter().rev() {
            let path = crate::reread::text(row, "kept").to_owned();
            let lake = std::sync::Arc::clone(&self.centre.lake);
            let bytes = match crate::import::blocking(move || Ok(lake.kept(&path)?)).await {
                Ok(bytes) => bytes,
                Err(error) => {
                    // Rows with a key are found as duplicates all the same.
                    tracing::warn!(feed = %self.feed.id, %error, "a kept batch cannot be read again");
                    continue;
                }
            };
            for mark in qala_feeds::envelope::packets(&bytes).filter_map(|text| Mark::parse(&text)) {
                self.taken.add(mark);
            }
        }
        Ok(())
    }
}

/// Sends what opens the session and waits for the answer; true when the broker knew us.
async fn welcome(wire: Wire, link: &mut Link) -> Result<bool> {
    link.writer
        .write_all_buf(&mut link.outbox)
        .await
        .map_err(broken)?;
    loop {
        match wire.next(&mut link.inbox).map_err(wrong)? {
            Some(Incoming::Connected {
                session_kept,
                keep_alive_s,
            }) => {
                let seconds = keep_alive_s.filter(|s| *s > 0).unwrap_or(KEEP_ALIVE_S);
                link.keep_alive = Duration::from_secs(seconds.into());
                return Ok(session_kept);
            }
            Some(Incoming::Refused(why)) => return Err(AppError::Remote(why)),
            Some(_) => return Err(AppError::Remote("the broker does not begin as MQTT does".into())),
            None => {
                some(link.reader.read_buf(&mut link.inbox).await)?;
            }
        }
    }
}

/// The client id: the feed's, or one that is made once, for two programs with one id would drive each other out.
async fn client(centre: &Centre, feed: &FeedId, given: Option<&str>) -> Result<String> {
    if let Some(client) = given {
        return Ok(client.to_owned());
    }
    let key = key(feed, "client");
    if let Some(client) = centre.registry.setting(&key).await? {
        return Ok(client);
    }
    let client = format!("qala-{:016x}", rand::random::<u64>());
    let now = centre.clock.now();
    centre.registry.set_setting(&key, &client, now).await?;
    Ok(client)
}

/// The end of the batch that is being taken in; never when there is none.
async fn wait(running: &mut Option<Running<'_>>) -> (Batch, u64) {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

fn key(feed: &FeedId, what: &str) -> String {
    format!("mqtt/{feed}/{what}")
}

/// The bytes read or written; none means that the other side is gone.
fn some(bytes: std::io::Result<usize>) -> Result<usize> {
    match bytes.map_err(broken)? {
        0 => Err(AppError::Remote("the broker closed the connection".into())),
        some => Ok(some),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "an error as `map_err` hands it over"
)]
fn wrong(wrong: wire::Wrong) -> AppError {
    AppError::Remote(wrong.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "an error as `map_err` hands it over"
)]
fn broken(error: std::io::Error) -> AppError {
    AppError::Remote(format!("the connection to the broker broke: {error}"))
}
