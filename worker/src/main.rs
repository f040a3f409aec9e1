//! `shopfleet-worker`: one per server.

fn main() -> anyhow::Result<()> {
    // Before any client is made: rustls will not choose between providers by itself.
    let _ = rustls::crypto::ring::default_provider().install_default();
    hosting::telemetry::init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(worker::process::run())
}
