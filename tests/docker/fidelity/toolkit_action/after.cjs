// The post stage: what the main one has left.
module.exports = async (load) => {
  const lib = await load(['core', 'tool-cache']);
  console.log('state=' + lib.core.getState('number') + ' ' + lib.core.getState('object'));
  console.log('tool=' + Boolean(lib['tool-cache'].find('the-tool', '1.2.x', 'x64')));
};
