//! Mail by SMTP ([RFC 5321](https://www.rfc-editor.org/rfc/rfc5321)): one letter, one connection.
//!
//! Own and small rather than a crate: one letter of text to one reader is five commands, and TLS is that of the brokers.

use std::time::{Duration, SystemTime};

use qala_core::spec::{MailTls, Secret, Words};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Sent;
use crate::error::{AppError, Result};
use crate::transport::{Stream, secret_of, secured, words_of};

/// Each answer is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest answer that is read, bytes.
const LONGEST: usize = 64 << 10;

/// A mail server.
pub(super) struct Server<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) tls: MailTls,
    /// A file of certificates (PEM) that vouch for the server; the usual public ones when absent.
    pub(super) ca: Option<&'a str>,
    pub(super) username: Option<&'a Words>,
    pub(super) password: Option<&'a Secret>,
}

/// A letter.
pub(super) struct Letter<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    pub(super) key: &'a str,
    pub(super) at: SystemTime,
    /// Name and bytes of a PDF that goes with it.
    pub(super) paper: Option<(&'a str, &'a [u8])>,
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 ([RFC 4648, section 4](https://www.rfc-editor.org/rfc/rfc4648#section-4)).
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let whole = chunk
            .iter()
            .chain([0, 0].iter())
            .take(3)
            .fold(0_u32, |whole, byte| (whole << 8) | u32::from(*byte));
        for place in 0..4 {
            if place <= chunk.len() {
                let digit = (whole >> (18 - 6 * place)) & 63;
                text.push(char::from(DIGITS[digit as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// Words of a head ([RFC 2047](https://www.rfc-editor.org/rfc/rfc2047)): pieces of at most 36 bytes, cut between letters.
fn encoded(words: &str) -> String {
    let mut pieces = vec![String::new()];
    for letter in words.chars().filter(|letter| !letter.is_control()) {
        if let Some(last) = pieces.last()
            && last.len() + letter.len_utf8() > 36
        {
            pieces.push(String::new());
        }
        if let Some(last) = pieces.last_mut() {
            last.push(letter);
        }
    }
    let coded: Vec<String> = pieces
        .iter()
        .map(|piece| format!("=?UTF-8?B?{}?=", base64(piece.as_bytes())))
        .collect();
    coded.join("\r\n ")
}

/// An address that can stand in a command: nothing but what addresses hold.
fn address(text: &str) -> Result<&str> {
    let is_plain = text.contains('@')
        && text.len() <= 254
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "@.!#$%&'*+-/=?^_`{|}~".contains(c));
    if is_plain {
        return Ok(text);
    }
    Err(AppError::Usage(format!("`{text}` is no e-mail address")))
}

/// A part of a letter ([RFC 2045](https://www.rfc-editor.org/rfc/rfc2045)).
fn part(kind: &str, heads: &str, bytes: &[u8]) -> String {
    let mut text = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{heads}\r\n");
    // 57 bytes are a line of 76 digits.
    for line in bytes.chunks(57) {
        text.push_str(&base64(line));
        text.push_str("\r\n");
    }
    text
}

impl Letter<'_> {
    /// The letter as it is sent, without the closing point.
    fn written(&self) -> String {
        let domain = self.from.rsplit('@').next().unwrap_or("localhost");
        // The same key makes the same id: programs that tell letters apart by it show one.
        let id: String = self
            .key
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '.'
                }
            })
            .collect();
        let text = part("text/plain; charset=utf-8", "", self.text.as_bytes());
        let body = match self.paper {
            None => text,
            Some((name, bytes)) => {
                let with = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
                let paper = part("application/pdf", &with, bytes);
                // No part holds it: all of them are base64.
                format!(
                    "Content-Type: multipart/mixed; boundary=\"-\"\r\n\r\n---\r\n{text}---\r\n{paper}-----\r\n"
                )
            }
        };
        format!(
            "From: <{}>\r\nTo: <{}>\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{id}@{domain}>\r\n\
             Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n{body}",
            self.from,
            self.to,
            encoded(self.subject),
            httpdate::fmt_http_date(self.at).replace("GMT", "+0000"),
        )
    }
}

/// A talk with a server.
struct Talk(BufReader<Stream>);

impl Talk {
    /// Reads an answer: its code and its lines.
    async fn answer(&mut self) -> Result<(u16, String)> {
        let broken = || AppError::Remote("the mail server broke off".into());
        let read = async {
            let mut all = String::new();
            loop {
                let mut line = String::new();
                let got = self
                    .0
                    .read_line(&mut line)
                    .await
                    .map_err(AppError::io("read from the mail server"))?;
                if got == 0 || all.len() + got > LONGEST {
                    return Err(broken());
                }
                all.push_str(&line);
                // A minus behind the code says that more lines come.
                if line.as_bytes().get(3) != Some(&b'-') {
                    let code = line
                        .get(..3)
                        .and_then(|code| code.parse().ok())
                        .ok_or_else(broken)?;
                    return Ok((code, all));
                }
            }
        };
        timeout(PATIENCE, read)
            .await
            .map_err(|_| AppError::Remote("the mail server does not answer".into()))?
    }

    async fn say(&mut self, words: &str) -> Result<()> {
        let write = async {
            self.0.write_all(words.as_bytes()).await?;
            self.0.flush().await
        };
        timeout(PATIENCE, write)
            .await
            .map_err(|_| AppError::Remote("the mail server does not read".into()))?
            .map_err(AppError::io("write to the mail server"))
    }

    /// Says a line and wants an answer of a class: 2 or 3. `shown` is what an error names.
    async fn ask(&mut self, line: &str, class: u16, shown: &str) -> Result<String> {
        self.say(&format!("{line}\r\n")).await?;
        let (code, text) = self.answer().await?;
        if code / 100 == class {
            return Ok(text);
        }
        Err(AppError::Remote(format!("{shown}: {}", text.trim())))
    }
}

/// Connects, greets and comes in.
async fn come_in(server: &Server<'_>) -> Result<Talk> {
    let connect = TcpStream::connect((server.host, server.port));
    let tcp = timeout(PATIENCE, connect)
        .await
        .map_err(|_| AppError::Remote(format!("{}: no answer", server.host)))?
        .map_err(AppError::io(format!("connect to {}", server.host)))?;
    let mut talk = match server.tls {
        MailTls::Tls => Talk(BufReader::new(secured(server.host, tcp, server.ca).await?)),
        MailTls::None => Talk(BufReader::new(Box::new(tcp) as Stream)),
        MailTls::Starttls => {
            // In plain only the greeting is said, on the connection itself, so that it can be wrapped afterwards.
            let tcp = greeted(tcp).await?;
            let talk = Talk(BufReader::new(secured(server.host, tcp, server.ca).await?));
            return signed_in(talk, server).await;
        }
    };
    let (code, text) = talk.answer().await?;
    if code != 220 {
        return Err(AppError::Remote(format!("greeting: {}", text.trim())));
    }
    signed_in(talk, server).await
}

/// Asks for TLS on a plain connection.
async fn greeted(tcp: TcpStream) -> Result<TcpStream> {
    let io = || AppError::io("talk to the mail server");
    let mut plain = BufReader::new(tcp);
    for (line, code) in [("", "220"), ("EHLO qala\r\n", "250"), ("STARTTLS\r\n", "220")] {
        plain.get_mut().write_all(line.as_bytes()).await.map_err(io())?;
        loop {
            let mut answer = String::new();
            let got = timeout(PATIENCE, plain.read_line(&mut answer))
                .await
                .map_err(|_| AppError::Remote("the mail server does not answer".into()))?
                .map_err(io())?;
            if got == 0 || !answer.starts_with(code) {
                return Err(AppError::Remote(format!("STARTTLS: {}", answer.trim())));
            }
            if answer.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    }
    // What was sent ahead of TLS is not to be believed.
    if !plain.buffer().is_empty() {
        return Err(AppError::Remote(
            "STARTTLS: something was sent ahead of it".into(),
        ));
    }
    Ok(plain.into_inner())
}

async fn signed_in(mut talk: Talk, server: &Server<'_>) -> Result<Talk> {
    talk.ask("EHLO qala", 2, "EHLO").await?;
    if let (Some(username), Some(password)) = (server.username, server.password) {
        let secret = format!("\0{}\0{}", words_of(username)?, secret_of(password)?);
        talk.ask(&format!("AUTH PLAIN {}", base64(secret.as_bytes())), 2, "AUTH")
            .await?;
    }
    Ok(talk)
}

/// Sends a letter. Up to its last line a failure is a refusal; after it, only the server's answer tells.
pub(super) async fn send(server: &Server<'_>, letter: &Letter<'_>) -> Sent {
    let before = async {
        let (from, to) = (address(letter.from)?, address(letter.to)?);
        let mut talk = come_in(server).await?;
        talk.ask(&format!("MAIL FROM:<{from}>"), 2, "MAIL").await?;
        talk.ask(&format!("RCPT TO:<{to}>"), 2, "RCPT").await?;
        talk.ask("DATA", 3, "DATA").await?;
        Ok::<_, AppError>(talk)
    };
    let mut talk = match before.await {
        Ok(talk) => talk,
        Err(error) => return error.into(),
    };
    // No line of it begins with a point: the body is base64, and no head does.
    if let Err(error) = talk.say(&format!("{}.\r\n", letter.written())).await {
        return Sent::Unknown(error.to_string());
    }
    match talk.answer().await {
        Ok((code, _)) if code / 100 == 2 => {
            // The letter is taken, whatever comes of the farewell.
            drop(talk.say("QUIT\r\n").await);
            Sent::Taken
        }
        Ok((_, text)) => Sent::Refused(format!("DATA: {}", text.trim())),
        Err(error) => Sent::Unknown(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn a_letter_holds_no_line_of_others_and_its_id_is_of_its_key() {
        let letter = Letter {
            from: "qala@example.org",
            to: "desk@example.org",
            subject: "Ауыр: Көше жабық\r\nBcc: all@example.org",
            text: "Көше",
            key: "A-1:7:mail:desk",
            at: std::time::UNIX_EPOCH,
            paper: None,
        };
        let text = letter.written();
        assert!(
            text.contains("Message-ID: <A-1.7.mail.desk@example.org>\r\n"),
            "{text}"
        );
        assert!(!text.contains("Bcc"), "{text}");
        assert!(
            text.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"),
            "{text}"
        );
        assert!(text.ends_with(&format!("\r\n\r\n{}\r\n", base64("Көше".as_bytes()))));
        assert!(
            text.lines()
                .all(|line| line.len() <= 78 && !line.starts_with('.')),
            "{text}"
        );
        assert!(address("a@b.c>\r\nDATA").is_err());
        assert!(address("қала@мысал.қаз").is_ok());
    }
}
