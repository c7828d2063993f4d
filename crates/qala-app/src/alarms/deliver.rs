//! Notices on their way: taken from the outbox, sent, and what came of it noted. One alarm reaches one contact once on each
//! channel, also when the program ends in between.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use futures::future::join_all;
use qala_core::Text;
use qala_registry::{Alarm, AlarmDelivery, DeliveryEnd};

use super::channel::{self, Sent};
use super::text::Words;
use crate::centre::Centre;
use crate::error::Result;

/// Notices that are under way at once.
const AT_ONCE: u32 = 16;
/// Tries before one is given up.
const MOST_TRIES: i64 = 40;
/// Longest wait between two tries, s.
const LONGEST_WAIT: i64 = 300;
/// It is looked this often whether something is due.
const LOOK: Duration = Duration::from_secs(5);
const SECOND: i64 = 1_000_000;

/// How long is waited after so many tries, µs: 1 s, 2 s, 4 s, … up to 5 minutes.
fn wait(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    1_i64.saturating_mul(1 << doublings).min(LONGEST_WAIT) * SECOND
}

/// What a try came to.
fn ended(sent: Sent, attempts: i64, tells_repetitions: bool, now: i64) -> DeliveryEnd {
    let again_at = now + wait(attempts);
    match sent {
        Sent::Taken => DeliveryEnd::Sent,
        Sent::Refused(error) | Sent::Unknown(error) if attempts >= MOST_TRIES => {
            DeliveryEnd::GivenUp { error }
        }
        Sent::Refused(error) => DeliveryEnd::Refused { error, again_at },
        Sent::Unknown(error) => DeliveryEnd::Unknown {
            error,
            again_at,
            tells_repetitions,
        },
    }
}

impl Centre {
    /// What goes out about an alarm.
    async fn words_of_alarm(&self, alarm: Alarm) -> Result<Words> {
        let place = match (&alarm.place, &alarm.about) {
            (Some(place), _) => self.place_name(place).await?,
            (None, Some(about)) => self.feed_title(about).cloned(),
            (None, None) => None,
        };
        Ok(Words {
            place,
            advice: self.alarms.rule(&alarm.rule).map(|rule| rule.advice.clone()),
            city: self.city.clone(),
            alarm,
        })
    }

    /// The name of a place now.
    pub(super) async fn place_name(&self, id: &str) -> Result<Option<Text>> {
        let places = self.registry.places_at(self.clock.now()).await?;
        Ok(places
            .into_iter()
            .find(|place| place.id.as_str() == id)
            .map(|place| place.name))
    }

    /// Sends what is due; returns how many notices were tried.
    ///
    /// # Errors
    /// The registry's. What a channel says is noted with the notice.
    pub async fn deliver_alarms(&self, client: &reqwest::Client) -> Result<usize> {
        let taken = self.registry.take_deliveries(AT_ONCE, self.clock.now()).await?;
        if taken.is_empty() {
            return Ok(0);
        }
        let mut alarms: HashMap<i64, Words> = HashMap::new();
        for one in &taken {
            if let Entry::Vacant(free) = alarms.entry(one.alarm_number)
                && let Some(alarm) = self.registry.alarm(one.alarm_number).await?
            {
                free.insert(self.words_of_alarm(alarm).await?);
            }
        }
        let tries = taken
            .iter()
            .map(|one| self.try_one(client, one, alarms.get(&one.alarm_number)));
        let ends = join_all(tries).await;
        for ((_, end), one) in ends.iter().zip(&taken) {
            match end {
                DeliveryEnd::Sent => tracing::debug!(alarm = one.alarm, channel = one.channel, "told"),
                DeliveryEnd::GivenUp { error } => {
                    tracing::error!(
                        alarm = one.alarm,
                        channel = one.channel,
                        contact = one.contact,
                        error,
                        "nobody could be told"
                    );
                }
                DeliveryEnd::Refused { error, .. } | DeliveryEnd::Unknown { error, .. } => {
                    tracing::warn!(
                        alarm = one.alarm,
                        channel = one.channel,
                        contact = one.contact,
                        error,
                        "not told yet"
                    );
                }
            }
        }
        self.registry.end_deliveries(&ends, self.clock.now()).await?;
        Ok(taken.len())
    }

    async fn try_one(
        &self,
        client: &reqwest::Client,
        one: &AlarmDelivery,
        words: Option<&Words>,
    ) -> (i64, DeliveryEnd) {
        let channel = self.alarms.notice.channel(&one.channel);
        let contact = self
            .alarms
            .notice
            .contact
            .iter()
            .find(|contact| contact.id == one.contact);
        let end = match (channel, contact, words) {
            (Some(channel), Some(contact), Some(words)) => {
                let sent = channel::send(self, client, &channel.by, contact, one, words).await;
                ended(
                    sent,
                    one.attempts,
                    channel.by.tells_repetitions(),
                    self.clock.now(),
                )
            }
            _ => DeliveryEnd::GivenUp {
                error: "the pack no longer names this channel or contact".into(),
            },
        };
        (one.number, end)
    }

    /// Sends notices for ever.
    pub(crate) async fn keep_delivering(&self) {
        let client = reqwest::Client::new();
        let telling: Vec<String> = self
            .alarms
            .notice
            .channel
            .iter()
            .filter(|channel| channel.by.tells_repetitions())
            .map(|channel| channel.id.clone())
            .collect();
        match self.registry.recover_deliveries(&telling, self.clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(
                count,
                "notices that were being sent at the end of the last run are sent again"
            ),
            Err(error) => tracing::error!(%error, "the outbox of alarms could not be read"),
        }
        loop {
            let woken = self.alarms.outgoing.notified();
            match self.deliver_alarms(&client).await {
                Ok(0) => {
                    let next = self.registry.next_delivery_at().await.ok().flatten();
                    let left = next.map_or(LOOK, |at| {
                        let left = u64::try_from(at - self.clock.now()).unwrap_or(0);
                        Duration::from_micros(left).clamp(Duration::from_millis(50), LOOK)
                    });
                    drop(tokio::time::timeout(left, woken).await);
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "alarms could not be sent; it goes on from where it was");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_is_what_the_far_side_said() {
        let waits: Vec<i64> = [1, 2, 3, 8, 9, 10, 100].map(|n| wait(n) / SECOND).to_vec();
        assert_eq!(waits, [1, 2, 4, 128, 256, 300, 300]);
        assert_eq!(ended(Sent::Taken, 1, false, 0), DeliveryEnd::Sent);
        let refused = ended(Sent::Refused("no".into()), 2, false, 5);
        assert_eq!(
            refused,
            DeliveryEnd::Refused {
                error: "no".into(),
                again_at: 5 + 2 * SECOND
            }
        );
        let last = ended(Sent::Unknown("?".into()), MOST_TRIES, false, 0);
        assert!(matches!(last, DeliveryEnd::GivenUp { .. }));
    }
}
