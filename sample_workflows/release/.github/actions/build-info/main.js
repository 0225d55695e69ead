// Runs on node 12 and on everything since; needs nothing but node.
'use strict'
const fs = require('fs')
const os = require('os')

// The files of newer runners, or the commands that runners of 2021 knew.
function tell(file, command, name, value) {
  const path = process.env[file]
  if (path) {
    fs.appendFileSync(path, `${name}=${value}${os.EOL}`)
  } else {
    process.stdout.write(`::${command} name=${name}::${value}${os.EOL}`)
  }
}

const tag = process.env.INPUT_TAG || ''
if (!/^v\d/.test(tag)) {
  process.stdout.write(`::error::'${tag}' is no release tag: it should look like v1.2.3${os.EOL}`)
  process.exit(1)
}
const version = tag.slice(1)
console.log(`Building version ${version} with node ${process.version} on glibc ${
  process.report ? process.report.getReport().header.glibcVersionRuntime : '?'}`)
tell('GITHUB_OUTPUT', 'set-output', 'version', version)
tell('GITHUB_OUTPUT', 'set-output', 'node', process.version)
tell('GITHUB_STATE', 'save-state', 'started', Date.now())
fs.appendFileSync(process.env.GITHUB_ENV, `BUILD_VERSION=${version}${os.EOL}`)
process.stdout.write(`::notice title=Build info::tally ${version}${os.EOL}`)
