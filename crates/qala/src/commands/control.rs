//! Asking the running server. It holds the data directory, so short commands about feeds, tokens, users, the audit, drills and scheduled runs are passed to it
//! through a socket in that directory, which only the same user of the machine can reach.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use qala_app::{AppError, Centre};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::args::{Args, Command, ModelCommand};
use crate::commands::{drill, feed, people, runs};
use crate::print;

const SOCKET: &str = "control.sock";
/// Longest question, bytes.
const LONGEST: u64 = 64 << 10;

/// True for a command that the running server can carry out.
pub(crate) fn is_short(command: &Command) -> bool {
    matches!(
        command,
        Command::Feed(_)
            | Command::Token(_)
            | Command::User(_)
            | Command::Audit(_)
            | Command::Drill(_)
            | Command::Model(ModelCommand::Runs { .. } | ModelCommand::RunNow { .. })
    )
}

/// Carries a short command out.
pub(crate) async fn run(centre: &Centre, command: Command) -> Result<()> {
    match command {
        Command::Feed(command) => feed::feed(centre, command).await,
        Command::Token(command) => people::token(centre, command).await,
        Command::User(command) => people::user(centre, command).await,
        Command::Audit(command) => people::audit(centre, command).await,
        Command::Drill(command) => drill::drill(centre, command).await,
        Command::Model(ModelCommand::Runs { format }) => runs::list(centre, format).await,
        Command::Model(ModelCommand::RunNow { id, at, format }) => {
            runs::run_now(centre, &id, at.as_deref(), format).await
        }
        _ => Err(AppError::Usage("this command needs the data directory for itself".into()).into()),
    }
}

/// The exit code of an error: 2 for bad usage.
pub(crate) fn code(error: &anyhow::Error) -> u8 {
    let usage = error.downcast_ref::<AppError>().is_some_and(AppError::is_usage);
    if usage { 2 } else { 1 }
}

/// Answers questions until it is dropped. Without the socket everything else works.
pub(crate) async fn listen(centre: Arc<Centre>) {
    let path = centre.data.join(SOCKET);
    // The directory is ours, so a socket in it is what an earlier process left behind.
    drop(std::fs::remove_file(&path));
    let bound = UnixListener::bind(&path).and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    let listener = match bound {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "commands cannot reach this server");
            return;
        }
    };
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No descriptor is free, perhaps.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let centre = Arc::clone(&centre);
        tokio::spawn(async move {
            if let Err(error) = answer(&centre, stream).await {
                tracing::warn!(%error, "a command could not be answered");
            }
        });
    }
}

async fn answer(centre: &Centre, mut stream: UnixStream) -> Result<()> {
    let mut question = Vec::new();
    (&mut stream).take(LONGEST).read_to_end(&mut question).await?;
    let words: Vec<String> = serde_json::from_slice(&question)?;
    let (done, heard) = print::heard(async {
        let args = Args::try_parse_from(std::iter::once("qala".to_owned()).chain(words))?;
        run(centre, args.command).await
    })
    .await;
    let mut said = json!({ "code": 0, "out": heard.out, "err": heard.err });
    if let Err(error) = done {
        said["code"] = code(&error).into();
        said["err"] = format!("{}{error}\n", heard.err).into();
    }
    stream.write_all(said.to_string().as_bytes()).await?;
    Ok(())
}

/// Passes a command to the server of a data directory; `None` when none is running there.
pub(crate) async fn ask(data: &Path, words: &[String]) -> Result<Option<ExitCode>> {
    let Ok(mut stream) = UnixStream::connect(data.join(SOCKET)).await else {
        return Ok(None);
    };
    let failed = || "ask the running server";
    stream
        .write_all(&serde_json::to_vec(words)?)
        .await
        .with_context(failed)?;
    stream.shutdown().await.with_context(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.with_context(failed)?;
    let said: Value = serde_json::from_slice(&answer).with_context(failed)?;
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    print::bytes(text("out").as_bytes());
    let err = text("err");
    if !err.is_empty() {
        print::err(err.trim_end());
    }
    let code = said["code"].as_u64().and_then(|c| u8::try_from(c).ok());
    Ok(Some(ExitCode::from(code.unwrap_or(1))))
}
