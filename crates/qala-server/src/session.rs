//! `/api/session`: signing in and out.

use axum::Json;
use axum::extract::State as Extract;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use qala_api as api;
use qala_app::registry::Scope;
use qala_app::{AppError, SignedIn, Visitor};

use crate::State;
use crate::asked::Body;
use crate::cookie::{self, Way};
use crate::error::Answer;
use crate::principal::visitor;

/// Who somebody is, and the word of the session.
async fn told(state: &State, visitor: &Visitor, secret: Option<&str>) -> Result<api::Session, AppError> {
    let centre = &state.centre;
    let user = visitor.user.as_ref().map(|user| api::SessionUser {
        name: user.id.clone(),
        title: user.name.clone(),
        role: if visitor.must_change {
            user.role.clone()
        } else {
            visitor.role(Scope::Read).as_str().to_owned()
        },
        department: user.department.clone(),
        must_change: visitor.must_change,
        expires_at: visitor
            .expires_at
            .map(|t| centre.zone.format(t))
            .unwrap_or_default(),
    });
    let secret = secret.filter(|_| user.is_some());
    Ok(api::Session {
        csrf: secret.map(|secret| centre.csrf_word(secret)).unwrap_or_default(),
        user,
        first_run: centre.is_first_run().await?,
    })
}

/// An answer that nobody on the way keeps.
fn private(answer: impl IntoResponse, cookie: Option<HeaderValue>) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn welcome(state: &State, signed_in: &SignedIn, way: Way) -> Result<Response, Answer> {
    let secret = signed_in.secret.reveal();
    let told = told(state, &signed_in.visitor, Some(secret)).await?;
    Ok(private(Json(told), Some(cookie::set(way, secret))))
}

/// Who is signed in.
pub(crate) async fn who(Extract(state): Extract<State>, headers: HeaderMap) -> Result<Response, Answer> {
    let visitor = visitor(&state, &headers).await?;
    let told = told(&state, &visitor, cookie::session(&headers)).await?;
    Ok(private(Json(told), None))
}

/// Signs in.
pub(crate) async fn sign_in(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<api::SignIn>,
) -> Result<Response, Answer> {
    let way = cookie::way(&headers, cookie::peer(&extensions))?;
    let address = cookie::address(&headers, &extensions);
    let signed_in = state.centre.sign_in(&body.name, &body.password, address).await?;
    // A session that the browser had before does not stay behind.
    if let Some(before) = cookie::session(&headers) {
        state.centre.sign_out(before).await?;
    }
    welcome(&state, &signed_in, way).await
}

/// Signs out.
pub(crate) async fn sign_out(Extract(state): Extract<State>, headers: HeaderMap) -> Result<Response, Answer> {
    if let Some(secret) = cookie::session(&headers) {
        state.centre.sign_out(secret).await?;
    }
    let way = if headers.contains_key("x-forwarded-proto") {
        Way::Tls
    } else {
        Way::Local
    };
    Ok(private(StatusCode::NO_CONTENT, Some(cookie::clear(way))))
}

/// Chooses another password; all other sessions end.
pub(crate) async fn change_password(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<api::NewPassword>,
) -> Result<Response, Answer> {
    let way = cookie::way(&headers, cookie::peer(&extensions))?;
    // Of a session: a token does not change the password of its owner.
    let secret = cookie::session(&headers);
    let visitor = state.centre.visitor(None, secret).await?;
    let Some(user) = &visitor.user else {
        return Err(AppError::Unauthorised("sign in first".into()).into());
    };
    let address = cookie::address(&headers, &extensions);
    let signed_in = state
        .centre
        .change_password(&user.id, &body.password, &body.new_password, address)
        .await?;
    welcome(&state, &signed_in, way).await
}
