//! Morning pages by mail: each that the pack names goes out once a day, and again where it is not known whether it was taken.

use std::path::Path;

use qala_core::spec::MorningMail;

use super::channel::{Sent, by_mail};
use crate::centre::Centre;
use crate::error::{AppError, Result};
use crate::indicator::short_hash;
use crate::transport::words_of;

impl Centre {
    /// Sends the pages of this day that have not gone out; how many were taken.
    ///
    /// # Errors
    /// IO. A page that could not be sent is logged and tried again the next time.
    pub async fn mail_morning_pages(&self) -> Result<usize> {
        let day = self.zone.format(self.clock.now());
        let day = day.get(..10).unwrap_or_default();
        let folder = self.data.join(crate::room::MORNING).join(day);
        if !folder.exists() {
            return Ok(0);
        }
        let mut taken = 0;
        for mail in &self.alarms.notice.morning {
            let page = format!("{}-{}", mail.page, mail.lang.code());
            let whom = format!("{} {:?}", mail.by, mail.to);
            let mark = folder.join(format!("{page}-{}.sent", short_hash(&[whom.as_bytes()])));
            if mark.exists() {
                continue;
            }
            match self.mail_page(mail, &folder, &page, day).await {
                Sent::Taken => {
                    std::fs::write(&mark, "").map_err(AppError::io(format!("write {}", mark.display())))?;
                    taken += 1;
                }
                Sent::Refused(error) | Sent::Unknown(error) => {
                    tracing::warn!(page, error, "a morning page is not sent yet");
                }
            }
        }
        Ok(taken)
    }

    async fn mail_page(&self, mail: &MorningMail, folder: &Path, page: &str, day: &str) -> Sent {
        let read = |end: &str| {
            let path = folder.join(format!("{page}.{end}"));
            std::fs::read(&path).map_err(|_| {
                format!("there is no morning page `{page}`: `page` is `city` or a department with functions")
            })
        };
        let (text, pdf) = match (read("txt"), read("pdf")) {
            (Ok(text), Ok(pdf)) => (text, pdf),
            (Err(error), _) | (_, Err(error)) => return Sent::Refused(error),
        };
        let Some(channel) = self.alarms.notice.channel(&mail.by) else {
            return Sent::Refused(format!("there is no channel `{}`", mail.by));
        };
        let to = match words_of(&mail.to) {
            Ok(to) => to,
            Err(error) => return error.into(),
        };
        let text = String::from_utf8_lossy(&text);
        let subject = text.lines().next().unwrap_or_default();
        // Whoever gets a page twice can tell by its id.
        let key = format!("morning-{day}-{page}");
        let paper = format!("{page}-{day}.pdf");
        by_mail(
            self,
            &channel.by,
            &to,
            (subject, &text),
            &key,
            Some((&paper, &pdf)),
        )
        .await
    }
}
