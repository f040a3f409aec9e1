//! Following a job: its lines on standard output, a bar of how far it is on the terminal.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shopfleet_client::JobEvent;
use shopfleet_client::types::{FollowJobQuery, Line};

use super::Remote;
use crate::output::{self, Format};
use crate::say;

/// Prints a job's lines until it is over; the exit code tells how it ended.
pub async fn follow(remote: &Remote, job: &str, from: u32) -> Result<ExitCode> {
    let table = remote.format == Format::Table;
    let bar = ProgressBar::with_draw_target(
        Some(100),
        if table { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
    );
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    let mut events = remote.client.follow_job(job, &FollowJobQuery { after: Some(from) })?;
    while let Some(event) = events.next().await {
        let event = event?;
        if !table {
            output::json(&event)?;
            continue;
        }
        match event {
            // When nobody reads any more, following ends.
            JobEvent::Lines(lines) => bar.suspend(|| lines.lines.iter().try_for_each(print))?,
            JobEvent::Progress(progress) => {
                bar.set_position(u64::from(progress.percent));
                bar.set_message(output::clean(&progress.text));
            }
            JobEvent::Step(step) if step.state == "running" => bar.set_message(output::clean(&step.title)),
            JobEvent::Step(_) | JobEvent::State(_) | JobEvent::End(_) => {}
        }
    }
    bar.finish_and_clear();
    // The stream ends without a word when everything was seen before.
    let ended = remote.client.get_job(job).await?.base;
    if table {
        let reason = ended.error.as_ref().map(|e| format!(": {}", e.reason)).unwrap_or_default();
        say!("J-{} is {}{}", super::jobs::short(&ended.id), ended.state, output::clean(&reason));
    }
    Ok(if ended.state == "finished" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(line: &Line) -> Result<()> {
    let mark = match line.level.as_str() {
        "error" => "ERROR ",
        "warning" => "warning ",
        _ => "",
    };
    let at = line.at.get(11..23).unwrap_or(&line.at);
    output::try_line(format_args!("{at} {:<12} {mark}{}", output::clean(&line.step), output::clean(&line.text)))
}
