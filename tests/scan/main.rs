//! Reading codes from a camera's pictures: what is read, what is never read, and how the thread behaves.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test starts the program and fails by panicking"
)]

mod files;
mod pictures;
mod scene;
mod thread;
