//! `qala user`, `qala token`, `qala audit`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use qala_app::registry::{NewUser, Registry, Token};
use qala_app::{AppError, Centre, TokenWish, check_audit};
use qala_core::FeedId;
use serde_json::{Map, Value, json};

use crate::args::{AuditCommand, TokenCommand, UserCommand};
use crate::commands::output;
use crate::print;

/// Who does what is done at the machine itself.
const BY: &str = "command line";

type Row = Map<String, Value>;

fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

fn show_once(secret: &str, what: &str) {
    print::out(secret);
    print::err(what);
}

const ONE_TIME: &str = "this password is shown once; it has to be changed at the first sign-in";

pub(crate) async fn user(centre: &Centre, command: UserCommand) -> Result<()> {
    match command {
        UserCommand::Add {
            id,
            name,
            role,
            department,
        } => {
            let new = NewUser {
                id: &id,
                name: &name,
                role: &role,
                department: department.as_deref(),
            };
            show_once(&centre.add_user(&new, BY).await?, ONE_TIME);
        }
        UserCommand::List => {
            for user in centre.registry.users().await.map_err(AppError::from)? {
                let department = user.department.unwrap_or_default();
                print::out(&format!(
                    "{}\t{}\t{}\t{department}",
                    user.id, user.name, user.role
                ));
            }
        }
        UserCommand::Role {
            id,
            role,
            department,
            name,
        } => {
            let before = centre.registry.user(&id).await.map_err(AppError::from)?;
            let before = before.ok_or_else(|| AppError::Usage(format!("there is no user `{id}`")))?;
            let changed = NewUser {
                id: &id,
                name: name.as_deref().unwrap_or(&before.name),
                role: &role,
                department: department.as_deref(),
            };
            centre.change_user(&changed, BY).await?;
        }
        UserCommand::Password { id } => show_once(&centre.reset_password(&id, BY).await?, ONE_TIME),
        UserCommand::Remove { id } => centre.remove_user(&id, BY).await?,
    }
    Ok(())
}

fn state(token: &Token, now: i64) -> &'static str {
    match token.revoked_at {
        Some(_) => "revoked",
        None if !token.is_valid(now) => "expired",
        None if token.grant.sandbox => "sandbox",
        None => "valid",
    }
}

pub(crate) async fn token(centre: &Centre, command: TokenCommand) -> Result<()> {
    match command {
        TokenCommand::Issue {
            feed,
            user,
            scope,
            holder,
            sandbox,
            expires,
        } => {
            let token = match user {
                Some(user) => {
                    let wish = TokenWish {
                        label: &holder,
                        scopes: &scope,
                        expires: expires.as_deref().unwrap_or_default(),
                    };
                    centre.issue_person_token(&user, &wish, BY).await?
                }
                None => {
                    centre
                        .issue_sender_token(&holder, &feed, expires.as_deref(), sandbox, BY)
                        .await?
                }
            };
            show_once(&token, "this token is shown once; keep it");
        }
        TokenCommand::List { format } => {
            let (zone, now) = (&centre.zone, centre.clock.now());
            let instant = |t: Option<i64>| t.map(|t| zone.format(t));
            let line = |t: &Token| {
                let feeds = t.grant.feeds.iter().flatten().map(FeedId::as_str);
                let scopes = t.grant.scopes.iter().map(|s| s.as_str());
                row(json!({
                    "id": t.id, "for": t.user.name, "label": t.grant.label, "role": t.user.role, "state": state(t, now),
                    "feeds": feeds.collect::<Vec<_>>().join(","), "scopes": scopes.collect::<Vec<_>>().join(","),
                    "issued": zone.format(t.issued_at),
                    "expires": instant(t.grant.expires_at), "revoked": instant(t.revoked_at),
                }))
            };
            let tokens = centre.registry.tokens().await.map_err(AppError::from)?;
            output::rows(&tokens.iter().map(line).collect::<Vec<_>>(), format)?;
        }
        TokenCommand::Revoke { id } => centre
            .registry
            .revoke_token(&id, BY, centre.clock.now())
            .await
            .map_err(AppError::from)?,
    }
    Ok(())
}

pub(crate) async fn audit(centre: &Centre, command: AuditCommand) -> Result<()> {
    match command {
        AuditCommand::List { from, limit, format } => {
            let entries = centre.registry.audit(from, limit).await.map_err(AppError::from)?;
            let lines: Vec<Row> = entries
                .into_iter()
                .map(|e| {
                    row(json!({
                        "entry": e.entry, "at": centre.zone.format(e.at), "actor": e.actor, "action": e.action,
                        "object": e.object, "detail": e.detail, "hash": e.hash,
                    }))
                })
                .collect();
            output::rows(&lines, format)
        }
        AuditCommand::Check { head } => prove(&centre.registry, &centre.data, &head).await,
    }
}

/// Proves the audit of a data directory that no server has open; nothing where there is none.
pub(crate) async fn prove_alone(data: &Path) -> Result<()> {
    let path = data.join("registry.sqlite");
    if !path.exists() {
        return Ok(());
    }
    let registry = Registry::open(path).await.map_err(AppError::from)?;
    let proved = prove(&registry, data, &[]).await;
    registry.close().await.map_err(AppError::from)?;
    proved
}

async fn prove(registry: &Registry, data: &Path, heads: &[PathBuf]) -> Result<()> {
    let more: Vec<&Path> = heads.iter().map(PathBuf::as_path).collect();
    match check_audit(registry, data, &more).await? {
        Ok(entries) => {
            print::out(&format!("audit: {entries} entries, each as it was written"));
            Ok(())
        }
        Err(fault) => bail!("the audit is broken: {}", fault.0),
    }
}
