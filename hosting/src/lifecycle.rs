//! Stopping in order: the first signal stops taking work, a second one or the deadline stops hard.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled at the first SIGTERM or SIGINT. A second signal ends the process with
/// status 130 at once (killing at any instant is safe, only less tidy).
///
/// # Errors
/// When the signal handlers cannot be installed.
pub fn stop_on_signal() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let token = CancellationToken::new();
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    let stop = token.clone();
    tokio::spawn(async move {
        let mut first = true;
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if first {
                tracing::info!("asked to stop: finishing what runs, taking nothing new");
                stop.cancel();
                first = false;
            } else {
                tracing::warn!("asked to stop twice: stopping now");
                std::process::exit(130);
            }
        }
    });
    Ok(token)
}
