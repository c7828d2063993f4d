//! What runs beside the questions: commits, compaction, retention, transports, the relay, the schedules of indicators and models.

use std::sync::Arc;
use std::time::Duration;

use qala_core::spec::Transport;
use tokio::task::JoinSet;

use crate::account::Reader;
use crate::centre::Centre;
use crate::runs::RunSchedule;
use crate::schedule::Schedule;
use crate::tasks::Task;
use crate::transport::Transports;

/// Files are merged and old days removed this often.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// The registry is told to the lake this often.
const RELAY_EVERY: Duration = Duration::from_secs(2);
/// The head of the audit is looked for this often.
const HEAD_EVERY: Duration = Duration::from_secs(600);
/// It is looked this often whether a feed's day can be judged.
const JUDGE_EVERY: Duration = Duration::from_secs(300);
/// It is looked this often whether events of a drill are due.
const DRILLS_EVERY: Duration = Duration::from_secs(5);
/// It is looked this often whether the morning pages are to be made.
const MORNING_EVERY: Duration = Duration::from_secs(120);
/// Feeds are looked at this often.
const WATCH_EVERY: Duration = Duration::from_secs(10);
/// Alarms are looked for this often when nothing comes; when something comes, at once.
const ALARMS_EVERY: Duration = Duration::from_secs(1);
/// Two looks for alarms lie so far apart: in a storm one look takes in what came since the last.
const ALARMS_APART: Duration = Duration::from_millis(100);

/// The running loops. Dropping it stops them; nothing acknowledged is lost by that.
pub struct Background {
    tasks: JoinSet<()>,
}

impl Background {
    /// Starts the loops that keep the lake in order; with `feeds`, also transports and schedules.
    pub fn start(centre: &Arc<Centre>, feeds: bool) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(commits(Arc::clone(centre)));
        tasks.spawn(tidying(Arc::clone(centre)));
        if feeds {
            let transports = Arc::new(Transports::default());
            tasks.spawn({
                let (centre, transports) = (Arc::clone(centre), Arc::clone(&transports));
                async move { transports.watch(&centre).await }
            });
            let client = reqwest::Client::new();
            for feed in centre.feeds.clone() {
                let (centre, transports) = (Arc::clone(centre), Arc::clone(&transports));
                match feed.transport {
                    Transport::Poll { .. } => {
                        let client = client.clone();
                        tasks.spawn(async move { transports.poll(&centre, &feed, &client).await });
                    }
                    Transport::Mqtt { .. } => {
                        tasks.spawn(async move { transports.subscribe(&centre, &feed).await });
                    }
                    Transport::File { .. } | Transport::Folder { .. } | Transport::Push {} => {}
                }
            }
            tasks.spawn(relaying(Arc::clone(centre)));
            centre.watch.listen();
            tasks.spawn(watching(Arc::clone(centre)));
            tasks.spawn(scheduling(Arc::clone(centre)));
            tasks.spawn(judging(Arc::clone(centre)));
            tasks.spawn(running_models(Arc::clone(centre)));
            tasks.spawn(keeping_heads(Arc::clone(centre)));
            tasks.spawn(listing(Arc::clone(centre)));
            tasks.spawn(looking_for_alarms(Arc::clone(centre)));
            tasks.spawn({
                let centre = Arc::clone(centre);
                async move { centre.keep_delivering().await }
            });
            tasks.spawn(drilling(Arc::clone(centre)));
            tasks.spawn(making_morning_pages(Arc::clone(centre)));
        }
        Self { tasks }
    }

    /// Also copies everything to a folder of its time below `address`, again and again.
    pub fn back_up(&mut self, centre: &Arc<Centre>, address: String, every: Duration) {
        let centre = Arc::clone(centre);
        let next = centre.clock.now().saturating_add(every.as_micros() as i64);
        centre
            .tasks
            .expect(Task::Backup, Some(every), next, Some(address.clone()));
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let at = qala_core::Zone::utc().format(centre.clock.now());
                let at = at.get(..19).unwrap_or(&at).replace(':', "-");
                let target = format!("{}/{at}Z", address.trim_end_matches('/'));
                let done = crate::backup::backup(&centre, &target).await;
                centre.ended(Task::Backup, &done);
                match done {
                    Ok(mark) => tracing::info!(target, seq = mark.seq, bytes = mark.bytes, "backed up"),
                    Err(error) => tracing::error!(target, %error, "could not back up"),
                }
            }
        });
    }
}

