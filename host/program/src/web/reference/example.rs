//! Examples made from the schemas of the document.

use serde_json::{Map, Value, json};

/// A schema or parameter that may only refer to another place of the document.
pub fn resolved<'d>(schema: &'d Value, document: &'d Value) -> &'d Value {
    match schema["$ref"].as_str().and_then(|place| place.strip_prefix('#')) {
        Some(place) => document.pointer(place).map_or(schema, |target| resolved(target, document)),
        None => schema,
    }
}

/// An example of a value, or of a parameter: the document's own, or one made of its type.
pub fn example_of(schema: &Value, document: &Value) -> Value {
    made(schema, document, 0)
}

/// Schemas that contain themselves end here.
const DEPTH_MAX: u32 = 6;

fn made(schema: &Value, document: &Value, depth: u32) -> Value {
    let schema = resolved(schema, document);
    let stated = [&schema["example"], &schema["examples"][0], &schema["default"], &schema["const"], &schema["enum"][0]];
    if let Some(example) = stated.into_iter().find(|value| !value.is_null()) {
        return example.clone();
    }
    if schema["schema"].is_object() {
        return made(&schema["schema"], document, depth);
    }
    if let Some(one) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()).or(schema["allOf"].as_array()) {
        let some = one.iter().find(|one| one["type"] != "null").unwrap_or(&Value::Null);
        return made(some, document, depth + 1);
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").unwrap_or(&Value::Null),
        kind => kind,
    };
    match kind.as_str() {
        Some("boolean") => json!(true),
        Some("integer" | "number") => schema["minimum"].as_i64().map_or(json!(1), |min| json!(min.max(1))),
        Some("string") if schema["format"] == "date-time" => json!("2026-03-05T14:00:00Z"),
        Some("string") => json!("text"),
        Some("array") if depth < DEPTH_MAX => json!([made(&schema["items"], document, depth + 1)]),
        Some("object") if depth < DEPTH_MAX => object(schema, document, depth),
        _ => Value::Null,
    }
}

/// The fields that must be given; if there are none, the first.
fn object(schema: &Value, document: &Value, depth: u32) -> Value {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object();
    let chosen = properties.into_iter().flatten().enumerate().filter(|(place, (name, _))| match required.is_empty() {
        true => *place == 0,
        false => required.contains(&name.as_str()),
    });
    let fields = chosen.map(|(_, (name, property))| (name.clone(), made(property, document, depth + 1)));
    Value::Object(fields.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_the_documents_own_or_made_of_its_type() {
        let document = json!({"components": {"schemas": {
            "Status": {"type": "string", "enum": ["clean", "flagged"]},
            "Tree": {"type": "object", "required": ["tree"], "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}},
        }}});
        for (schema, expected) in [
            (json!({"type": "integer", "example": 7}), json!(7)),
            (json!({"type": "integer", "minimum": 3}), json!(3)),
            (json!({"$ref": "#/components/schemas/Status"}), json!("clean")),
            (json!({"type": ["string", "null"], "format": "date-time"}), json!("2026-03-05T14:00:00Z")),
            (json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Status"}]}), json!("clean")),
            (
                json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}, "b": {"type": "string"}}}),
                json!({"a": true}),
            ),
            (
                json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}),
                json!({"a": ["text"]}),
            ),
        ] {
            assert_eq!(example_of(&schema, &document), expected, "{schema}");
        }
        assert!(example_of(&json!({"$ref": "#/components/schemas/Tree"}), &document).is_object(), "it ends");
    }
}
