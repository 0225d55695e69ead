// One use of every library, told as NAME=value lines. Node 12 must read this file.
const {execFileSync} = require('child_process');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');

function say(name, value) {
  console.log(name + '=' + (typeof value === 'string' ? value : JSON.stringify(value)));
}

async function commands(core) {
  say('inputs', [core.getInput('needed', {required: true}), core.getInput('spaced name'), core.getInput('none')]);
  try {
    core.getInput('none', {required: true});
  } catch (error) {
    say('required', error.message);
  }
  if (core.getBooleanInput) {
    say('flag', core.getBooleanInput('flag'));
    say('list', core.getMultilineInput('list'));
  }
  core.setOutput('text', 'two\nlines, 100%0A: and ;');
  core.setOutput('object', {a: [1, true]});
  core.setOutput('empty', null);
  core.exportVariable('EXPORTED', 'a\n\nb=c');
  say('exported', process.env.EXPORTED);
  core.addPath('/opt/of the action/bin');
  core.saveState('number', 7);
  core.saveState('object', {b: 'x\ny'});
  core.setSecret('hush-hush');
  core.info('secret: hush-hush');
  core.startGroup('A group');
  core.info('inside');
  core.endGroup();
  say('grouped', await core.group('Another group', async () => 5));
  say('debug', core.isDebug());
  core.debug('only when debugging');
  if (core.notice) {
    core.warning('careful, %0A:', {title: 'A title, with: signs', file: 'src/main.c', startLine: 3, endLine: 5});
    core.notice('take note', {file: 'a.c', startLine: 1, startColumn: 2, endColumn: 4});
  } else {
    core.warning('careful, %0A:');
  }
  core.error(new Error('no failure'));
  core.setCommandEcho(true);
  core.setCommandEcho(false);
  if (core.summary) {
    core.summary.addHeading('Result').addTable([[{data: 'k', header: true}], ['v']]).addCodeBlock('x < y', 'c');
    await core.summary.write();
    await core.summary.addRaw('and more', true).write();
  }
  if (core.platform) say('platform', [core.platform.platform, core.platform.isLinux]);
}

async function programs(exec, io) {
  let heard = '';
  const lines = [];
  const listeners = {stdout: (data) => { heard += data.toString(); }, stdline: (line) => lines.push(line)};
  const code = await exec.exec('sh', ['-c', 'echo "$1"; cat; echo to-stderr >&2; pwd; echo $MINE; exit 3', '-', 'two words'], {
    listeners, ignoreReturnCode: true, input: Buffer.from('by stdin\n'), cwd: '/tmp', env: {PATH: process.env.PATH, MINE: 'own'},
  });
  say('exec', [code, heard, lines]);
  try {
    await exec.exec('sh -c "exit 4"', [], {silent: true});
  } catch (error) {
    say('exec-failed', error.message);
  }
  try {
    await exec.exec('no-such-program');
  } catch (error) {
    say('exec-absent', error.message);
  }
  if (exec.getExecOutput) say('output', (await exec.getExecOutput('echo', ['a  b'])).stdout);
  say('sh', await io.which('sh', true));
  say('workspace', process.cwd() === process.env.GITHUB_WORKSPACE);
}

async function files(io, glob) {
  await io.mkdirP('made/deep/er');
  fs.writeFileSync('made/deep/er/a.txt', 'a\n');
  fs.writeFileSync('made/deep/b.txt', 'b\n');
  fs.writeFileSync('made/c.log', 'c\n');
  fs.symlinkSync('deep/b.txt', 'made/link.txt');
  await io.cp('made', 'copied', {recursive: true});
  await io.mv('copied/deep/b.txt', 'copied/moved.txt');
  await io.rmRF('copied/deep');
  const here = (file) => path.relative(process.cwd(), file);
  const globber = await glob.create('made/**/*.txt\n!made/deep/er/**\ncopied\n# no pattern\n');
  say('globbed', (await globber.glob()).map(here).sort());
  say('search', globber.getSearchPaths().map(here));
  if (glob.hashFiles) say('hash', await glob.hashFiles('made/**/*.txt'));
}

async function tools(tc, address) {
  const archive = await tc.downloadTool(address + '/tool.tar.gz');
  say('downloaded', path.dirname(archive) === process.env.RUNNER_TEMP);
  const unpacked = await tc.extractTar(archive);
  const version = '1.2.' + process.versions.node.split('.')[0];
  const kept = await tc.cacheDir(unpacked, 'the-tool', version, 'x64');
  say('kept', kept.startsWith(process.env.RUNNER_TOOL_CACHE + '/the-tool/' + version));
  say('found', tc.find('the-tool', '1.2.x', 'x64') === kept && fs.readFileSync(kept + '/say', 'utf8'));
  say('versions', tc.findAllVersions('the-tool', 'x64').includes(version));
  try {
    await tc.downloadTool(address + '/absent');
  } catch (error) {
    say('absent', error.message);
  }
}

async function api(github, core, address) {
  const told = github.context;
  say('context', [told.eventName, told.ref, told.sha === process.env.GITHUB_SHA, told.workflow, told.action, told.job, told.runId > 0]);
  say('repo', told.repo);
  say('payload', [told.payload.ref, told.payload.repository.full_name === process.env.GITHUB_REPOSITORY]);
  const octokit = github.getOctokit(core.getInput('token'));
  const answer = await octokit.request('GET /repos/{owner}/{repo}', {owner: 'o', repo: 'r'});
  say('answer', [answer.status, answer.data.path]);
  say('authorization', answer.data.authorization);
}

function archived() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tool-'));
  fs.writeFileSync(folder + '/say', 'a tool');
  execFileSync('tar', ['-czf', folder + '.tar.gz', '-C', folder, 'say']);
  return fs.readFileSync(folder + '.tar.gz');
}

async function serve(archive) {
  const server = http.createServer((request, response) => {
    if (request.url === '/tool.tar.gz') return response.end(archive);
    if (request.url === '/absent') return response.writeHead(404).end();
    const told = {path: request.url, authorization: request.headers.authorization};
    response.writeHead(200, {'content-type': 'application/json'});
    return response.end(JSON.stringify(told));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function run(load) {
  const server = await serve(archived());
  const address = 'http://127.0.0.1:' + server.address().port;
  say('urls', [process.env.GITHUB_SERVER_URL, process.env.GITHUB_API_URL, process.env.GITHUB_GRAPHQL_URL]);
  process.env.GITHUB_API_URL = address; // the oldest libraries take an agent for it when they are loaded
  const lib = await load(['core', 'exec', 'io', 'glob', 'tool-cache', 'github']);
  say('node', process.version);
  if (lib.core.getInput('fail')) {
    lib.core.setFailed(new Error('in the end'));
    server.close();
    return;
  }
  await commands(lib.core);
  await programs(lib.exec, lib.io);
  await files(lib.io, lib.glob);
  await tools(lib['tool-cache'], address);
  await api(lib.github, lib.core, address);
  server.close();
  if (server.closeAllConnections) server.closeAllConnections();
  await Promise.all(['made', 'copied'].map((name) => lib.io.rmRF(name)));
}

module.exports = (load) =>
  run(load).catch((error) => {
    console.log('broken=' + error.stack);
    process.exit(1);
  });
