//! The adapters against real sockets, files and buses of this machine.
//!
//! Table of contents: `link` (the signalling line).

mod link;
