//! Texts of an old workbook, which may go on in the records that follow.

use std::borrow::Cow;

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, IBM866, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
    WINDOWS_1258, X_MAC_CYRILLIC,
};

/// How the texts of a workbook are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Letters {
    /// Excel 97 and later: UTF-16, or its low bytes where all high ones are zero.
    Unicode,
    /// Excel 5 and 95: one character set for all texts.
    Bytes(&'static Encoding),
}

/// The character set of a code page (MS-XLS 2.4.52); Western where it is not known.
pub(super) fn code_page(page: u16) -> &'static Encoding {
    match page {
        866 => IBM866,
        874 => WINDOWS_874,
        932 => SHIFT_JIS,
        936 => GBK,
        949 => EUC_KR,
        950 => BIG5,
        1250 => WINDOWS_1250,
        1251 => WINDOWS_1251,
        1253 => WINDOWS_1253,
        1254 => WINDOWS_1254,
        1255 => WINDOWS_1255,
        1256 => WINDOWS_1256,
        1257 => WINDOWS_1257,
        1258 => WINDOWS_1258,
        10_000 => MACINTOSH,
        10_007 => X_MAC_CYRILLIC,
        20_866 => KOI8_R,
        65_001 => UTF_8,
        _ => WINDOWS_1252,
    }
}

/// A record and those that continue it.
#[expect(clippy::struct_field_names, reason = "the parts, and which of them")]
pub(super) struct Parts<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn new(parts: Vec<&'a [u8]>) -> Self {
        Self {
            parts,
            part: 0,
            at: 0,
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.parts
            .get(self.part)
            .and_then(|part| part.get(self.at..))
            .unwrap_or_default()
    }

    /// Goes on to the next part when this one is used up; false when that was the last.
    pub(super) fn has_more(&mut self) -> bool {
        while self.rest().is_empty() {
            if self.part >= self.parts.len() {
                return false;
            }
            self.part += 1;
            self.at = 0;
        }
        true
    }

    fn byte(&mut self) -> Option<u8> {
        if !self.has_more() {
            return None;
        }
        let byte = self.rest().first().copied();
        self.at += 1;
        byte
    }

    fn number<const BYTES: usize>(&mut self) -> Option<usize> {
        let mut number = 0;
        for place in 0..BYTES {
            number |= usize::from(self.byte()?) << (8 * place);
        }
        Some(number)
    }

    /// Passes over bytes.
    pub(super) fn skip(&mut self, mut count: usize) -> Option<()> {
        while count > 0 {
            if !self.has_more() {
                return None;
            }
            let step = count.min(self.rest().len());
            self.at += step;
            count -= step;
        }
        Some(())
    }

    /// So many characters. Where a text goes on in the next record, that one says anew whether they are wide.
    fn characters(&mut self, mut count: usize, mut is_wide: bool) -> Option<String> {
        let mut units: Vec<u16> = Vec::new();
        while count > 0 {
            if self.rest().is_empty() {
                is_wide = self.byte()? & 1 == 1;
            }
            let rest = self.rest();
            let width = 1 + usize::from(is_wide);
            let taken = count.min(rest.len() / width);
            if taken == 0 {
                return None;
            }
            let bytes = &rest[..taken * width];
            if is_wide {
                let pairs = bytes.chunks_exact(2);
                units.extend(pairs.map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
            } else {
                units.extend(bytes.iter().copied().map(u16::from));
            }
            self.at += bytes.len();
            count -= taken;
        }
        Some(String::from_utf16_lossy(&units))
    }

    /// The text of a cell, a format or a sheet's name, whose length is a number of so many bytes.
    pub(super) fn text<const BYTES: usize>(&mut self, letters: Letters) -> Option<String> {
        let count = self.number::<BYTES>()?;
        match letters {
            Letters::Unicode => {
                let flags = self.byte()?;
                self.characters(count, flags & 1 == 1)
            }
            Letters::Bytes(encoding) => {
                let text: Cow<'_, str> = encoding.decode_without_bom_handling(self.rest().get(..count)?).0;
                Some(text.into_owned())
            }
        }
    }

    /// A text of the shared ones, with what it says of fonts and pronunciation passed over (MS-XLS 2.5.293).
    pub(super) fn rich(&mut self) -> Option<String> {
        let count = self.number::<2>()?;
        let flags = self.byte()?;
        let runs = if flags & 8 == 8 { self.number::<2>()? } else { 0 };
        let sounds = if flags & 4 == 4 { self.number::<4>()? } else { 0 };
        let text = self.characters(count, flags & 1 == 1)?;
        self.skip(runs * 4 + sounds)?;
        Some(text)
    }
}
