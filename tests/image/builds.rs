//! What a build makes of its inputs, looked at without booting it. The looking is done by scripts beside this file.

use crate::ensure;
use crate::guest::{Outcome, made};
use std::path::PathBuf;

/// Two builds from the same inputs: the same files in the root, the same bytes in the image. (An update's bundle bears the
/// time of its signature and a random salt: RAUC makes it so.)
pub(crate) async fn two_builds_have_the_same_bytes(_: PathBuf) -> Outcome {
    script("same").await
}

/// A key that never leaves its token signs a release.
pub(crate) async fn a_release_is_signed_with_a_token(_: PathBuf) -> Outcome {
    script("token").await
}

/// A machine that has built nothing yet.
pub(crate) async fn an_empty_cache_is_enough(_: PathBuf) -> Outcome {
    script("empty").await
}

/// A release with only our program: how much of it a device reads from its counter.
pub(crate) async fn a_release_with_only_the_program_costs_little(_: PathBuf) -> Outcome {
    script("costs").await
}

async fn script(name: &str) -> Outcome {
    let program = format!("tests/image/{name}");
    let ended = tokio::process::Command::new(&program).arg(made()).status().await;
    let ended = ended.map_err(|error| format!("{program}: {error}"))?;
    ensure(ended.success(), format!("{program} ended with {ended}; its words are above"))
}
