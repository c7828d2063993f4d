//! Packets of MQTT 3.1.1 and 5, as far as a subscriber sends and receives them.
//!
//! What belongs here: bytes to packets and back. What does not: the session. It is written out because the client there is
//! (`rumqttc` 0.25) acknowledges one message per write, takes the PUBREL of a message that an earlier process acknowledged
//! for an error over and over, so that a session of QoS 2 does not survive a crash, and would build the engine anew with
//! another feature of a crate they share. Sections are those of MQTT 5 (OASIS, 2019).

use bytes::{Buf, BufMut, Bytes, BytesMut};
use qala_core::spec::MqttVersion;

/// Messages that a broker of version 5 sends us before the first is acknowledged.
pub(super) const WINDOW: u16 = 10_000;

/// How a session is opened.
#[derive(Debug, Clone)]
pub(super) struct Hello {
    pub(super) client: String,
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
    pub(super) keep_alive_s: u16,
    pub(super) keep_s: u32,
}

/// A message of a topic.
#[derive(Debug, Clone)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) body: Bytes,
    pub(super) qos: u8,
    /// Number under which it is acknowledged; 0 with QoS 0.
    pub(super) packet: u16,
    /// True when the broker says that it sent it before.
    pub(super) again: bool,
    pub(super) retained: bool,
}

/// What a broker sends.
#[derive(Debug)]
pub(super) enum Incoming {
    /// We are in.
    Connected {
        session_kept: bool,
        keep_alive_s: Option<u16>,
    },
    /// We are not, or no longer, with the reason.
    Refused(String),
    /// Granted quality of each topic, or why it was refused.
    Subscribed(Vec<Result<u8, String>>),
    Publish(Publish),
    /// The second half of a message of QoS 2.
    Release(u16),
    /// Anything that asks for nothing.
    Other,
}

