//! Reading codes from a camera's pictures: what is read, what is never read, and how the thread behaves.

mod files;
mod pictures;
mod scene;
mod thread;
