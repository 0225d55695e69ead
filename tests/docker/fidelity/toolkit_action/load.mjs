// The libraries as an action of ES modules has them.
export default async (names) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, await import('@actions/' + name)])));
