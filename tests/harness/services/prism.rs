//! Prism: serves a service's own OpenAPI document and refuses requests that break it.

use crate::harness::repository::repository;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Prism, serving a service's own OpenAPI document until this is dropped.
pub struct Prism {
    pub address: String,
    serving: Child,
}

impl Prism {
    /// Serves a document in tests/services/openapi/. None if Prism is not installed, which is printed.
    pub fn serve(document: &str) -> Option<Prism> {
        Prism::start(document, &["--errors"])
    }

    /// The same for a document whose own examples break it, which `--errors` would refuse. Requests are still validated.
    pub fn serve_with_its_examples(document: &str) -> Option<Prism> {
        Prism::start(document, &[])
    }

    fn start(document: &str, options: &[&str]) -> Option<Prism> {
        let folder = repository("tests/services");
        let prism = folder.join("node_modules/@stoplight/prism-cli/dist/index.js");
        if !prism.is_file() {
            println!("skipped: run npm ci in tests/services");
            return None;
        }
        let free =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port is free");
        let mut node = Command::new("node");
        node.arg(prism).args(["mock", "--port", &free.port().to_string()]).args(options);
        let serving =
            node.arg(folder.join("openapi").join(document)).stdout(Stdio::null()).spawn().expect("node starts");
        let mut prism = Prism { address: format!("http://{free}"), serving };
        while TcpStream::connect(free).is_err() {
            assert!(prism.serving.try_wait().expect("a child process").is_none(), "Prism exited");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(prism)
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.serving.kill();
        let _ = self.serving.wait();
    }
}
