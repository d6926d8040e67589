//! Bundles and the pointers to them: read whole and in parts, and nothing else of the machine.

use crate::desk::Desk;
use std::fs;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer's head, and its body.
async fn ask(desk: &Desk, request: &str) -> (String, Vec<u8>) {
    let mut line = TcpStream::connect(desk.running().address).await.unwrap();
    let host = desk.running().address;
    line.write_all(format!("{request}\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap().to_lowercase(), body)
}

/// A server with a folder of updates, and where that lies.
async fn desk() -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path();
    fs::create_dir(files.join("updates")).unwrap();
    let bundle: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
    fs::write(files.join("updates/madoguchi-0.2.0-arm64.raucb"), bundle).unwrap();
    fs::write(files.join("updates/madoguchi-arm64.toml"), "format = 1\n").unwrap();
    fs::write(files.join("updates/notes.txt"), "secret").unwrap();
    fs::write(files.join("outside.toml"), "secret").unwrap();
    (Desk::open_with(|config| config.updates.folder = Some(files.join("updates"))).await, folder)
}

#[tokio::test]
async fn a_bundle_is_read_in_parts() {
    let (desk, _files) = desk().await;
    let (head, body) = ask(&desk, "GET /updates/madoguchi-arm64.toml HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body, b"format = 1\n");
    let bundle = "/updates/madoguchi-0.2.0-arm64.raucb";
    let (head, body) = ask(&desk, &format!("GET {bundle} HTTP/1.1\r\nRange: bytes=0-3")).await;
    assert!(head.starts_with("http/1.1 206") && head.contains("content-range: bytes 0-3/200000"), "{head}");
    assert_eq!(body, [0, 1, 2, 3]);
    let (head, body) = ask(&desk, &format!("GET {bundle} HTTP/1.1\r\nRange: bytes=131072-196607")).await;
    assert!(head.contains("content-range: bytes 131072-196607/200000"), "{head}");
    assert!(body.len() == 65_536 && body.iter().zip(131_072_u32..).all(|(byte, at)| u32::from(*byte) == at % 251));
    let (head, body) = ask(&desk, &format!("HEAD {bundle} HTTP/1.1")).await;
    assert!(head.contains("content-length: 200000") && head.contains("accept-ranges: bytes") && body.is_empty());
    let (head, _) = ask(&desk, &format!("GET {bundle} HTTP/1.1\r\nRange: bytes=200000-200001")).await;
    assert!(head.starts_with("http/1.1 416"), "{head}");
}

#[tokio::test]
async fn nothing_else_of_the_machine_is_given_out_or_taken() {
    let (desk, _files) = desk().await;
    for path in [
        "/updates/",
        "/updates/notes.txt",
        "/updates/madoguchi-arm64-pi5.toml",
        "/updates/../outside.toml",
        "/updates/..%2Foutside.toml",
        "/updates/%2e%2e/outside.toml",
        "/updates/..%5coutside.toml",
        "/updates/madoguchi-arm64.toml%00",
        "/updates//etc/passwd",
        "/updates/%2Fetc%2Fpasswd",
    ] {
        let (head, body) = ask(&desk, &format!("GET {path} HTTP/1.1")).await;
        assert!(head.starts_with("http/1.1 404") || head.starts_with("http/1.1 400"), "{path}: {head}");
        assert!(!String::from_utf8_lossy(&body).contains("secret"), "{path}");
    }
    for method in ["PUT", "POST", "DELETE"] {
        let (head, _) =
            ask(&desk, &format!("{method} /updates/madoguchi-arm64.toml HTTP/1.1\r\nContent-Length: 0")).await;
        assert!(head.starts_with("http/1.1 403"), "{method}: {head}");
    }
    let none = Desk::open().await;
    let (head, _) = ask(&none, "GET /updates/madoguchi-arm64.toml HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 404"), "{head}");
}
