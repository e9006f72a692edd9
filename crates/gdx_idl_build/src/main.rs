//! `gdx_idl_build OUT_DIR PROGRAM_DIR…` writes `OUT_DIR/<program>.json` for each program folder;
//! `gdx_idl_build --action-table FILE` writes which oracle conditions block which action.
//!
//! Exit code 1 names the program that failed; nothing is written for it.

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anchor_lang_idl::build::IdlBuilder;

const USAGE: &str =
    "usage: gdx_idl_build OUT_DIR PROGRAM_DIR... | gdx_idl_build --action-table FILE";

fn main() -> ExitCode {
    // Set under `cargo run`; the builder would then ask rustup for a toolchain literally called `{toolchain}`.
    std::env::remove_var("RUSTUP_TOOLCHAIN");
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [flag, file] if flag == "--action-table" => write_action_table(Path::new(file)),
        [out, programs @ ..] if !programs.is_empty() => programs
            .iter()
            .try_for_each(|program| write_idl(Path::new(program), Path::new(out))),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("gdx_idl_build: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_action_table(file: &Path) -> Result<(), Box<dyn Error>> {
    Ok(fs::write(file, gdx_math::oracle::action_table_json())?)
}

fn write_idl(program: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let program = program
        .canonicalize()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let idl = IdlBuilder::new()
        .program_path(program.clone())
        .resolution(true)
        .skip_lint(false)
        .build()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let file: PathBuf = out.join(format!("{}.json", idl.metadata.name));
    let mut text = serde_json::to_string_pretty(&idl)?;
    text.push('\n');
    fs::create_dir_all(out)?;
    fs::write(&file, text)?;
    println!("{}", file.display());
    Ok(())
}
