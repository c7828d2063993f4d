//! Users, tokens, audit.

use axum::Json;
use axum::extract::{Path, Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use qala_api as api;
use qala_app::registry::{AuditEntry, NewUser, Role, Scope, Token, User};
use qala_app::{AppError, TokenWish};
use qala_core::{FeedId, Zone};
use serde::Deserialize;

use crate::State;
use crate::asked::Body;
use crate::error::Answer;
use crate::principal::{require, visitor};
use crate::read::Found;

/// Entries of the audit when nobody says how many, and at most.
const FEW: u32 = 100;
const MOST: u32 = 1000;

fn user(user: User, zone: &Zone) -> api::User {
    api::User {
        name: user.id,
        title: user.name,
        role: user.role,
        department: user.department,
        created_at: zone.format(user.created_at),
    }
}

/// Everybody.
pub(crate) async fn users(Extract(state): Extract<State>, headers: HeaderMap) -> Found<Vec<api::User>> {
    require(&state, &headers, Role::Administrator).await?;
    let centre = &state.centre;
    let users = centre.registry.users().await.map_err(AppError::from)?;
    Ok(Json(users.into_iter().map(|u| user(u, &centre.zone)).collect()))
}

/// Adds a user.
pub(crate) async fn add_user(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::UserWanted>,
) -> Result<(StatusCode, Json<api::OneTimePassword>), Answer> {
    let by = require(&state, &headers, Role::Administrator).await?;
    let name = body.name.unwrap_or_default();
    let new = NewUser {
        id: &name,
        name: &body.title,
        role: &body.role,
        department: body.department.as_deref(),
    };
    let password = state.centre.add_user(&new, by.id()).await?;
    Ok((StatusCode::CREATED, Json(api::OneTimePassword { name, password })))
}

/// Changes name, role and department of a user.
pub(crate) async fn change_user(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Body(body): Body<api::UserWanted>,
) -> Result<StatusCode, Answer> {
    let by = require(&state, &headers, Role::Administrator).await?;
    if body.name.as_ref().is_some_and(|other| *other != name) {
        return Err(AppError::Usage("the name to come in with does not change".into()).into());
    }
    let changed = NewUser {
        id: &name,
        name: &body.title,
        role: &body.role,
        department: body.department.as_deref(),
    };
    state.centre.change_user(&changed, by.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a user.
pub(crate) async fn remove_user(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Answer> {
    let by = require(&state, &headers, Role::Administrator).await?;
    state.centre.remove_user(&name, by.id()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a user a new one-time password.
pub(crate) async fn reset_password(
    Extract(state): Extract<State>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Found<api::OneTimePassword> {
    let by = require(&state, &headers, Role::Administrator).await?;
    let password = state.centre.reset_password(&name, by.id()).await?;
    Ok(Json(api::OneTimePassword { name, password }))
}

fn token(token: Token, zone: &Zone) -> api::Token {
    let instant = |t: Option<i64>| t.map(|t| zone.format(t));
    let feeds = token.grant.feeds.unwrap_or_default();
    api::Token {
        id: token.id,
        user: token.user.id,
        label: token.grant.label,
        scopes: token.grant.scopes.iter().map(|s| s.as_str().to_owned()).collect(),
        feeds: feeds.iter().map(FeedId::to_string).collect(),
        sandbox: token.grant.sandbox,
        issued_at: zone.format(token.issued_at),
        expires_at: instant(token.grant.expires_at),
        revoked_at: instant(token.revoked_at),
    }
}

/// One's own tokens; for an administrator all.
pub(crate) async fn tokens(Extract(state): Extract<State>, headers: HeaderMap) -> Found<Vec<api::Token>> {
    let visitor = visitor(&state, &headers).await?;
    let centre = &state.centre;
    let tokens = centre.tokens_of(&visitor).await?;
    Ok(Json(tokens.into_iter().map(|t| token(t, &centre.zone)).collect()))
}

/// Makes a token for oneself.
pub(crate) async fn add_token(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    Body(body): Body<api::TokenWanted>,
) -> Result<(StatusCode, Json<api::NewToken>), Answer> {
    let visitor = visitor(&state, &headers).await?;
    visitor.require(Role::Staff, Scope::Administer)?;
    let wish = TokenWish {
        label: &body.label,
        scopes: &body.scopes,
        expires: &body.expires,
    };
    let token = state
        .centre
        .issue_person_token(visitor.id(), &wish, visitor.id())
        .await?;
    Ok((StatusCode::CREATED, Json(api::NewToken { token })))
}

/// Revokes a token.
pub(crate) async fn revoke_token(
    Extract(state): Extract<State>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Answer> {
    let visitor = visitor(&state, &headers).await?;
    state.centre.revoke_token_of(&visitor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What may stand behind the `?` of the audit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditQuery {
    from: Option<i64>,
    limit: Option<u32>,
}

fn entry(entry: AuditEntry, zone: &Zone) -> api::AuditEntry {
    api::AuditEntry {
        entry: entry.entry,
        at: zone.format(entry.at),
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        detail: serde_json::from_str(&entry.detail).unwrap_or_default(),
        previous: entry.previous,
        hash: entry.hash,
    }
}

/// Entries of the audit from one back, the newest first.
pub(crate) async fn audit(
    Extract(state): Extract<State>,
    Query(query): Query<AuditQuery>,
    headers: HeaderMap,
) -> Found<api::Audit> {
    require(&state, &headers, Role::Administrator).await?;
    let centre = &state.centre;
    let limit = query.limit.unwrap_or(FEW).min(MOST);
    let head = centre.registry.audit_head().await.map_err(AppError::from)?;
    let entries = centre.registry.audit(query.from, limit).await;
    let entries = entries.map_err(AppError::from)?;
    Ok(Json(api::Audit {
        head: head.entry,
        head_hash: head.hash,
        entries: entries.into_iter().map(|e| entry(e, &centre.zone)).collect(),
    }))
}
