//! A form with a file, `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)): the part `wish` is JSON, the
//! part `file` is of any size and goes to the spool as it comes.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use futures::StreamExt;
use qala_app::{AppError, Centre, Payload, Spool};
use serde::de::DeserializeOwned;

use crate::LARGEST_MESSAGE;
use crate::error::Answer;

/// Bytes of a wish at most.
const LARGEST_WISH: usize = 8 << 20;
/// Bytes of a part's head at most.
const LARGEST_HEAD: usize = 16 << 10;

/// What came.
pub(crate) struct Form<T> {
    pub(crate) wish: T,
    pub(crate) payload: Payload,
    /// Of the file.
    pub(crate) digest: String,
}

fn wrong(why: &str) -> AppError {
    AppError::Usage(format!(
        "{why}; send multipart/form-data with a part `wish` (JSON) and a part `file` with a file name"
    ))
}

/// Reads a form.
///
/// # Errors
/// One that cannot be read, lacks a part or is too large.
pub(crate) async fn read<T: DeserializeOwned>(
    centre: &Centre,
    headers: &HeaderMap,
    body: Body,
) -> Result<Form<T>, Answer> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let boundary = kind
        .and_then(boundary)
        .ok_or_else(|| wrong("this is not a form"))?;
    let mut parts = Parts::new(boundary);
    let mut form = Gathered::default();
    let (mut body, mut size) = (body.into_data_stream(), 0);
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|e| AppError::Usage(format!("the file broke off: {e}; send it again")))?;
        size += bytes.len() as u64;
        if size > LARGEST_MESSAGE {
            let limit = LARGEST_MESSAGE >> 20;
            return Err(AppError::TooLarge(format!("a file may have {limit} MiB; send it in parts")).into());
        }
        parts.push(&bytes, &mut |piece| form.take(piece, centre))?;
    }
    if parts.state != State::Done {
        return Err(wrong("the form broke off").into());
    }
    let wish = form.wish.ok_or_else(|| wrong("the form has no part `wish`"))?;
    let wish = serde_json::from_slice(&wish).map_err(|e| AppError::Usage(format!("the part `wish`: {e}")))?;
    let (name, spool) = form.file.ok_or_else(|| wrong("the form has no part `file`"))?;
    let (payload, digest) = spool.finish(name);
    Ok(Form {
        wish,
        payload,
        digest,
    })
}

/// The boundary of a content type.
fn boundary(kind: &str) -> Option<&str> {
    let mut parts = kind.split(';');
    if !parts.next()?.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let found = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim())
    })?;
    let found = found.trim_matches('"');
    (1..=70).contains(&found.len()).then_some(found)
}

/// The parts so far.
#[derive(Default)]
struct Gathered {
    wish: Option<Vec<u8>>,
    file: Option<(String, Spool)>,
    is_file: bool,
}

impl Gathered {
    fn take(&mut self, piece: Piece<'_>, centre: &Centre) -> Result<(), AppError> {
        match piece {
            Piece::Begins { name, file } => {
                self.is_file = name == "file";
                match (name.as_str(), file) {
                    ("wish", _) if self.wish.is_none() => self.wish = Some(Vec::new()),
                    ("file", Some(file)) if self.file.is_none() && !file.is_empty() => {
                        self.file = Some((file, centre.spool(0)));
                    }
                    ("file", _) if self.file.is_none() => return Err(wrong("the file has no name")),
                    ("wish" | "file", _) => return Err(wrong(&format!("the part `{name}` is there twice"))),
                    _ => return Err(wrong(&format!("there is no use for a part `{name}`"))),
                }
            }
            Piece::Bytes(bytes) if self.is_file => {
                if let Some((_, spool)) = &mut self.file {
                    spool.write(bytes)?;
                }
            }
            Piece::Bytes(bytes) => {
                if let Some(wish) = &mut self.wish {
                    if wish.len() + bytes.len() > LARGEST_WISH {
                        return Err(AppError::TooLarge("the part `wish` is too large".into()));
                    }
                    wish.extend_from_slice(bytes);
                }
            }
        }
        Ok(())
    }
}

/// A piece of a form.
enum Piece<'a> {
    Begins { name: String, file: Option<String> },
    Bytes(&'a [u8]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first part.
    Before,
    /// Behind a delimiter.
    Behind,
    /// In the head of a part.
    Head,
    /// In its body.
    Body,
    /// Behind the last delimiter.
    Done,
}

