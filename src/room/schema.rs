//! The signalling messages as a JSON Schema document, made from the types; the committed copies are tested to be current.

use crate::model::wire::{ToClient, ToServer, VERSION};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The document that is committed as `room/messages.schema.json` (JSON Schema 2020-12).
pub fn document() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let to_server = generator.subschema_for::<ToServer>();
    let to_client = generator.subschema_for::<ToClient>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Madoguchi room messages",
        "description": "JSON text messages over one WebSocket (/ws) between a participant and the room server. Either end may be \
            the newer one: kinds, fields and words that are not listed here are to be taken for unknown ones, and to end nothing.",
        "version": VERSION,
        "anyOf": [to_server, to_client],
        "$defs": generator.take_definitions(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::wire::examples;

    const SCHEMA: &str = "src/room/messages.schema.json";
    const EXAMPLES: &str = "src/room/messages.examples.json";

    /// The committed file must be what the types say; run with `UPDATE_GOLDEN=1` to write it anew.
    #[expect(clippy::disallowed_methods, reason = "reads and writes the golden file")]
    fn golden(file: &str, current: &Value) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = format!("{}\n", serde_json::to_string_pretty(current).unwrap());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, text, "{file} is no longer what the types say; run the tests with UPDATE_GOLDEN=1");
    }

    #[test]
    fn the_schema_document_is_current() {
        golden(SCHEMA, &document());
    }

    #[test]
    fn the_examples_are_current() {
        golden(EXAMPLES, &json!({ "to_server": examples::to_server(), "to_client": examples::to_client() }));
    }
}
