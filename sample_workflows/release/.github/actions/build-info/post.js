// Runs when the job's steps are done, in the state that main.js saved.
'use strict'
const started = Number(process.env.STATE_started)
if (!started) {
  console.log('::error::the state that main.js saved is not there')
  process.exit(1)
}
console.log(`The job took ${((Date.now() - started) / 1000).toFixed(1)} s since its start was noted`)