/// Cuts a stream of bytes into parts, whatever the lengths in which they come.
struct Parts {
    delimiter: Vec<u8>,
    held: Vec<u8>,
    state: State,
}

impl Parts {
    fn new(boundary: &str) -> Self {
        Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // The first delimiter may stand at the very begin.
            held: b"\r\n".to_vec(),
            state: State::Before,
        }
    }

    fn push(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(Piece<'_>) -> Result<(), AppError>,
    ) -> Result<(), AppError> {
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let rest = &self.held[at..];
            match self.state {
                State::Before | State::Body => {
                    let found = find(rest, &self.delimiter);
                    // What may be the begin of a delimiter is held back.
                    let end = found.unwrap_or(rest.len().saturating_sub(self.delimiter.len() - 1));
                    if self.state == State::Body && end > 0 {
                        take(Piece::Bytes(&rest[..end]))?;
                    }
                    at += end;
                    if found.is_none() {
                        break;
                    }
                    at += self.delimiter.len();
                    self.state = State::Behind;
                }
                State::Behind if rest.len() < 2 => break,
                State::Behind => {
                    self.state = match &rest[..2] {
                        b"--" => State::Done,
                        b"\r\n" => State::Head,
                        _ => return Err(wrong("the form cannot be read")),
                    };
                    at += 2;
                }
                State::Head => {
                    let Some(end) = find(rest, b"\r\n\r\n") else {
                        if rest.len() > LARGEST_HEAD {
                            return Err(wrong("the head of a part does not end"));
                        }
                        break;
                    };
                    let (name, file) = disposition(&String::from_utf8_lossy(&rest[..end]))
                        .ok_or_else(|| wrong("a part of the form has no name"))?;
                    take(Piece::Begins { name, file })?;
                    at += end + 4;
                    self.state = State::Body;
                }
                State::Done => {
                    at = self.held.len();
                    break;
                }
            }
        }
        self.held.drain(..at);
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|b| *b == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// The name of a part, and that of its file.
fn disposition(head: &str) -> Option<(String, Option<String>)> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let value = |wanted: &str| {
        let (_, rest) = line.split_once(&format!("; {wanted}=\""))?;
        // Browsers write a quotation mark in a name as %22.
        Some(rest.split('"').next()?.replace("%22", "\""))
    };
    let file = value("filename").map(|name| {
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        name.replace(char::is_control, " ")
    });
    Some((value("name")?, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "ignored\r\n--x\r\nContent-Disposition: form-data; name=\"wish\"\r\n\r\n{}\r\n--x\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"C:\\сады %22А%22.csv\"\r\nContent-Type: text/csv\r\n\r\n\
        a\r\n--y\r\n-b\r\r\n\r\n--x--\r\nmore";

    /// Name, name of the file, content.
    type Whole = (String, Option<String>, Vec<u8>);

    fn cut(form: &[u8], step: usize) -> Result<Vec<Whole>, AppError> {
        let mut parts = Parts::new("x");
        let mut found: Vec<Whole> = Vec::new();
        for bytes in form.chunks(step) {
            parts.push(bytes, &mut |piece| {
                match piece {
                    Piece::Begins { name, file } => found.push((name, file, Vec::new())),
                    Piece::Bytes(bytes) => found.last_mut().unwrap().2.extend_from_slice(bytes),
                }
                Ok(())
            })?;
        }
        assert_eq!(parts.state, State::Done);
        Ok(found)
    }

    #[test]
    fn a_form_is_cut_in_the_same_way_however_it_comes() {
        let file = Some("сады \"А\".csv".to_owned());
        let expected = [
            ("wish".to_owned(), None, b"{}".to_vec()),
            ("file".to_owned(), file, b"a\r\n--y\r\n-b\r\r\n".to_vec()),
        ];
        for step in 1..FORM.len() {
            assert_eq!(cut(FORM.as_bytes(), step).unwrap(), expected, "{step}");
        }
        // Nothing before the first delimiter.
        let short = "--x\r\nContent-Disposition: form-data; name=\"wish\"\r\n\r\n\r\n--x--";
        assert_eq!(
            cut(short.as_bytes(), 7).unwrap(),
            [("wish".to_owned(), None, Vec::new())]
        );
        for wrong in ["--x??", "--x\r\nno head\r\n\r\n"] {
            assert!(cut(wrong.as_bytes(), 3).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_boundary_is_in_the_content_type() {
        for (kind, found) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"",
                Some("a b"),
            ),
            ("application/json", None),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
        ] {
            assert_eq!(boundary(kind), found, "{kind}");
        }
    }
}
