//! nginx with TLS and HTTP/2 in front of a panel, with the very `location` block that `docs/install.md` gives.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The proxy; ends with the value.
pub struct TlsEdge {
    /// `https://127.0.0.1:PORT`
    pub url: String,
    nginx: Child,
    folder: PathBuf,
}

impl TlsEdge {
    /// Starts in front of the panel on `web_port`, which believes to be at `http://127.0.0.1:web_port`: what a browser
    /// says about where it is gets translated.
    pub fn start(web_port: u16) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(format!("sft-tls-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let at = folder.display();
        let made = Command::new("/usr/bin/openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=127.0.0.1", "-keyout", &format!("{at}/key.pem"), "-out", &format!("{at}/cert.pem")])
            .stderr(Stdio::null())
            .status()
            .expect("openssl is missing");
        assert!(made.success(), "no certificate");
        let location = guide().replace("http://shopfleet_web", &format!("http://127.0.0.1:{web_port}")).replace(
            "Host $host;",
            &format!(
                "Host 127.0.0.1:{web_port};\nproxy_set_header Origin $own_origin;\nproxy_set_header Referer \"\";"
            ),
        );
        let configuration = format!(
            "daemon off; worker_processes 1; pid {at}/pid; error_log {at}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/f;\n\
             uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             map $http_origin $own_origin {{ default $http_origin; \"https://127.0.0.1:{port}\" \"http://127.0.0.1:{web_port}\"; }}\n\
             server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {at}/cert.pem; ssl_certificate_key {at}/key.pem;\n\
             {location} }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let nginx = Command::new("/usr/sbin/nginx")
            .args(["-p", &at.to_string(), "-e", &format!("{at}/error.log"), "-c", &file.display().to_string()])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is missing");
        let edge = Self { url: format!("https://127.0.0.1:{port}"), nginx, folder };
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return edge;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("nginx does not start: {}", std::fs::read_to_string(edge.folder.join("error.log")).unwrap_or_default());
    }
}

impl Drop for TlsEdge {
    fn drop(&mut self) {
        // Asked, so that it ends its own worker.
        if let Ok(pid) = i32::try_from(self.nginx.id()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.nginx.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The `location` block of the panel in the installation guide.
fn guide() -> String {
    let guide = include_str!("../../docs/install.md");
    let panel = guide.split("upstream shopfleet_web").nth(1).expect("the guide has the panel's proxy");
    let from = panel.find("    location / {").expect("a location");
    let to = from + panel[from..].find("\n    }\n").expect("its end");
    panel[from..to].to_owned() + "\n    }\n"
}
