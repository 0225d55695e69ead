// The libraries as a CommonJS action has them.
module.exports = async (names) =>
  Object.fromEntries(names.map((name) => [name, require('@actions/' + name)]));
