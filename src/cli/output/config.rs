//! `trueup config`: the settings that hold, and where each comes from. The text is [`crate::settings::explain`]'s.

use serde_json::json;

use super::json;
use crate::domain::{Notice, Value};
use crate::settings::Loaded;
use crate::settings::explain::without_passwords;

/// The settings for programs.
pub fn json(loaded: &Loaded, notices: &[Notice]) -> Value {
    let settings: Vec<Value> = loaded
        .origins
        .iter()
        .map(|(name, origin)| {
            json!({
                "name": name,
                "value": loaded.values.get(name).map(without_passwords),
                "origin": origin.to_string(),
            })
        })
        .collect();
    let file = loaded.file.as_ref().map(|f| f.path.as_str());
    let notices: Vec<Value> = notices.iter().map(json::notice).collect();
    json::document(
        "Config",
        json!({"file": file, "settings": settings, "notices": notices}),
    )
}
