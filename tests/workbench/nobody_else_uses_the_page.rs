//! The page is on loopback, for itself only.

use crate::desk::{desk, http};

const PRESS: &[u8] = br#"{"do":"press"}"#;

#[tokio::test]
async fn neither_under_another_name_nor_from_another_page() {
    let (desk, _tv) = desk().await;
    let (address, mut button) = (desk.running.address, desk.ends.button);
    for headers in ["Host: evil.example\r\n", "Origin: https://evil.example\r\n", "Origin: null\r\n"] {
        for request in ["POST /command", "GET /state", "GET /"] {
            let (status, said) = http(address, request, headers, PRESS).await;
            assert_eq!(status, 403, "{request} with {headers}: {said}");
        }
        let upgrade = format!(
            "{headers}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        assert_eq!(http(address, "GET /socket", &upgrade, b"").await.0, 403);
    }
    assert!(button.try_recv().is_err(), "nothing was pressed");
    let ours = format!("Origin: http://{address}\r\n");
    assert_eq!(http(address, "POST /command", &ours, PRESS).await, (200, r#"{"done":true}"#.to_owned()));
    assert!(button.try_recv().is_ok_and(|edge| edge.down));
}

#[tokio::test]
async fn and_a_command_that_is_none_is_refused_in_words() {
    let (desk, _tv) = desk().await;
    let table: [(&[u8], u16, &str); 6] = [
        (b"press", 400, "no command of the desk"),
        (br#"{"do":"explode"}"#, 400, "unknown variant `explode`"),
        (br#"{"do":"show","id":"x","more":1}"#, 400, "unknown field `more`"),
        (br#"{"do":"show","id":"gone"}"#, 409, "nothing named"),
        (br#"{"do":"show-device","path":"/etc/passwd"}"#, 409, "a camera is /dev/video with a number"),
        (br#"{"do":"remove-access-point","id":77}"#, 409, "no access point number 77"),
    ];
    for (command, status, words) in table {
        let (got, said) = http(desk.address(), "POST /command", "", command).await;
        assert_eq!(got, status, "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn and_the_page_is_kept_to_itself_by_its_headers() {
    let (desk, _tv) = desk().await;
    let mut stream = tokio::net::TcpStream::connect(desk.address()).await.unwrap();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", desk.address());
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
    for header in ["content-security-policy: default-src 'none'", "x-content-type-options: nosniff", "no-store"] {
        assert!(answer.contains(header), "{header} is missing");
    }
    assert!(desk.address().ip().is_loopback());
}
