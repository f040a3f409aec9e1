//! What people see: a whole private instance, looked at through Chromium. The tests run in order and share the
//! instance, because starting one costs more than most of them; each also runs alone
//! (`cargo test -p shopfleet-tests --test browser NAME`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod accessible;
mod database;
mod flow;
mod keyboard;
mod live_log;
mod live_speed;
mod live_tabs;
mod no_script;
mod passkeys;
mod reseller_pages;
mod sign_out;
mod stage;
mod weight;

use stage::Stage;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

macro_rules! tests {
    ($($module:ident::$test:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($test))),+];

        async fn run(name: &str, stage: Arc<Stage>) -> bool {
            // A task of its own: a panic ends the test and not the program.
            let task = match name {
                $(concat!(stringify!($module), "::", stringify!($test)) => tokio::spawn(async move { $module::$test(&stage).await }),)+
                _ => unreachable!("{name}"),
            };
            task.await.is_ok()
        }
    };
}

tests![
    accessible::empty_pages,
    flow::from_sign_up_to_an_administered_store,
    flow::staff_watch_the_same_job,
    database::the_owner_looks_at_the_tables,
    database::the_owner_puts_up_and_ends_maintenance,
    flow::a_failed_store_is_explained_and_retried,
    no_script::sign_up_without_scripts,
    keyboard::from_sign_up_to_the_dashboard,
    keyboard::from_staff_sign_in_to_a_retry,
    passkeys::an_owner_adds_one_and_signs_in_with_it,
    passkeys::a_staff_member_does_the_same,
    passkeys::without_scripts_or_passkeys_a_sentence_says_so,
    passkeys::it_does_where_the_password_is_asked_for_again,
    sign_out::an_owner_is_warned_stays_and_loses_nothing,
    sign_out::staff_are_warned_also_while_they_look_at_a_panel,
    sign_out::without_scripts_nothing_is_different,
    live_log::reload_in_mid_job,
    live_log::thirty_cuts_lose_double_and_swap_nothing,
    live_log::a_restart_of_the_web_process_and_503s_are_survived,
    live_log::hostile_text_stays_text,
    live_log::a_reader_scrolled_up_stays_put,
    live_log::fifty_thousand_lines,
    live_log::a_link_to_a_line_that_is_not_loaded,
    live_tabs::seven_tabs_at_once_are_all_live,
    live_tabs::hidden_for_a_minute_closes_the_stream_and_comes_back_without_loss,
    live_speed::a_thousand_lines_a_second_arrive_in_time,
    live_speed::a_hundred_lines_more_cost_little_at_fifty_thousand,
    accessible::filled_pages,
    accessible::forms_with_errors,
    accessible::owner_in_between,
    reseller_pages::a_reseller_and_their_customers,
    accessible::confirm_with_the_password,
    weight::pages_stay_light,
    weight::pages_can_be_used_at_once,
    accessible::screenshots_for_the_readme,
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let exact = words.iter().any(|w| w == "--exact");
    let filters: Vec<&String> = words.iter().filter(|w| !w.starts_with('-')).collect();
    let wanted: Vec<&str> = NAMES
        .iter()
        .copied()
        .filter(|n| filters.is_empty() || filters.iter().any(|f| if exact { n == f } else { n.contains(f.as_str()) }))
        .collect();
    if words.iter().any(|w| w == "--list") {
        for name in wanted {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", wanted.len());
    // The client of chromedriver wants one, though nothing here is encrypted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let started = Instant::now();
    let mut failed = Vec::new();
    if !wanted.is_empty() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Arc::new(Stage::set().await);
            println!("(the instance is ready after {:.1} s)", started.elapsed().as_secs_f32());
            for name in &wanted {
                let began = Instant::now();
                print!("test {name} ... ");
                let _ = std::io::stdout().flush();
                let fine = run(name, stage.clone()).await;
                println!("{} ({:.1} s)", if fine { "ok" } else { "FAILED" }, began.elapsed().as_secs_f32());
                if !fine {
                    failed.push(*name);
                }
            }
        });
    }
    if !failed.is_empty() {
        println!("\nfailures:");
        for name in &failed {
            println!("    {name}");
        }
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed.is_empty() { "ok" } else { "FAILED" },
        wanted.len() - failed.len(),
        failed.len(),
        NAMES.len() - wanted.len(),
        started.elapsed().as_secs_f32()
    );
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
