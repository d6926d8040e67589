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
        "description": "JSON text messages over one WebSocket (/ws) between a participant and the room server.",
        "version": VERSION,
        "anyOf": [to_server, to_client],
        "$defs": generator.take_definitions(true),
    })
}
