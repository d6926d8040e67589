//! The room server as its participants meet it: over real sockets and in a real browser.

#![expect(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod desk;

mod a_room_from_hello_to_the_end;
