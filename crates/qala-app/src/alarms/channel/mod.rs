//! The ways out: each takes a notice to one address and says for certain that it was taken, that it was not, or that nobody knows.

mod http;
mod mail;

#[cfg(test)]
mod tests;

use qala_core::spec::{ChannelSpec, NoticeContact};
use qala_registry::AlarmDelivery;

use super::text::Words;
use crate::centre::Centre;
use crate::transport::words_of;

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The far side took it.
    Taken,
    /// It did not, for certain.
    Refused(String),
    /// Bytes went out, and no answer came.
    Unknown(String),
}

/// A failure before anything went out.
impl From<crate::error::AppError> for Sent {
    fn from(error: crate::error::AppError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Sends a notice.
pub(super) async fn send(
    centre: &Centre,
    client: &reqwest::Client,
    by: &ChannelSpec,
    contact: &NoticeContact,
    delivery: &AlarmDelivery,
    words: &Words,
) -> Sent {
    let Some(address) = contact.at.get(&delivery.channel) else {
        return Sent::Refused(format!("the contact has no address on `{}`", delivery.channel));
    };
    let address = match words_of(address) {
        Ok(address) => address,
        Err(error) => return error.into(),
    };
    let zone = &centre.zone;
    match by {
        ChannelSpec::Webhook { headers } => {
            let body = words.json(&delivery.key, &contact.id, delivery.step, zone);
            http::webhook(client, &address, headers, &delivery.key, &body.to_string()).await
        }
        ChannelSpec::Telegram { url, token } => {
            http::telegram(client, url, token, &address, &words.body(contact.lang, zone)).await
        }
        ChannelSpec::Sms {
            url, headers, fields, ..
        } => {
            let text = words.body(contact.lang, zone);
            http::sms(client, url, headers, fields, &address, &text, &delivery.key).await
        }
        ChannelSpec::Mail { .. } => {
            let (subject, text) = (words.title(contact.lang), words.body(contact.lang, zone));
            by_mail(centre, by, &address, (&subject, &text), &delivery.key, None).await
        }
    }
}

/// Sends a letter, subject and text, by a channel of mail; `paper` is the name and the bytes of a PDF that goes with it.
pub(super) async fn by_mail(
    centre: &Centre,
    by: &ChannelSpec,
    to: &str,
    (subject, text): (&str, &str),
    key: &str,
    paper: Option<(&str, &[u8])>,
) -> Sent {
    let ChannelSpec::Mail {
        host,
        port,
        tls,
        ca,
        from,
        username,
        password,
    } = by
    else {
        return Sent::Refused("the channel is no mail".into());
    };
    let letter = mail::Letter {
        from,
        to,
        subject,
        text,
        key,
        at: centre.clock_utc(),
        paper,
    };
    let server = mail::Server {
        host,
        port: *port,
        tls: *tls,
        ca: ca.as_deref(),
        username: username.as_ref(),
        password: password.as_ref(),
    };
    mail::send(&server, &letter).await
}

impl Centre {
    /// The clock as seconds since 1970.
    fn clock_utc(&self) -> std::time::SystemTime {
        let micros = u64::try_from(self.clock.now()).unwrap_or(0);
        std::time::UNIX_EPOCH + std::time::Duration::from_micros(micros)
    }
}