/// The broker does not speak MQTT as it should.
#[derive(Debug, thiserror::Error)]
#[error("the broker does not speak MQTT as it should: {0}")]
pub(super) struct Wrong(&'static str);

/// One version of the protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire(pub(super) MqttVersion);

impl Wire {
    fn is_five(self) -> bool {
        self.0 == MqttVersion::V5
    }

    /// Opens the session that the broker kept for us, or a new one (3.1).
    pub(super) fn connect(self, hello: &Hello, out: &mut BytesMut) {
        // Version 3.1.1 has no password without a user.
        let username = hello.username.as_deref().or(hello.password.as_ref().map(|_| ""));
        let mut body = BytesMut::new();
        text("MQTT", &mut body);
        body.put_u8(if self.is_five() { 5 } else { 4 });
        let flag = |is_there: bool, bit: u8| if is_there { bit } else { 0 };
        body.put_u8(flag(username.is_some(), 0x80) | flag(hello.password.is_some(), 0x40));
        body.put_u16(hello.keep_alive_s);
        if self.is_five() {
            // Session expiry, receive maximum.
            body.put_u8(8);
            body.put_u8(0x11);
            body.put_u32(hello.keep_s);
            body.put_u8(0x21);
            body.put_u16(WINDOW);
        }
        text(&hello.client, &mut body);
        for part in [username, hello.password.as_deref()].into_iter().flatten() {
            text(part, &mut body);
        }
        packet(0x10, &body, out);
    }

    /// Subscribes to topic filters (3.8). Retained messages come with a new subscription only.
    pub(super) fn subscribe(self, filters: &[String], qos: u8, out: &mut BytesMut) {
        let options = if self.is_five() { qos | 0x10 } else { qos };
        let mut body = self.numbered(1);
        for filter in filters {
            text(filter, &mut body);
            body.put_u8(options);
        }
        packet(0x82, &body, out);
    }

    /// Gives up topic filters (3.10).
    pub(super) fn unsubscribe(self, filters: &[String], out: &mut BytesMut) {
        let mut body = self.numbered(2);
        for filter in filters {
            text(filter, &mut body);
        }
        packet(0xa2, &body, out);
    }

    /// Tells the broker that a message is ours now: PUBACK, or PUBREC with QoS 2.
    pub(super) fn acknowledge(qos: u8, number: u16, out: &mut BytesMut) {
        match qos {
            0 => {}
            1 => packet(0x40, &number.to_be_bytes(), out),
            _ => packet(0x50, &number.to_be_bytes(), out),
        }
    }

    /// Answers a release with PUBCOMP, whether this process or an earlier one took the message.
    pub(super) fn complete(number: u16, out: &mut BytesMut) {
        packet(0x70, &number.to_be_bytes(), out);
    }

    /// Asks for a sign of life.
    pub(super) fn ping(out: &mut BytesMut) {
        packet(0xc0, &[], out);
    }

    /// The beginning of a packet with a number, without properties.
    fn numbered(self, number: u16) -> BytesMut {
        let mut body = BytesMut::new();
        body.put_u16(number);
        if self.is_five() {
            body.put_u8(0);
        }
        body
    }

    /// Takes the next packet from the bytes that came; `None` when it is not whole yet.
    pub(super) fn next(self, bytes: &mut BytesMut) -> Result<Option<Incoming>, Wrong> {
        let Some(&first) = bytes.first() else {
            return Ok(None);
        };
        let mut length = 0;
        let mut head = 1;
        loop {
            let Some(&byte) = bytes.get(head) else {
                return Ok(None);
            };
            length |= usize::from(byte & 0x7f) << (7 * (head - 1));
            head += 1;
            if byte & 0x80 == 0 {
                break;
            }
            if head == 5 {
                return Err(Wrong("a length of five bytes"));
            }
        }
        if bytes.len() < head + length {
            bytes.reserve(head + length - bytes.len());
            return Ok(None);
        }
        bytes.advance(head);
        let body = Reader(bytes.split_to(length).freeze());
        self.incoming(first, body).map(Some)
    }

    fn incoming(self, first: u8, mut body: Reader) -> Result<Incoming, Wrong> {
        Ok(match first >> 4 {
            2 => {
                let (flags, code) = (body.u8()?, body.u8()?);
                let told = self.properties(&mut body)?;
                if code == 0 {
                    Incoming::Connected {
                        session_kept: flags & 1 == 1,
                        keep_alive_s: told.keep_alive_s,
                    }
                } else {
                    let why = if self.is_five() {
                        reason(code)
                    } else {
                        reason_of_three(code)
                    };
                    Incoming::Refused(format!(
                        "the broker refused the connection: {}",
                        told.reason.unwrap_or_else(|| why.into())
                    ))
                }
            }
            3 => {
                let qos = (first >> 1) & 3;
                let topic = body.text()?;
                let number = if qos > 0 { body.u16()? } else { 0 };
                if qos == 3 || (qos > 0 && number == 0) {
                    return Err(Wrong("a message without QoS or number"));
                }
                self.properties(&mut body)?;
                Incoming::Publish(Publish {
                    topic,
                    body: body.0,
                    qos,
                    packet: number,
                    again: first & 8 != 0,
                    retained: first & 1 != 0,
                })
            }
            6 => Incoming::Release(body.u16()?),
            9 => {
                body.u16()?;
                self.properties(&mut body)?;
                let granted = |code: &u8| match code {
                    0..=2 => Ok(*code),
                    code => Err(reason(*code).to_owned()),
                };
                Incoming::Subscribed(body.0.iter().map(granted).collect())
            }
            14 => {
                // Without a reason the end is a normal one (3.14.2.1).
                let code = body.u8().unwrap_or(0);
                Incoming::Refused(format!("the broker ended the connection: {}", reason(code)))
            }
            _ => Incoming::Other,
        })
    }

    /// Reads the properties of a packet of version 5 (2.2.2); of the others nothing.
    fn properties(self, body: &mut Reader) -> Result<Told, Wrong> {
        let mut told = Told::default();
        if !self.is_five() || body.0.is_empty() {
            return Ok(told);
        }
        let length = body.number()?;
        let mut all = Reader(body.take(length)?);
        while !all.0.is_empty() {
            match all.number()? {
                0x13 => told.keep_alive_s = Some(all.u16()?),
                0x1f => told.reason = Some(all.text()?),
                0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2a => drop(all.u8()?),
                0x21..=0x23 => drop(all.u16()?),
                0x02 | 0x11 | 0x18 | 0x27 => drop(all.take(4)?),
                0x0b => drop(all.number()?),
                0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1a | 0x1c => drop(all.block()?),
                0x26 => {
                    all.block()?;
                    all.block()?;
                }
                _ => return Err(Wrong("an unknown property")),
            }
        }
        Ok(told)
    }
}

/// What properties tell us.
#[derive(Debug, Default)]
struct Told {
    keep_alive_s: Option<u16>,
    reason: Option<String>,
}

/// The body of a packet.
struct Reader(Bytes);

impl Reader {
    fn take(&mut self, length: usize) -> Result<Bytes, Wrong> {
        if self.0.len() < length {
            return Err(Wrong("a packet that is too short"));
        }
        Ok(self.0.split_to(length))
    }

    fn u8(&mut self) -> Result<u8, Wrong> {
        Ok(self.take(1)?.get_u8())
    }

    fn u16(&mut self) -> Result<u16, Wrong> {
        Ok(self.take(2)?.get_u16())
    }

    /// A number of variable length (1.5.5).
    fn number(&mut self) -> Result<usize, Wrong> {
        let mut number = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.u8()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Wrong("a number of five bytes"))
    }

    fn block(&mut self) -> Result<Bytes, Wrong> {
        let length = self.u16()?;
        self.take(length.into())
    }

    fn text(&mut self) -> Result<String, Wrong> {
        String::from_utf8(self.block()?.into()).map_err(|_| Wrong("a text that is not UTF-8"))
    }
}

/// Adds a packet.
fn packet(first: u8, body: &[u8], out: &mut BytesMut) {
    out.put_u8(first);
    let mut length = body.len();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        out.put_u8(if length > 0 { byte | 0x80 } else { byte });
        if length == 0 {
            break;
        }
    }
    out.put_slice(body);
}

/// Adds a text (1.5.4). One that is longer than a text may be is cut, which the broker refuses.
fn text(text: &str, out: &mut BytesMut) {
    let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    out.put_u16(bytes.len() as u16);
    out.put_slice(bytes);
}

