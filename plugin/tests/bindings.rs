//! The bindings are generated from the contract and checked in, because a macro that generates them at every build would
//! compile a parser and an encoder of WIT first. This test keeps them current; to generate them again, run
//! `UPDATE_BINDINGS=1 cargo test --package dialguard-policy --test bindings`.

use std::error::Error;
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;

const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/0.3.0");
const WORLD: &str = "reputation-policy";
const BINDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/component/bindings.rs");

#[test]
fn the_bindings_are_current() -> Result<(), Box<dyn Error>> {
    let generated = generate()?;
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        std::fs::write(BINDINGS, generated)?;
        return Ok(());
    }
    assert!(
        std::fs::read(BINDINGS)? == generated,
        "{BINDINGS} differs from what {CONTRACT} generates; run: \
         UPDATE_BINDINGS=1 cargo test --package dialguard-policy --test bindings"
    );
    Ok(())
}

fn generate() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(CONTRACT)?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let derives = ["PartialEq", "Eq"].map(String::from).into();
    let options = Opts { format: true, additional_derive_attributes: derives, ..Opts::default() };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, bindings) = files.iter().next().ok_or("nothing was generated")?;
    Ok(bindings.to_vec())
}
