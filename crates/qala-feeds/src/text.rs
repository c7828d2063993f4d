//! Character sets: every text file is read as UTF-8.

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, WINDOWS_1251, WINDOWS_1252};
use qala_core::spec::Encoding;

use crate::fault::{Fault, quote};

const CHUNK: usize = 64 * 1024;

/// What a byte order mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// None.
    None,
    /// UTF-8.
    Utf8,
    /// UTF-16 of either order.
    Utf16,
}

/// The byte order mark at the beginning of a text.
pub(crate) fn mark(head: &[u8]) -> Mark {
    if head.starts_with(b"\xEF\xBB\xBF") {
        Mark::Utf8
    } else if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        Mark::Utf16
    } else {
        Mark::None
    }
}

/// The encoding that the beginning of a text has, by its letters: UTF-8 wherever it can be that. Of the two
/// one-byte encodings, Cyrillic words are made of high bytes, while Western ones hold a high byte here and there.
pub(crate) fn guess_encoding(head: &[u8]) -> Encoding {
    match std::str::from_utf8(head) {
        Ok(_) => return Encoding::Utf8,
        // A character that is cut at the end of the buffer.
        Err(error) if error.error_len().is_none() => return Encoding::Utf8,
        Err(_) => {}
    }
    let is_letter = |byte: u8| byte >= 0xC0 || byte == 0xA8 || byte == 0xB8;
    let (mut together, mut alone) = (0_u64, 0_u64);
    for pair in head.windows(2) {
        match (is_letter(pair[0]), is_letter(pair[1])) {
            (true, true) => together += 1,
            (true, false) if pair[1].is_ascii_alphabetic() => alone += 1,
            (false, true) if pair[0].is_ascii_alphabetic() => alone += 1,
            _ => {}
        }
    }
    if together > alone {
        Encoding::Windows1251
    } else {
        Encoding::Windows1252
    }
}

/// The name of an encoding, as mappings write it.
pub(crate) fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Windows1251 => "windows-1251",
        Encoding::Windows1252 => "windows-1252",
    }
}

/// Bytes of an encoding as text.
pub(crate) fn decode(bytes: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Encoding::Windows1251 => WINDOWS_1251.decode_without_bom_handling(bytes).0.into_owned(),
        Encoding::Windows1252 => WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// The fault of bytes that are not UTF-8.
pub(crate) fn not_utf8(bytes: &[u8]) -> Fault {
    let message = format!(
        "{} is not UTF-8; save the file as UTF-8, or name its encoding in the mapping: `windows-1251` (Cyrillic) or `windows-1252` (Western European)",
        quote(bytes)
    );
    Fault::new("bad_encoding", message)
}

/// The fault of a UTF-16 file.
pub(crate) fn is_utf16() -> Fault {
    Fault::new(
        "bad_encoding",
        "the file is UTF-16; save it as UTF-8 (`CSV UTF-8` in a spreadsheet)",
    )
}

/// A text read as UTF-8: what has another encoding is transcoded on the way.
pub(crate) struct Utf8<R> {
    inner: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    finished: bool,
}

impl<R: Read> Utf8<R> {
    /// Reads `inner` in the given encoding. UTF-8 passes unchanged, broken parts too.
    pub(crate) fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Windows1251 => Some(WINDOWS_1251.new_decoder_without_bom_handling()),
            Encoding::Windows1252 => Some(WINDOWS_1252.new_decoder_without_bom_handling()),
        };
        let input = if decoder.is_some() {
            vec![0; CHUNK]
        } else {
            Vec::new()
        };
        Self {
            inner,
            decoder,
            input,
            start: 0,
            end: 0,
            ended: false,
            finished: false,
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(decoder) = self.decoder.as_mut() else {
            return self.inner.read(out);
        };
        // A character takes up to four bytes; with less room nothing could be written.
        if out.len() < 8 || self.finished {
            return if self.finished {
                Ok(0)
            } else {
                Err(io::ErrorKind::InvalidInput.into())
            };
        }
        loop {
            if self.start == self.end && !self.ended {
                self.start = 0;
                self.end = self.inner.read(&mut self.input)?;
                self.ended = self.end == 0;
            }
            let source = &self.input[self.start..self.end];
            let (result, read, written, _) = decoder.decode_to_utf8(source, out, self.ended);
            self.start += read;
            self.finished = self.ended && result == CoderResult::InputEmpty;
            if written > 0 || self.finished {
                return Ok(written);
            }
        }
    }
}