async fn commits(centre: Arc<Centre>) {
    centre.expect(Task::Commit, None::<Duration>);
    loop {
        centre.lake.asked_or(centre.lake.options().commit_every).await;
        let done = centre.lake.commit().await;
        centre.ended(Task::Commit, &done);
        if let Err(error) = done {
            tracing::error!(%error, "commit failed; the rows stay in the log");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn tidying(centre: Arc<Centre>) {
    centre.expect(Task::Tidy, TIDY_EVERY);
    loop {
        tokio::time::sleep(TIDY_EVERY).await;
        let lake = &centre.lake;
        let done = async {
            centre.engine.refresh_rollups().await?;
            let merged = lake.compact().await?;
            let expired = lake.retain().await?;
            // Queries of the last minutes may still read what was merged.
            let removed = lake.clean_up(Duration::from_secs(600)).await?;
            Ok::<_, qala_lake::LakeError>((merged, expired, removed))
        };
        let done = done.await;
        centre.ended(Task::Tidy, &done);
        match done {
            Ok((0, 0, 0)) => {}
            Ok((merged, expired, removed)) => tracing::info!(merged, expired, removed, "tidied"),
            Err(error) => tracing::error!(%error, "tidying failed"),
        }
    }
}

async fn relaying(centre: Arc<Centre>) {
    centre.expect(Task::Relay, RELAY_EVERY);
    loop {
        let done = centre.relay().await;
        centre.ended(Task::Relay, &done);
        if let Err(error) = done {
            tracing::error!(%error, "relay failed; it goes on from where it was");
        }
        tokio::time::sleep(RELAY_EVERY).await;
    }
}

async fn keeping_heads(centre: Arc<Centre>) {
    centre.expect(Task::AuditHead, HEAD_EVERY);
    loop {
        let done = centre.keep_audit_head().await;
        centre.ended(Task::AuditHead, &done);
        if let Err(error) = done {
            tracing::error!(%error, "the head of the audit could not be kept");
        }
        tokio::time::sleep(HEAD_EVERY).await;
    }
}

/// Reads what the map shows, so that the first who opens it need not wait.
async fn listing(centre: Arc<Centre>) {
    if let Err(error) = centre.layers(&Reader::public()).await {
        tracing::warn!(%error, "the layers of the map could not be listed");
    }
}

async fn judging(centre: Arc<Centre>) {
    centre.expect(Task::Judge, JUDGE_EVERY);
    loop {
        // Not at once: a centre that has just started has more urgent things to do. Days that are being filled are not judged yet.
        tokio::time::sleep(JUDGE_EVERY).await;
        if centre.demo.gap().is_some() {
            continue;
        }
        let mut done = Ok(());
        for feed in centre.trusted_feeds() {
            if let Err(error) = centre.judge_if_due(feed).await {
                tracing::error!(feed = %feed.id, %error, "could not judge the feed's day");
                done = Err(format!("{}: {error}", feed.id));
            }
        }
        centre.ended(Task::Judge, &done);
    }
}

async fn running_models(centre: Arc<Centre>) {
    let mut schedule = RunSchedule::default();
    loop {
        // Not at once: a centre that has just started has more urgent things to do.
        tokio::time::sleep(Duration::from_secs(30)).await;
        schedule.turn(&centre).await;
    }
}

async fn drilling(centre: Arc<Centre>) {
    centre.expect(Task::Drills, DRILLS_EVERY);
    loop {
        tokio::time::sleep(DRILLS_EVERY).await;
        let done = centre.tell_drills().await;
        centre.ended(Task::Drills, &done);
        if let Err(error) = done {
            tracing::error!(%error, "the events of a drill could not be told");
        }
    }
}

async fn making_morning_pages(centre: Arc<Centre>) {
    centre.expect(Task::Morning, MORNING_EVERY);
    loop {
        // Not at once: a centre that has just started has more urgent things to do.
        tokio::time::sleep(MORNING_EVERY).await;
        let mut done = centre.make_morning_pages().await;
        // A failure to mail is one of the task: whoever looks at what runs by itself sees it.
        if let Err(error) = centre.mail_morning_pages().await {
            done = done.and(Err(error));
        }
        centre.ended(Task::Morning, &done);
        match done {
            Ok(0) => {}
            Ok(pages) => tracing::info!(pages, "morning pages made"),
            Err(error) => tracing::error!(%error, "the morning pages could not be made or mailed"),
        }
    }
}

async fn watching(centre: Arc<Centre>) {
    centre.expect(Task::Watch, WATCH_EVERY);
    loop {
        let done = centre.watch_feeds().await;
        centre.ended(Task::Watch, &done);
        match done {
            Err(error) if error.is_slow_lake() => tracing::info!(%error, "feeds are watched later"),
            Err(error) => tracing::error!(%error, "watching the feeds failed; it goes on from where it was"),
            Ok(()) => {}
        }
        tokio::time::sleep(WATCH_EVERY).await;
    }
}

async fn looking_for_alarms(centre: Arc<Centre>) {
    centre.expect(Task::Alarms, None::<Duration>);
    loop {
        centre.lake.grown_or(centre.alarms_looked(), ALARMS_EVERY).await;
        let done = centre.look_for_alarms().await;
        centre.ended(Task::Alarms, &done);
        match done {
            Ok(_) => tokio::time::sleep(ALARMS_APART).await,
            Err(error) => {
                tracing::error!(%error, "alarms could not be looked for; it goes on from where it was");
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    }
}

async fn scheduling(centre: Arc<Centre>) {
    let mut schedule = Schedule::default();
    loop {
        centre.computing.due(Duration::from_secs(20)).await;
        schedule.turn(&centre).await;
    }
}
