//! Who asks: from the headers of a request to what it may see. Every route that reads asks here.

use axum::http::HeaderMap;
use qala_app::registry::{Role, Scope};
use qala_app::{Reader, Visitor};

use crate::State;
use crate::admit::bearer;
use crate::cookie;
use crate::error::Answer;

/// Who asks, by bearer token or session cookie. Without either, or with a session that is over, it is the public.
///
/// # Errors
/// 401 for a token that is wrong, revoked or expired; the registry's.
pub(crate) async fn visitor(state: &State, headers: &HeaderMap) -> Result<Visitor, Answer> {
    let token = bearer(headers)?;
    let session = cookie::session(headers);
    Ok(state.centre.visitor(token, session).await?)
}

/// What whoever asks may see of tables and columns, in pages.
///
/// # Errors
/// As for [`visitor`].
pub(crate) async fn reader(state: &State, headers: &HeaderMap) -> Result<Reader, Answer> {
    reader_for(state, headers, Scope::Read).await
}

/// The same for a thing of another scope: a question, a file.
///
/// # Errors
/// As for [`visitor`].
pub(crate) async fn reader_for(state: &State, headers: &HeaderMap, scope: Scope) -> Result<Reader, Answer> {
    let visitor = visitor(state, headers).await?;
    Ok(state.centre.reader(&visitor, scope).await?)
}

/// Lets in from a role on, to administer.
///
/// # Errors
/// 401 for who has not signed in, 403 for who has, but may not; as for [`visitor`].
pub(crate) async fn require(state: &State, headers: &HeaderMap, role: Role) -> Result<Visitor, Answer> {
    let visitor = visitor(state, headers).await?;
    visitor.require(role, Scope::Administer)?;
    Ok(visitor)
}
