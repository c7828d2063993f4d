//! How long a question may be. Parser and planner go down into a question with the stack, one level for each operator
//! in a row, and a stack that ends takes the whole process with it.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{LakeError, Result};

/// Bytes of a question.
const BYTES: usize = 64 << 10;
/// Words and operators of a question; literals, commas, points and brackets do not count, so lists of values may be long.
const WORDS: usize = 4_000;
/// The stack of a thread on which questions run; enough for [`WORDS`] levels. The memory is taken only as far as it is
/// used.
pub(crate) const STACK: usize = 256 << 20;

/// Refuses a question that is too long to be planned.
///
/// # Errors
/// [`LakeError::Refused`].
pub(crate) fn check(sql: &str) -> Result<()> {
    if sql.len() > BYTES {
        return Err(LakeError::Refused(format!(
            "the query has {} bytes; {BYTES} are taken",
            sql.len()
        )));
    }
    // What is no SQL at all is for the parser to say.
    let Ok(tokens) = Tokenizer::new(&GenericDialect {}, sql).tokenize() else {
        return Ok(());
    };
    let counts = |token: &&Token| {
        !matches!(
            token,
            Token::Whitespace(_)
                | Token::Comma
                | Token::Period
                | Token::LParen
                | Token::RParen
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::EOF
        )
    };
    let words = tokens.iter().filter(counts).count();
    if words > WORDS {
        return Err(LakeError::Refused(format!(
            "the query has {words} words and operators; {WORDS} are taken, shorten it or ask in parts"
        )));
    }
    Ok(())
}