/// A reason code as words (2.4).
fn reason(code: u8) -> &'static str {
    match code {
        0x00 => "it was closed",
        0x80 => "no reason given",
        0x81 => "malformed packet",
        0x82 => "protocol error",
        0x83 => "not accepted by this broker",
        0x84 => "the broker does not speak this version",
        0x85 => "client id not valid",
        0x86 => "bad user name or password",
        0x87 => "not authorized",
        0x88 => "server unavailable",
        0x89 => "server busy",
        0x8a => "banned",
        0x8b => "server shutting down",
        0x8d => "keep alive timeout",
        0x8e => "session taken over: another client uses the same client id",
        0x8f => "topic filter not valid",
        0x90 => "topic name not valid",
        0x93 => "receive maximum exceeded",
        0x95 => "packet too large",
        0x97 => "quota exceeded",
        0x98 => "administrative action",
        0x9c | 0x9d => "use another server",
        0x9e => "shared subscriptions are not supported",
        0x9f => "connection rate exceeded",
        0xa2 => "wildcards are not supported",
        _ => "another reason",
    }
}

/// A return code of version 3.1.1 as words (3.2.2.3 there).
fn reason_of_three(code: u8) -> &'static str {
    match code {
        1 => reason(0x84),
        2 => reason(0x85),
        3 => reason(0x88),
        4 => reason(0x86),
        5 => reason(0x87),
        _ => reason(0xff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_both_versions() {
        for version in [MqttVersion::V3, MqttVersion::V5] {
            let wire = Wire(version);
            let mut out = BytesMut::new();
            let hello = Hello {
                client: "c".into(),
                username: Some("u".into()),
                password: None,
                keep_alive_s: 30,
                keep_s: 60,
            };
            wire.connect(&hello, &mut out);
            // Protocol level, and the flags: a user, and the session of before.
            assert_eq!(
                &out[2..10],
                [
                    0,
                    4,
                    b'M',
                    b'Q',
                    b'T',
                    b'T',
                    if version == MqttVersion::V3 { 4 } else { 5 },
                    out[9]
                ]
            );
            assert_eq!(out[9] & 0b1000_0010, 0b1000_0000);
            out.clear();
            Wire::acknowledge(1, 7, &mut out);
            assert_eq!(&out[..4], [0x40, 2, 0, 7]);
            out.clear();
            Wire::acknowledge(2, 7, &mut out);
            assert_eq!((out[0], &out[2..4]), (0x50, &[0, 7][..]));
            out.clear();
            Wire::complete(7, &mut out);
            assert_eq!((out[0], &out[2..4]), (0x70, &[0, 7][..]));
            out.clear();
            Wire::acknowledge(0, 0, &mut out);
            assert!(out.is_empty());

            // QoS 2, sent again, retained; in pieces.
            let tail: &[u8] = if version == MqttVersion::V3 {
                b"hi"
            } else {
                b"\0hi"
            };
            let mut packet = vec![0b0011_1101, 7 + tail.len() as u8];
            packet.extend_from_slice(b"\0\x03a/b\0\x09");
            packet.extend_from_slice(tail);
            let mut bytes = BytesMut::from(&packet[..5]);
            assert!(wire.next(&mut bytes).unwrap().is_none());
            bytes.extend_from_slice(&packet[5..]);
            let Some(Incoming::Publish(p)) = wire.next(&mut bytes).unwrap() else {
                panic!("no publish");
            };
            assert_eq!(
                (p.topic.as_str(), &p.body[..], p.qos, p.packet),
                ("a/b", &b"hi"[..], 2, 9)
            );
            assert!(p.again && p.retained && bytes.is_empty());

            let mut release = BytesMut::from(&[0x62, 2, 0, 9][..]);
            assert!(matches!(wire.next(&mut release), Ok(Some(Incoming::Release(9)))));
            let mut pong = BytesMut::from(&[0xd0, 0][..]);
            assert!(matches!(wire.next(&mut pong), Ok(Some(Incoming::Other))));
            let mut nonsense = BytesMut::from(&[0xff; 9][..]);
            assert!(wire.next(&mut nonsense).is_err());
        }
        let mut bye = BytesMut::from(&[0xe0, 2, 0x8e, 0][..]);
        let Ok(Some(Incoming::Refused(why))) = Wire(MqttVersion::V5).next(&mut bye) else {
            panic!("no end");
        };
        assert!(why.contains("session taken over"), "{why}");
    }

    /// Whatever comes, reading it ends and does not panic.
    #[test]
    fn any_bytes() {
        let mut seed = 20_261_128_u64;
        for _ in 0..20_000 {
            let mut bytes = BytesMut::new();
            for _ in 0..24 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                bytes.extend_from_slice(&[(seed >> 56) as u8 & if bytes.len() == 1 { 31 } else { 255 }]);
            }
            for version in [MqttVersion::V3, MqttVersion::V5] {
                let mut bytes = bytes.clone();
                while let Ok(Some(_)) = Wire(version).next(&mut bytes) {}
            }
        }
    }
}
