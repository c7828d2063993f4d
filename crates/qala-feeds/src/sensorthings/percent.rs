//! Addresses: percent signs into bytes and back.

/// Decodes `%xx`; in a query a `+` stands for a space. What is no UTF-8 then becomes a replacement character.
pub(super) fn decode(text: &str, is_query: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|two| {
            let high = char::from(*two.first()?).to_digit(16)?;
            let low = char::from(*two.get(1)?).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        match (byte, digits) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                at += 3;
                continue;
            }
            (b'+', _) if is_query => out.push(b' '),
            _ => out.push(*byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes a query value; what cannot be misread stays as it is, so that links can be read by people.
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~$(),'/:;@*!".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
