"""What stands for the actions of the seed that need the network: JavaScript that does what the workflow needs of them.

Each declares node12, as the real ones do at these tags, has the inputs and outputs that the workflow uses, speaks with the
runner in the ways of 2021, tells first which node it runs on, and fails where it is not given what the real one needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from main_tools import node_action

TOLD = "node {version} at {path}"
"""The first line that each stage of these actions writes."""
_START = """
const assert = require('assert'), fs = require('fs'), path = require('path');
const {execFileSync} = require('child_process');
const input = (name) => process.env['INPUT_' + name.toUpperCase()] || '';
const append = (file, line) => fs.appendFileSync(process.env[file], line + '\\n');
console.log('node ' + process.version + ' at ' + process.execPath);
"""
# The compiler is the image's.
_CARGO_SCRIPT = """#!/bin/sh
# What stands for cargo: a release build of the program in src.
set -eu
case "$*" in
    -V) echo 'cargo 0.0.0 (stand-in)' ;;
    'build --release') mkdir -p target/release && cc -O2 -o target/release/hq src/hq.c ;;
    *) exit 1 ;;
esac
"""
_TOOLCHAIN = f"""
assert(process.env.RUNNER_TEMP, 'the real one downloads to RUNNER_TEMP');
assert.strictEqual([input('profile'), input('toolchain'), input('override')].join(), 'minimal,stable,true');
const bin = path.join(process.env.HOME, '.cargo', 'bin');
fs.mkdirSync(bin, {{recursive: true}});
fs.writeFileSync(path.join(bin, 'cargo'), `{_CARGO_SCRIPT}`, {{mode: 0o755}});
append('GITHUB_PATH', bin);
console.log('::set-output name=cargo::stand-in');
"""
_CACHE = """
const version = execFileSync('cargo', ['-V']).toString().trim();
append('GITHUB_ENV', 'CARGO_INCREMENTAL=0');
console.log('::save-state name=key::v0-rust-' + process.env.GITHUB_JOB + '-' + version);
console.log('::set-output name=cache-hit::false');
"""
_CACHE_POST = "console.log('saved ' + process.env.STATE_key);"
_CARGO = """
assert.strictEqual(process.env.CARGO_INCREMENTAL, '0');
execFileSync('cargo', [input('command'), ...input('args').split(' ')], {stdio: 'inherit'});
"""
_CREATE = """
assert(process.env.GITHUB_TOKEN, 'the real one has no leave without a token');
const tag = input('tag_name');
assert(tag, 'no tag');
assert.strictEqual(input('release_name'), tag);
console.log('released ' + tag + ' of ' + input('commitish'));
console.log('##[set-output name=upload_url;]https://uploads.invalid/' + tag + '/assets{?name,label}');
"""
_UPLOAD = """
assert(process.env.GITHUB_TOKEN, 'the real one has no leave without a token');
const size = fs.statSync(input('asset_path')).size;
assert(size > 1000);
execFileSync('tar', ['-xzf', input('asset_path'), '-C', process.env.RUNNER_TEMP]);
const said = execFileSync(path.join(process.env.RUNNER_TEMP, 'hq')).toString().trim();
const type = input('asset_content_type');
console.log(`uploaded ${input('asset_name')} as ${type} to ${input('upload_url')}: it says "${said}"`);
"""


def _inputs(*names: str) -> str:
    return "inputs: {" + ", ".join(f"{name}: {{}}" for name in names) + "}"


_CREATE_INPUTS = ("tag_name", "release_name", "body", "commitish", "draft", "prerelease")
_UPLOAD_INPUTS = ("upload_url", "asset_path", "asset_name", "asset_content_type")
_ACTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "actions-rs/toolchain@v1": (_TOOLCHAIN, ("profile", "toolchain", "override")),
    "Swatinem/rust-cache@v1": (_CACHE, ()),
    "actions-rs/cargo@v1": (_CARGO, ("command", "args")),
    "actions/create-release@v1": (_CREATE, _CREATE_INPUTS),
    "actions/upload-release-asset@v1": (_UPLOAD, _UPLOAD_INPUTS),
}


def write_actions(folder: Path) -> list[str]:
    """Write the actions below a folder; gives the options by which ``actlite run`` takes them."""
    options = []
    for name, (main, inputs) in _ACTIONS.items():
        files = node_action(_START + main, using="node12", extra=_inputs(*inputs))
        if main is _CACHE:
            files["post.js"] = _START + _CACHE_POST
            files["action.yml"] += "  post: post.js\n  post-if: success() || env.CACHE_ON_FAILURE == 'true'\n"
        place = folder / name.partition("@")[0]
        place.mkdir(parents=True)
        for file, text in files.items():
            (place / file).write_text(text)
        options += ["--action", f"{name}={place}"]
    return options
