//! Presets and templates are kept by id and listed by name.

use paddock_store::{Error, PresetRecord, Store, TemplateRecord};

use crate::Place;

fn preset(id: &str, name: &str, body_json: &str) -> PresetRecord {
    PresetRecord { id: id.into(), name: name.into(), body_json: body_json.into() }
}

#[test]
fn presets_are_stored_changed_and_listed_by_name() {
    let place = Place::new();
    let mut store = place.open();
    let tutor = store.save_preset(preset("", "tutor", "{}"), 1).unwrap();
    let coder = store.save_preset(preset("", "Coder", "{}"), 2).unwrap();
    store.save_preset(preset(&tutor.id, "tutor", r#"{"system":"Teach."}"#), 3).unwrap();
    drop(store);
    let mut store = place.open();
    let names: Vec<String> = store.presets().unwrap().into_iter().map(|preset| preset.name).collect();
    assert_eq!(names, ["Coder", "tutor"]);
    assert_eq!(store.presets().unwrap()[1].body_json, r#"{"system":"Teach."}"#);
    store.delete_preset(&coder.id).unwrap();
    assert_eq!(store.presets().unwrap().len(), 1);
    assert!(matches!(store.delete_preset(&coder.id), Err(Error::NotThere { what: "preset", .. })));
    assert!(matches!(store.save_preset(coder, 4), Err(Error::NotThere { .. })), "a deleted one does not come back");
}

#[test]
fn templates_are_stored_changed_and_listed_by_name() {
    let mut store = Store::open_in_memory().unwrap();
    let template =
        |id: &str, name: &str, text: &str| TemplateRecord { id: id.into(), name: name.into(), text: text.into() };
    let first = store.save_template(template("", "shorter", "Make it shorter:"), 1).unwrap();
    store.save_template(template("", "Fix", "Fix this:"), 2).unwrap();
    store.save_template(template(&first.id, "aloud", "Read:"), 3).unwrap();
    let all: Vec<(String, String)> = store.templates().unwrap().into_iter().map(|t| (t.name, t.text)).collect();
    assert_eq!(all, [("aloud".into(), "Read:".into()), ("Fix".into(), "Fix this:".into())]);
    store.delete_template(&first.id).unwrap();
    assert!(matches!(store.delete_template(&first.id), Err(Error::NotThere { what: "template", .. })));
}
