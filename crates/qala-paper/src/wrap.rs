//! Words to lines.

use crate::font::Font;

/// Breaks a text into lines of a width, in points. The last of `most` lines ends with `…` where more would follow. A word wider
/// than a line is broken within; a no-break space never is.
pub(crate) fn wrap(font: &Font, size: f32, width: f32, text: &str, most: usize) -> Vec<String> {
    let fits = |text: &str| font.width(text, size) <= width;
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let words = text
        .split(|c: char| c == ' ' || c.is_control())
        .filter(|word| !word.is_empty());
    for word in words {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if line.chars().count() > 1 && !fits(&line) {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
            if lines.len() > most {
                break;
            }
        }
        if lines.len() > most {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push('…');
            while !fits(last) && last.chars().count() > 1 {
                last.pop();
                last.pop();
                let kept = last.trim_end().len();
                last.truncate(kept);
                last.push('…');
            }
        }
    }
    lines
}

/// A text on one line, cut with `…` where it is too wide.
pub(crate) fn cut(font: &Font, size: f32, width: f32, text: &str) -> String {
    wrap(font, size, width, text, 1).pop().unwrap_or_default()
}
