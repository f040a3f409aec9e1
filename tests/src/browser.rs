//! Chromium through chromedriver, and what a test asks of a page.

use crate::wait::eventually_within;
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use reqwest::Method;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a state may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the element belonged to a page that was replaced meanwhile (chromedriver has two ways to
/// say so).
fn gone(error: &CmdError) -> bool {
    error.is_stale_element_reference() || error.to_string().contains("does not belong to the document")
}

/// chromedriver on a port of its own.
pub struct Driver {
    child: Child,
    url: String,
    folder: PathBuf,
}

impl Driver {
    /// Starts it; profiles of its browsers go below a folder of its own, which goes with it.
    pub fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("sft-browsers-{}", std::process::id()));
        let mut child = Command::new("chromedriver")
            .args(["--port=0", "--log-level=SEVERE"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: install the packages chromium and chromium-driver");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|l| l.strip_suffix('.')?.split("started successfully on port ").nth(1)?.parse::<u16>().ok())
            .expect("chromedriver says its port");
        // Keeps the pipe open and empty.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://127.0.0.1:{port}"), folder }
    }

    /// A fresh browser with a profile of its own.
    pub async fn browser(&self, name: &str, options: &Options) -> Browser {
        let profile = self.folder.join(format!("profile-{name}"));
        let mut args: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--disable-features=Translate,OptimizationHints,MediaRouter",
            "--hide-scrollbars",
            "--ignore-certificate-errors",
            "--window-size=1280,900",
        ]
        .map(str::to_owned)
        .to_vec();
        args.push(format!("--user-data-dir={}", profile.display()));
        if let Some((from, to)) = options.through {
            args.push(format!("--host-resolver-rules=MAP 127.0.0.1:{from} 127.0.0.1:{to}"));
        }
        let mut prefs = json!({ "credentials_enable_service": false, "profile.password_manager_enabled": false,
                                "profile.password_manager_leak_detection": false });
        if options.no_script {
            prefs["profile.managed_default_content_settings.javascript"] = 2.into();
        }
        let capabilities = json!({
            "pageLoadStrategy": "normal",
            "goog:chromeOptions": { "args": args, "prefs": prefs },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let client = ClientBuilder::rustls()
            .expect("TLS roots")
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&self.url)
            .await
            .unwrap_or_else(|e| panic!("chromium does not start: {e}"));
        Browser { client }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Browsers of tests that failed are still there; each names our folder in its arguments.
        let needle = self.folder.display().to_string();
        for _ in 0..100 {
            let left: Vec<i32> = std::fs::read_dir("/proc")
                .into_iter()
                .flatten()
                .flatten()
                .filter(|e| {
                    std::fs::read(e.path().join("cmdline"))
                        .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&needle))
                })
                .filter_map(|e| e.file_name().to_str()?.parse().ok())
                .collect();
            if left.is_empty() {
                break;
            }
            for pid in left {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// How a browser differs from the usual one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Options {
    /// Without JavaScript.
    pub no_script: bool,
    /// Connections to the first port on loopback go to the second.
    pub through: Option<(u16, u16)>,
}

/// One browser with one tab.
pub struct Browser {
    /// For what has no verb here.
    pub client: Client,
}

/// A command of chromedriver beyond the standard.
#[derive(Debug)]
struct Own {
    path: Cow<'static, str>,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }
    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

impl Browser {
    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|e| panic!("{url} does not open: {e}"));
    }

    /// Gives the browser a made-up authenticator of its own; returns its id.
    pub async fn authenticator(&self) -> String {
        let body = json!({ "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
                           "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true });
        let id = self.client.issue_cmd(Own { path: "webauthn/authenticator".into(), body }).await;
        id.unwrap_or_else(|e| panic!("no authenticator: {e}")).as_str().unwrap().to_owned()
    }

    /// Whether its user shows finger, face or PIN from now on.
    pub async fn user_verified(&self, authenticator: &str, verified: bool) {
        let path = format!("webauthn/authenticator/{authenticator}/uv");
        let done = self.client.issue_cmd(Own { path: path.into(), body: json!({ "isUserVerified": verified }) }).await;
        done.unwrap_or_else(|e| panic!("the authenticator does not change: {e}"));
    }

    /// Where the tab is.
    pub async fn url(&self) -> String {
        self.client.current_url().await.unwrap().to_string()
    }

    /// Path of the tab's address.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Title of the page.
    pub async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// The element, as soon as it is there.
    pub async fn find(&self, css: &str) -> Element {
        let found = eventually_within(PATIENCE, "", async || self.client.find(Locator::Css(css)).await.ok());
        match tokio::time::timeout(PATIENCE - Duration::from_millis(200), found).await {
            Ok(element) => element,
            Err(_) => panic!("no {css} on {}:\n{}", self.url().await, self.text().await),
        }
    }

    /// Whether the page has it now.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// What a person reads on the page.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Text of an element, as soon as it is there. A page that renews itself (or sends the person on)
    /// may take the element away between finding and reading it: then it is looked for again.
    pub async fn text_of(&self, css: &str) -> String {
        loop {
            match self.find(css).await.text().await {
                Ok(text) => return text,
                Err(e) if gone(&e) => {}
                Err(e) => panic!("cannot read {css}: {e}"),
            }
        }
    }

    /// Waits until the page says `words`.
    pub async fn says(&self, words: &str) {
        let found = eventually_within(PATIENCE * 2, "", async || self.text().await.contains(words).then_some(()));
        if tokio::time::timeout(PATIENCE, found).await.is_err() {
            panic!("{} does not say {words:?} but:\n{}", self.url().await, self.text().await);
        }
    }

    /// Waits until the tab is at a path that starts so.
    pub async fn arrives(&self, path: &str) {
        let there = eventually_within(PATIENCE * 2, "", async || self.path().await.starts_with(path).then_some(()));
        if tokio::time::timeout(PATIENCE, there).await.is_err() {
            panic!("not at {path} but at {}:\n{}", self.url().await, self.text().await);
        }
    }

    /// Replaces what stands in a field.
    pub async fn fill(&self, css: &str, value: &str) {
        loop {
            let field = self.find(css).await;
            let filled = async {
                field.clear().await?;
                field.send_keys(value).await
            };
            match filled.await {
                Ok(()) => return,
                Err(e) if gone(&e) => {}
                Err(e) => panic!("cannot fill {css}: {e}"),
            }
        }
    }

    /// Clicks.
    pub async fn click(&self, css: &str) {
        loop {
            match self.find(css).await.click().await {
                Ok(()) => return,
                // Nothing was clicked: the page was replaced after the element had been found.
                Err(e) if gone(&e) => {}
                Err(e) => panic!("cannot click {css}: {e}"),
            }
        }
    }

    /// Clicks the button or link whose visible words contain `words`.
    pub async fn press(&self, words: &str) {
        let path = format!("//*[self::a or self::button][contains(normalize-space(.), \"{words}\")]");
        let found = eventually_within(PATIENCE * 2, "", async || self.client.find(Locator::XPath(&path)).await.ok());
        let Ok(element) = tokio::time::timeout(PATIENCE, found).await else {
            panic!("nothing to press says {words:?} on {}:\n{}", self.url().await, self.text().await);
        };
        match element.click().await {
            Ok(()) => {}
            Err(e) if gone(&e) => Box::pin(self.press(words)).await,
            Err(e) => panic!("cannot press {words:?}: {e}"),
        }
    }

    /// Runs a script of the test in the page and returns its value.
    pub async fn script(&self, script: &str, args: Vec<Value>) -> Value {
        self.client.execute(script, args).await.unwrap_or_else(|e| panic!("{e}\nin {script:.200}"))
    }

    /// Runs a script that answers through its last argument.
    pub async fn script_async(&self, script: &str, args: Vec<Value>) -> Value {
        self.client.execute_async(script, args).await.unwrap_or_else(|e| panic!("{e}\nin {script:.200}"))
    }

    /// Waits until a script answers something true, and returns it.
    pub async fn until(&self, what: &str, script: &str) -> Value {
        eventually_within(PATIENCE, what, async || {
            let value = self.client.execute(script, Vec::new()).await.ok()?;
            (!value.is_null() && value != json!(false)).then_some(value)
        })
        .await
    }

    /// A command of the browser's own protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({ "cmd": command, "params": params });
        self.client
            .issue_cmd(Own { path: "goog/cdp/execute".into(), body })
            .await
            .unwrap_or_else(|e| panic!("{command}: {e}"))
    }

    /// Size of the view in CSS pixels.
    pub async fn width(&self, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the system prefers.
    pub async fn dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// A picture of the view, or of the whole page.
    pub async fn picture(&self, whole: bool, file: &Path) {
        // Colours that are on their way would be in the picture.
        self.script_async(
            "const done = arguments[0]; requestAnimationFrame(() => \
             Promise.all(document.getAnimations().map(a => a.finished)).then(() => done(1), () => done(1)));",
            Vec::new(),
        )
        .await;
        let params = json!({ "format": "png", "captureBeyondViewport": whole, "optimizeForSpeed": false });
        let answer = self.devtools("Page.captureScreenshot", params).await;
        let bytes = from_base64(answer["data"].as_str().unwrap());
        std::fs::write(file, bytes).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }

    /// Warnings and errors on the console since the last call.
    pub async fn console(&self) -> Vec<String> {
        let entries =
            self.client.issue_cmd(Own { path: "se/log".into(), body: json!({ "type": "browser" }) }).await.unwrap();
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .filter(|e| matches!(e["level"].as_str(), Some("SEVERE" | "WARNING")))
            .map(|e| e["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Closes it.
    pub async fn close(self) {
        let _ = self.client.close().await;
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::with_capacity(text.len() / 4 * 3));
    for digit in text.bytes().filter_map(|b| DIGITS.iter().position(|d| *d == b)) {
        bits = bits << 6 | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}
