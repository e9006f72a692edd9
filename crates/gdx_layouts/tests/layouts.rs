//! Every kept account is read to the values that were written, and by no other type.

use std::{fs, path::PathBuf};

use gdx_layouts::read_account;
use serde_json::{Map, Value};

struct Fixture {
    name: String,
    kind: String,
    layout: u64,
    data: Vec<u8>,
    values: Map<String, Value>,
}

fn fixtures() -> Vec<Fixture> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/programs/layouts/accounts");
    let mut found: Vec<Fixture> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .map(|path| {
            let told: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            Fixture {
                name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                kind: told["type"].as_str().unwrap().to_owned(),
                layout: told["layout"].as_u64().unwrap(),
                data: fs::read(path.with_extension("bin")).unwrap(),
                values: told["values"].as_object().unwrap().clone(),
            }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Layouts that only a migration brings up to date: the programs must not read them as they are.
fn is_outgrown(fixture: &Fixture, all: &[Fixture]) -> bool {
    all.iter().any(|other| {
        other.kind == fixture.kind
            && other.layout > fixture.layout
            && other.data.len() > fixture.data.len()
    })
}

#[test]
fn accounts_of_every_layout_hold_what_was_written() {
    let all = fixtures();
    assert!(all.len() >= 12);
    for fixture in &all {
        let read = read_account(&fixture.kind, &fixture.data)
            .unwrap_or_else(|| panic!("{}: no program has such an account", fixture.name));
        if is_outgrown(fixture, &all) {
            assert!(read.is_err(), "{} is too short to be read", fixture.name);
            continue;
        }
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        for (field, value) in &fixture.values {
            assert_eq!(&read[field], value, "{}.{field}", fixture.name);
        }
    }
}

#[test]
fn an_account_of_another_type_is_refused() {
    let all = fixtures();
    for fixture in &all {
        for other in all.iter().filter(|other| other.kind != fixture.kind) {
            let read = read_account(&other.kind, &fixture.data).unwrap();
            assert!(read.is_err(), "{} read as {}", fixture.name, other.kind);
        }
    }
}

#[test]
fn a_field_that_moved_would_show() {
    for fixture in fixtures() {
        let mut moved = fixture.data.clone();
        moved[8..].rotate_right(1);
        if let Ok(read) = read_account(&fixture.kind, &moved).unwrap() {
            let same = fixture
                .values
                .iter()
                .all(|(field, value)| &read[field] == value);
            assert!(!same, "{}", fixture.name);
        }
    }
}
